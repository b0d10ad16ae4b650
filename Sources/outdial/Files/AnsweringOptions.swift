internal import AgentBridge
internal import Foundation
internal import Telephony
internal import ToolArguments

/// The options that say what is done about who answers, on top of a settings file's or the agent's own policy.
enum AnsweringOptions {
    static let options: [CommandSyntax.Option] = [
        .init(
            name: "--speak", value: "WHEN",
            help: "The agent talks from the 'answer' on (the default), or after the 'verdict'."),
        .init(
            name: "--on-voicemail", value: "ACTION", help: "'message', 'hangup' or 'converse' (the default)."),
        .init(name: "--message", value: "TEXT", help: "What is left on a voicemail; {{name}} is templated."),
        .init(
            name: "--on-screening", value: "ACTION",
            help: "'introduce', 'hangup' or 'converse' (the default)."
        ),
        .init(name: "--introduction", value: "TEXT", help: "Who calls and why, for a screening assistant."),
        .init(
            name: "--on-menu", value: "ACTION", help: "'hangup', 'converse' (the default), or keys to press."),
        .init(name: "--on-fax", value: "ACTION", help: "'hangup' (the default) or 'converse'."),
        .init(
            name: "--on-silence", value: "ACTION",
            help: "'prompt' (says hello once), 'hangup' or 'converse' (the default)."),
    ]

    /// The policy of the command line.
    ///
    /// - Parameters:
    ///   - settings: The campaign's.
    ///   - agent: The name of the agent, as ``AgentChoice`` takes it.
    /// - Returns: `nil` to leave it to the agent.
    /// - Throws: ``UsageError`` naming the option, ``ScriptError`` for the agent's file.
    static func policy(
        _ arguments: Arguments, over settings: AnsweringPolicy? = nil, agent: String?
    ) throws -> AnsweringPolicy? {
        let script = try AgentChoice.script(named: agent)
        guard settings != nil || options.contains(where: { arguments.string($0.name) != nil }) else {
            return nil
        }
        var policy = settings ?? script?.answering ?? AnsweringPolicy()
        if let word = arguments.string("--speak") {
            switch word {
            case "answer": policy.opening = .atAnswer
            case "verdict": policy.opening = .afterVerdict
            default: throw UsageError("--speak takes answer or verdict, not '\(word)'")
            }
        }
        policy.message = arguments.string("--message") ?? policy.message
        policy.introduction = arguments.string("--introduction") ?? policy.introduction
        // Whoever gives the words wants them said.
        if arguments.string("--message") != nil { policy.voicemail = .leaveMessage }
        if arguments.string("--introduction") != nil { policy.screening = .introduce }
        policy.voicemail = try action("--on-voicemail", arguments) ?? policy.voicemail
        policy.screening = try action("--on-screening", arguments) ?? policy.screening
        policy.fax = try action("--on-fax", arguments) ?? policy.fax
        policy.silence = try action("--on-silence", arguments) ?? policy.silence
        policy.menu = try menuAction(arguments) ?? policy.menu
        if policy.voicemail == .leaveMessage, policy.message == nil, script?.voicemailText == nil {
            throw UsageError("leaving messages on voicemails needs --message TEXT")
        }
        if policy.screening == .introduce, policy.introduction == nil,
            script?.answering.introduction == nil
        {
            throw UsageError("introducing ourselves to screening assistants needs --introduction TEXT")
        }
        policy.introduction = policy.introduction ?? script?.answering.introduction
        policy.message = policy.message ?? script?.voicemailText
        return policy
    }

    private static func action<Action: RawRepresentable & CaseIterable>(
        _ name: String, _ arguments: Arguments
    ) throws -> Action? where Action.RawValue == String {
        guard let word = arguments.string(name) else { return nil }
        guard let action = Action.allCases.first(where: { $0.rawValue.lowercased() == word.lowercased() })
        else {
            let words = Action.allCases.map { $0.rawValue.lowercased() }.joined(separator: ", ")
            throw UsageError("\(name) takes one of \(words), not '\(word)'")
        }
        return action
    }

    private static func menuAction(_ arguments: Arguments) throws -> AnsweringPolicy.MenuAction? {
        guard let word = arguments.string("--on-menu") else { return nil }
        switch word.lowercased() {
        case "hangup": return .hangUp
        case "converse": return .converse
        default: break
        }
        guard let action = AnsweringPolicy.MenuAction(pressing: word) else {
            throw UsageError("--on-menu takes hangup, converse, or telephone keys, not '\(word)'")
        }
        return action
    }
}
