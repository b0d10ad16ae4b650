import ToolArguments
import CallSimulator
import CampaignKit
import Foundation

/// `callsim sweep`: many seeds.
enum SweepCommand {
    static let syntax = CommandSyntax(
        usage: "callsim sweep --seeds 'A..<B' [--calls N] [OPTIONS]",
        summary: "Runs one small campaign for each seed and stops at the first that breaks a rule.",
        options: [
            .init(name: "--seeds", value: "A..<B", help: "The seeds, B not included.")
        ] + RunOptions.syntax + [
            .init(name: "--keep-going", value: nil, help: "Run every seed, whatever they find."),
            .init(name: "--quiet", value: nil, help: "Print the failures and the total only."),
        ])

    static func run(_ words: some Sequence<String>) throws -> Int32 {
        let arguments = try Arguments(words, for: syntax)
        let options = try RunOptions(arguments, calls: 20)
        let seeds = try seeds(arguments.string("--seeds"))
        var failures: [UInt64] = []
        var checks = 0
        var speed = RunSpeed()
        for seed in seeds {
            let failure: String?
            do {
                let report = try options.scenario(seed: seed).run()
                checks += report.invariants.reduce(0) { $0 + $1.checks }
                speed.callSeconds += report.speed.callSeconds
                speed.virtualSeconds += report.speed.virtualSeconds
                speed.wallSeconds += report.speed.wallSeconds
                failure = report.violations.first.map(String.init(describing:))
                if failure == nil, !arguments.flag("--quiet") {
                    Callsim.say("seed \(seed): \(report.campaign.calls.count) calls, \(report.traceDigest)")
                }
            } catch {
                failure = "\(error)"
            }
            guard let failure else { continue }
            failures.append(seed)
            Callsim.say("seed \(seed): \(failure)\nReplay: \(options.replay(seed: seed))")
            if !arguments.flag("--keep-going") { break }
        }
        Callsim.say(
            "\(failures.isEmpty ? "Clean" : "\(failures.count) failed: \(failures)"); \(checks) checks, "
                + String(format: "%.0f s of calls in %.1f s", speed.callSeconds, speed.wallSeconds))
        return failures.isEmpty ? 0 : 1
    }

    private static func seeds(_ text: String?) throws -> Range<UInt64> {
        guard let text else { throw UsageError("--seeds A..<B is required\nUsage: \(syntax.usage)") }
        let separators = ["..<", "..", "-"]
        for separator in separators {
            let parts = text.split(separator: separator, maxSplits: 1).compactMap { UInt64($0) }
            if parts.count == 2, parts[0] < parts[1] { return parts[0]..<parts[1] }
        }
        throw UsageError("--seeds takes A..<B with A below B, not '\(text)'")
    }
}
