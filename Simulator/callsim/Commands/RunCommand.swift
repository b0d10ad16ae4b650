import ToolArguments
import CallSimulator
import CampaignKit
import Foundation

/// `callsim run`: one campaign.
enum RunCommand {
    static let syntax = CommandSyntax(
        usage: "callsim run [--seed N] [--calls N] [OPTIONS]",
        summary: "Runs one campaign in virtual time and checks every rule on every call.",
        options: [
            .init(name: "--seed", value: "N", help: "Decides everything that is drawn (1).")
        ] + RunOptions.syntax + [
            .init(name: "--json", value: nil, help: "Print one JSON object instead of text."),
            .init(
                name: "--trace", value: "FILE",
                help: "Write every datagram: text, or a capture when FILE ends in .pcap."),
        ],
        discussion: """
            The same seed and options give the same trace digest in every process. Exit code: 0 clean, 1 a rule was
            broken or the world stalled, 64 usage.
            """)

    static func run(_ words: some Sequence<String>) throws -> Int32 {
        let arguments = try Arguments(words, for: syntax)
        let options = try RunOptions(arguments, calls: 100)
        let seed = try arguments.integer("--seed", in: UInt64.min...UInt64.max) ?? 1
        let path = arguments.string("--trace")
        let scenario = options.scenario(seed: seed, recording: path == nil ? .nothing : .datagrams)
        let report = try scenario.run()
        if let path { try write(report.trace, to: path) }
        let summary = RunSummary(
            report, calls: report.campaign.recipients.total, replay: options.replay(seed: seed))
        print(arguments.flag("--json") ? try summary.json() : summary.text)
        return report.violations.isEmpty ? 0 : 1
    }

    private static func write(_ trace: Trace, to path: String) throws {
        let bytes: [UInt8] =
            path.hasSuffix(".pcap")
            ? trace.pcap(from: WorldConfiguration().wallClock) : Array((trace.text() + "\n").utf8)
        guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
            throw UsageError("--trace: \(path) cannot be written")
        }
    }
}
