internal import ToolArguments
internal import Foundation
internal import SansIO
internal import SocketDriver
internal import Telephony

/// `outdial call NUMBER --trunk FILE`: one call, its events on standard error, its record on standard output.
enum CallCommand {
    private static let syntax = CommandSyntax(
        usage: "outdial call NUMBER --trunk FILE [OPTIONS]",
        summary: "Place one call over a trunk and let an agent talk.",
        positionals: ["NUMBER"],
        options: [
            .init(
                name: "--trunk", value: "FILE", help: "The settings of the trunk or trunks (JSON); required."),
            .init(name: "--via", value: "NAME", help: "The trunk to call through, where there are several."),
            .init(name: "--agent", value: "AGENT", help: AgentChoice.help),
            .init(
                name: "--from", value: "NUMBER", help: "Caller number; the trunk's numbers in turn otherwise."
            ),
            .init(name: "--context", value: "K=V,…", help: "What the agent may use in its templates."),
            .init(name: "--ring-timeout", value: "S", help: "Seconds until it counts as no answer (60)."),
            .init(
                name: "--amd", value: "AMD",
                help:
                    "Who answered: 'built-in' (the default), 'app_amd', 'off', or app_amd's parameters: greeting=1500,…"
            ),
            .init(name: "--max-duration", value: "S", help: "Seconds until we hang up, 30…3600 (600)."),
            .init(
                name: "--bridge-to", value: "NUMBER",
                help: "When the callee has answered (and --agent is done), call NUMBER and connect the two."),
            .init(name: "--pcap", value: "FILE", help: "Write every datagram of the call."),
            .init(name: "--ladders", value: "DIR", help: "Leave the SIP messages there as a text ladder."),
            .init(name: "--records", value: "DIR", help: "Leave the call's record there as JSON."),
            .init(name: "--json", value: nil, help: "Print the call's record as one line of JSON."),
        ] + MediaTimeout.options + RecordingChoice.options + AnsweringOptions.options + Monitoring.options,
        discussion: "NUMBER is a phone number, dialed as +E.164, or a SIP URI. Interrupt (^C) hangs up.")

    static func run(_ words: [String]) async throws -> ExitCode {
        let arguments = try Arguments(words, for: syntax)
        var trunks = try TrunkFile.loadAll(arguments.required("--trunk"))
        try MediaTimeout.apply(arguments, to: &trunks)
        let request = try makeRequest(arguments)
        let bridge = try makeBridge(arguments, like: request)
        let handler = try bridge ?? AgentChoice.handler(named: arguments.string("--agent"))
        let recorder = RecordKeeper()
        let progress = ProgressPrinter(isQuiet: arguments.flag("--json"))
        let captures = try Captures(
            .init(
                pcap: arguments.string("--pcap"), ladders: arguments.string("--ladders"),
                records: arguments.string("--records")))
        let driver = try SocketDriver()
        let monitoring = try await Monitoring(arguments, driver: driver)
        var configuration = try TrunkSecurity.configuration(for: arguments.required("--trunk"))
        configuration.recordingEncoders = RecordingChoice.encoders
        let dialer = Dialer(
            trunks: trunks, configuration: configuration, driver: driver,
            observers: [recorder, progress] + captures.observers + monitoring.observers)
        bridge?.use(dialer)

        let outcome = try await Service.run(dialer) {
            try await monitoring.watch(dialer) { try await dialer.call(request, handler: handler) }
        }
        captures.flush()
        if arguments.flag("--json"), let record = recorder.record(of: outcome) {
            try Output.json(record)
        } else {
            Output.line(describe(outcome))
        }
        return ExitCode(outcome.disposition)
    }

    private static func makeRequest(_ arguments: Arguments) throws -> CallRequest {
        var request = CallRequest(to: try Destination.parse(arguments.positionals[0]))
        request.from = arguments.string("--from")
        request.trunk = arguments.string("--via")
        request.answering = try AnsweringOptions.policy(arguments, agent: arguments.string("--agent"))
        request.ringTimeout = try arguments.seconds("--ring-timeout", in: 1...600)
        request.maximumDuration = try arguments.seconds("--max-duration", in: 30...3_600)
        request.recording = try RecordingChoice.policy(arguments)
        do throws(AnswerSettings.Fault) {
            if let text = arguments.string("--amd") { request.answers = try AnswerSettings(parsing: text) }
        } catch {
            throw UsageError("--amd: \(error)")
        }
        for pair in (arguments.string("--context") ?? "").split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { throw UsageError("--context takes K=V pairs, not '\(pair)'") }
            request.context[String(parts[0])] = String(parts[1])
        }
        return request
    }

    /// - Returns: `nil` without `--bridge-to`.
    private static func makeBridge(_ arguments: Arguments, like request: CallRequest) throws -> BridgeHandler?
    {
        guard let number = arguments.string("--bridge-to") else { return nil }
        var other = request
        other.to = try Destination.parse(number)
        let agent = try arguments.string("--agent").map { try AgentChoice.handler(named: $0) }
        return BridgeHandler(to: other, after: agent)
    }

    private static func describe(_ outcome: CallOutcome) -> String {
        var parts = ["\(outcome.disposition.rawValue)"]
        if let by = outcome.answeredBy { parts.append("by \(by.rawValue)") }
        if let status = outcome.cause.sipStatus { parts.append("SIP \(status)") }
        if !outcome.cause.text.isEmpty { parts.append(outcome.cause.text) }
        if let talk = outcome.timings.talkTime { parts.append(String(format: "%.1f s", talk.inSeconds)) }
        if let quality = outcome.quality.flatMap(CampaignDisplay.describe) { parts.append(quality) }
        if let result = outcome.agentResult {
            let note = result.note.isEmpty ? "" : " (\(result.note))"
            parts.append("agent \(result.status.rawValue)\(note)")
        }
        return parts.joined(separator: ", ")
    }
}
