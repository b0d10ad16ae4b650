internal import ToolArguments
internal import Foundation
internal import SansIO
internal import SocketDriver
internal import Telephony

/// `outdial trunk check FILE`: whether a trunk can be used, each step with its time and its fault.
enum TrunkCommand {
    private static let syntax = CommandSyntax(
        usage: "outdial trunk check FILE [OPTIONS]",
        summary: "Look at a trunk without calling anybody: find its servers, ask each, register.",
        positionals: ["check", "FILE"],
        options: [
            .init(
                name: "--register", value: nil,
                help: "Register too, with the first server that answers, and unregister."),
            .init(name: "--timeout", value: "S", help: "Seconds that each server may take, 1…60 (5)."),
            .init(
                name: "--name-server", value: "HOST:PORT", help: "Ask this name server; an address literal."),
            .init(
                name: "--json", value: nil,
                help: "Print one JSON object for each step, and one for the whole."),
        ],
        discussion: """
            Without a port in FILE the servers are those of the DNS: NAPTR, SRV, then the host's addresses (RFC 3263).
            Each is sent an OPTIONS; any answer but 408, 500, 502, 503 and 504 is a sign of life.
            Exit code 0 when calls can be placed, \(ExitCode.failed.rawValue) when they cannot.
            """)

    static func run(_ words: [String]) async throws -> ExitCode {
        let arguments = try Arguments(words, for: syntax)
        guard arguments.positionals[0] == "check" else {
            throw UsageError("unknown trunk command '\(arguments.positionals[0])'", syntax: syntax)
        }
        let path = arguments.positionals[1]
        var check = TrunkCheck(
            try TrunkFile.load(path), configuration: try TrunkSecurity.configuration(for: path))
        if arguments.flag("--register") { check.registers = true }
        check.patience = try arguments.seconds("--timeout", in: 1...60) ?? check.patience
        let asJSON = arguments.flag("--json")
        let driver = try SocketDriver(nameServers: try nameServers(arguments.string("--name-server")))
        let report = try await check.run(driver: driver) { step in
            if asJSON { try? Output.json(step) } else { print(step) }
        }
        if asJSON {
            try Output.json(Verdict(trunk: report.trunk, isUsable: report.isUsable))
        } else {
            Output.line(report.isUsable ? "\(report.trunk): usable" : "\(report.trunk): not usable")
        }
        return report.isUsable ? .completed : .failed
    }

    private static func nameServers(_ text: String?) throws -> [SocketAddress] {
        guard let text else { return [] }
        if let plain = SocketAddress(host: text, port: 53) { return [plain] }
        let colon = text.lastIndex(of: ":") ?? text.endIndex
        guard colon < text.endIndex, let port = UInt16(text[text.index(after: colon)...]),
            let address = SocketAddress(host: String(text[..<colon]), port: port)
        else { throw UsageError("--name-server takes an address literal and a port, not '\(text)'") }
        return [address]
    }

    private static func print(_ step: TrunkCheckReport.Step) {
        let time = String(format: "%8.1f ms", step.milliseconds)
        let mark = step.fault == nil ? "ok   " : "FAULT"
        let kind = step.kind.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
        Output.line("\(mark) \(time)  \(kind)  \(step.subject)" + (step.fault.map { ": \($0)" } ?? ""))
        for finding in step.findings { Output.line(String(repeating: " ", count: 29) + finding) }
    }

    /// The last line of `--json`.
    private struct Verdict: Encodable {
        var trunk: String
        var isUsable: Bool
    }
}
