internal import ToolArguments
internal import CampaignKit
internal import Foundation
internal import SansIO
internal import SocketDriver
internal import Telephony

/// `outdial campaign run|status|pause|resume|cancel|requeue|list|report`.
enum CampaignCommand {
    private static let syntax = CommandSyntax(
        usage: "outdial campaign run|status|pause|resume|cancel|requeue|list|report …",
        summary: "Run and steer campaigns. `outdial campaign run --help` and so on tell more.",
        discussion: "A campaign lives in a store (one SQLite file); any process may look at it and steer it.")

    static func run(_ words: [String]) async throws -> ExitCode {
        guard let verb = words.first, !["--help", "-h"].contains(verb) else {
            if words.isEmpty { throw UsageError("what about campaigns?", syntax: syntax) }
            throw HelpRequest(text: syntax.helpText)
        }
        let rest = Array(words.dropFirst())
        switch verb {
        case "run": return try await CampaignRunCommand.run(rest)
        case "status": return try await CampaignStoreCommands.status(rest)
        case "list": return try await CampaignStoreCommands.list(rest)
        case "report": return try await CampaignStoreCommands.report(rest)
        case "pause": return try await CampaignStoreCommands.steer(rest, to: .paused, verb: verb)
        case "resume": return try await CampaignStoreCommands.steer(rest, to: .running, verb: verb)
        case "cancel": return try await CampaignStoreCommands.steer(rest, to: .cancelled, verb: verb)
        case "requeue": return try await CampaignStoreCommands.requeue(rest)
        default: throw UsageError("unknown campaign command '\(verb)'", syntax: syntax)
        }
    }
}
