internal import ToolArguments
internal import CallSimulator
internal import Foundation
internal import RTPMedia
internal import SIPCore
internal import SansIO
internal import SocketDriver

/// `outdial callee SCRIPT --port N`: the loopback peer as a server that any SIP client can call.
enum CalleeCommand {
    private static let syntax = CommandSyntax(
        usage: "outdial callee SCRIPT --port N [OPTIONS]",
        summary: "Answer calls by a script, over real SIP and RTP, until interrupted.",
        positionals: ["SCRIPT"],
        options: [
            .init(name: "--port", value: "N", help: "UDP port to listen on (5060)."),
            .init(name: "--host", value: "ADDRESS", help: "Address to listen on (127.0.0.1)."),
            .init(
                name: "--user", value: "NAME",
                help: "Demand digest authentication of callers, with this name…"),
            .init(
                name: "--password-env", value: "VAR", help: "…and the password in this environment variable."),
            .init(
                name: "--codecs", value: "LIST",
                help: "Codecs that it takes, by commas, the preferred one first (PCMU,PCMA)."),
            .init(
                name: "--srtp", value: "POLICY",
                help: "Encrypt the audio: off (default), optional or required."),
            .init(name: "--calls", value: "N", help: "Stop after so many calls."),
            .init(name: "--json", value: nil, help: "Print each call's report as one line of JSON."),
        ],
        discussion: """
            SCRIPT is a JSON file, or one of: \(CalleeScript.presets.map(\.name).joined(separator: ", ")).
            """)

    static func run(_ words: [String]) async throws -> ExitCode {
        let arguments = try Arguments(words, for: syntax)
        let name = arguments.positionals[0]
        let script = try CalleeScript(preset: name) ?? CalleeScript(contentsOf: name)
        let configuration = try makeConfiguration(arguments)
        let limit = try arguments.integer("--calls", in: 1...1_000_000)
        let driver = try SocketDriver()
        let peer = LoopbackPeer(driver: driver, callee: script, configuration: configuration)
        let address = try await peer.start()
        if !arguments.flag("--json") { Output.line("listening on \(address)") }

        var shown = 0
        while !Task.isCancelled, shown < limit ?? .max {
            for report in peer.reports.dropFirst(shown) {
                shown += 1
                try show(report, asJSON: arguments.flag("--json"))
            }
            try? await driver.sleep(for: .milliseconds(100))
        }
        await peer.stop()
        for report in peer.reports.dropFirst(shown) { try show(report, asJSON: arguments.flag("--json")) }
        return .completed
    }

    private static func makeConfiguration(_ arguments: Arguments) throws -> LoopbackPeer.Configuration {
        var configuration = LoopbackPeer.Configuration()
        let host = arguments.string("--host") ?? "127.0.0.1"
        let port = UInt16(try arguments.integer("--port", in: 0...65_535) ?? 5_060)
        guard let address = SocketAddress(host: host, port: port) else {
            throw UsageError("--host takes an address such as 127.0.0.1, not '\(host)'")
        }
        configuration.address = address
        if let list = arguments.string("--codecs") {
            configuration.capabilities.codecs = try Codecs.kinds(of: list, at: "--codecs")
        }
        configuration.codecProviders = Codecs.providers
        if let user = arguments.string("--user") {
            let secret = TrunkFile.Secret.environment(try arguments.required("--password-env"))
            configuration.credentials = [
                SIPCredentials(username: user, password: try secret.resolve(field: "--password-env"))
            ]
        }
        if let word = arguments.string("--srtp") {
            guard let policy = MediaSecurityPolicy(rawValue: word) else {
                throw UsageError("--srtp is off, optional or required, not '\(word)'")
            }
            configuration.capabilities.security = policy
            if policy != .off { configuration.mediaSecurity = try TrunkSecurity.mediaProtection() }
        }
        return configuration
    }

    private static func show(_ report: PeerCallReport, asJSON: Bool) throws {
        if asJSON { return try Output.json(report) }
        let talk = report.talkMilliseconds.map { String(format: ", %.1f s", Double($0) / 1_000) } ?? ""
        Output.line("call \(report.attempt) for \(report.number): \(report.end.rawValue)\(talk)")
    }
}
