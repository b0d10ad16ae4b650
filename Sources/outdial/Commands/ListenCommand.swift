internal import ToolArguments
internal import Foundation
internal import SIPCore
internal import SansIO
internal import SocketDriver
internal import Telephony

/// `outdial listen --trunk FILE --agent FILE`: answers calls of a trunk with an agent, until interrupted.
enum ListenCommand {
    private static let syntax = CommandSyntax(
        usage: "outdial listen --trunk FILE [OPTIONS]",
        summary: "Answer inbound calls of a trunk and let an agent talk, until interrupted.",
        options: [
            .init(name: "--trunk", value: "FILE", help: "The trunk's settings (JSON); required."),
            .init(name: "--agent", value: "AGENT", help: AgentChoice.help),
            .init(
                name: "--number", value: "N,…",
                help: "Numbers to answer; the trunk's numbers otherwise, or all when it has none."),
            .init(
                name: "--host", value: "ADDRESS",
                help: "Address to listen on; the one that reaches the trunk."),
            .init(name: "--port", value: "N", help: "UDP port to listen on (5060)."),
            .init(name: "--answer-after", value: "S", help: "Seconds of ringing before the answer (0)."),
            .init(
                name: "--user", value: "NAME", help: "Let in callers that are not the trunk with this name…"),
            .init(
                name: "--password-env", value: "VAR", help: "…and the password in this environment variable."),
            .init(
                name: "--md5", value: nil,
                help: "Challenge with MD5 alone, for callers that know nothing else."),
            .init(name: "--silent", value: nil, help: "Answer strangers with nothing instead of 403."),
            .init(
                name: "--max-calls", value: "N", help: "Calls at once (1000); a further caller is told busy."),
            .init(name: "--max-duration", value: "S", help: "Seconds until we hang up, 30…3600 (600)."),
            .init(name: "--calls", value: "N", help: "Stop after so many answered calls."),
            .init(name: "--pcap", value: "FILE", help: "Write every datagram of the calls."),
            .init(name: "--ladders", value: "DIR", help: "Leave the SIP messages there as text ladders."),
            .init(name: "--records", value: "DIR", help: "Leave each call's record there as JSON."),
            .init(name: "--json", value: nil, help: "Print each call's record as one line of JSON."),
        ] + MediaTimeout.options + RecordingChoice.options + Monitoring.options,
        discussion: """
            Only the trunk's own addresses ("allowedSources" of its file adds to those of its name) and callers that
            know --user and its password are let in; anybody else is refused. A trunk reached by TLS needs
            "certificateFile" and "keyFile" in its file, and calls from its addresses have to come by TLS too;
            "requireClientCertificate": true asks it for a certificate. Interrupt (^C) hangs up every call.
            """)

    static func run(_ words: [String]) async throws -> ExitCode {
        let arguments = try Arguments(words, for: syntax)
        if let word = arguments.positionals.first { throw UsageError("unexpected argument '\(word)'") }
        var trunks = [try TrunkFile.load(arguments.required("--trunk"))]
        try MediaTimeout.apply(arguments, to: &trunks)
        let trunk = trunks[0]
        let asJSON = arguments.flag("--json")
        let ended = EndedCalls(asJSON: asJSON, limit: try arguments.integer("--calls", in: 1...1_000_000))
        let captures = try Captures(
            .init(
                pcap: arguments.string("--pcap"), ladders: arguments.string("--ladders"),
                records: arguments.string("--records")))
        let driver = try SocketDriver()
        let monitoring = try await Monitoring(arguments, driver: driver)
        let dialer = Dialer(
            trunk: trunk, configuration: try makeConfiguration(arguments, trunk: trunk),
            driver: driver, observers: [ended] + captures.observers + monitoring.observers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await dialer.run()
                ended.finish()
            }
            let addresses: [SocketAddress]
            do {
                addresses = try await dialer.listeningAddresses()
            } catch {
                try await group.waitForAll()  // Why it does not run says more.
                throw error
            }
            if !asJSON {
                for address in addresses { Output.line("listening on \(address)") }
            }
            try await monitoring.watch(dialer) { await ended.wait() }
            await dialer.shutDown()
            try await group.waitForAll()
        }
        captures.flush()
        return .completed
    }

    private static func makeConfiguration(
        _ arguments: Arguments, trunk: Trunk
    ) throws -> DialerConfiguration {
        let handler = try AgentChoice.handler(named: arguments.string("--agent"))
        var acceptance = IncomingAcceptance(
            handler, answersAfter: try arguments.seconds("--answer-after", in: 0...60) ?? .zero)
        acceptance.maximumDuration = try arguments.seconds("--max-duration", in: 30...3_600)
        acceptance.recording = try RecordingChoice.policy(arguments)
        let named = arguments.string("--number")?.split(separator: ",").map(String.init)
        let numbers = named ?? trunk.numbers
        let patterns = numbers.isEmpty ? [.any] : numbers.map { IncomingCallRouting.Pattern.number($0) }
        var policy = InboundPolicy(
            IncomingCallRouting(patterns.map { .init($0, accept: acceptance) }))
        policy.maximumCalls = try arguments.integer("--max-calls", in: 1...100_000) ?? policy.maximumCalls
        policy.strangers = arguments.flag("--silent") ? .ignored : .refused
        if arguments.flag("--md5") { policy.challengeAlgorithms = [.md5] }
        if let user = arguments.string("--user") {
            let secret = TrunkFile.Secret.environment(try arguments.required("--password-env"))
            policy.credentials = [
                SIPCredentials(username: user, password: try secret.resolve(field: "--password-env"))
            ]
        }
        let path = try arguments.required("--trunk")
        var configuration = try TrunkSecurity.configuration(for: path)
        if trunk.transport == .tls, trunk.registration == nil, !configuration.canServeTLS {
            // Over a registration's own connection calls could still come in.
            throw FileError("\(path): to be called over TLS, certificateFile and keyFile are needed")
        }
        configuration.recordingEncoders = RecordingChoice.encoders
        configuration.inbound = policy
        configuration.localHost = arguments.string("--host")
        configuration.localPort = try arguments.integer("--port", in: UInt16(0)...65_535) ?? 5_060
        return configuration
    }
}

extension DialerConfiguration {
    /// Whether others can open secured connections to us: there is a certificate.
    fileprivate var canServeTLS: Bool { (try? streamSecurity?.makeSession(.server)) != nil }
}

/// Prints calls as they end, and tells when there were enough.
private final class EndedCalls: CallObserver {
    private let asJSON: Bool
    private let limit: Int
    private let ends: AsyncStream<Void>
    private let end: AsyncStream<Void>.Continuation
    // Guards the count; the engine's loop writes it.
    private let count = Locked(0)

    init(asJSON: Bool, limit: Int?) {
        self.asJSON = asJSON
        self.limit = limit ?? .max
        (ends, end) = AsyncStream.makeStream(of: Void.self)
    }

    func finish() { end.finish() }

    /// Returns when there were enough calls, the dialer has stopped, or the task is cancelled.
    func wait() async { for await _ in ends {} }

    func callEnded(_ record: CallRecord) {
        if asJSON {
            do { try Output.json(record) } catch { Output.error("\(error)") }
        } else {
            let outcome = record.outcome
            var parts = [
                "\(record.from.isEmpty ? "anonymous" : record.from) → \(record.to)",
                outcome.disposition.rawValue,
            ]
            if let status = outcome.cause.sipStatus { parts.append("SIP \(status)") }
            if let talk = outcome.timings.talkTime { parts.append(String(format: "%.1f s", talk.inSeconds)) }
            if let result = outcome.agentResult { parts.append("agent \(result.status.rawValue)") }
            Output.line(parts.joined(separator: ", "))
        }
        guard record.outcome.timings.answered != nil else { return }
        let isEnough = count.withLock { count in
            count += 1
            return count >= limit
        }
        if isEnough { end.finish() }
    }

    func callersRefused(_ refused: RefusedCallers) {
        Output.error("\(refused.count) refused (\(refused.reason.rawValue)), last from \(refused.source)")
    }
}
