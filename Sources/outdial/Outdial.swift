internal import ToolArguments
internal import Foundation

/// The tool's commands.
enum Command: String, CaseIterable {
    case trunk, call, listen, campaign, callee, demo, inspect

    var summary: String {
        switch self {
        case .trunk: "Look whether a trunk can be used."
        case .call: "Place one call and let an agent talk."
        case .listen: "Answer inbound calls with an agent."
        case .campaign: "Run and steer campaigns from a CSV."
        case .callee: "Answer calls by a script, for tests."
        case .demo: "Dial a small campaign on this machine."
        case .inspect: "Show how SIP, SDP, numbers or recordings are read."
        }
    }

    func run(_ words: [String]) async throws -> ExitCode {
        switch self {
        case .trunk: try await TrunkCommand.run(words)
        case .call: try await CallCommand.run(words)
        case .listen: try await ListenCommand.run(words)
        case .campaign: try await CampaignCommand.run(words)
        case .callee: try await CalleeCommand.run(words)
        case .demo: try await DemoCommand.run(words)
        case .inspect: try InspectCommand.run(words)
        }
    }
}

@main
struct Outdial {
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        let words = Array(CommandLine.arguments.dropFirst())
        let interruption = Interruption()
        // A task of its own, so that ^C can cancel it: the tool runs in real time and outside every world.
        let work = Task { await run(words) }
        interruption.cancels(work)
        let code = await work.value
        withExtendedLifetime(interruption) { _ = fflush(nil) }
        exit(code.rawValue)
    }

    /// Runs one command line and turns every error into a line on standard error and an exit code.
    private static func run(_ words: [String]) async -> ExitCode {
        guard let name = words.first else {
            FileHandle.standardError.write(Data((helpText + "\n").utf8))
            return .usage
        }
        if ["--help", "-h", "help"].contains(name) {
            Output.line(helpText)
            return .completed
        }
        guard let command = Command(rawValue: name) else {
            Output.error("unknown command '\(name)'; see outdial --help")
            return .usage
        }
        do {
            return try await command.run(Array(words.dropFirst()))
        } catch let help as HelpRequest {
            Output.line(help.text)
            return .completed
        } catch let error as UsageError {
            Output.error(error.description)
            return .usage
        } catch {
            Output.error("\(error)")
            return .failed
        }
    }

    private static var helpText: String {
        let width = (Command.allCases.map(\.rawValue.count).max() ?? 0) + 2
        let rows = Command.allCases.map {
            "  " + $0.rawValue.padding(toLength: width, withPad: " ", startingAt: 0) + $0.summary
        }
        let codes = ExitCode.allCases.map {
            "  \(String($0.rawValue).padding(toLength: 4, withPad: " ", startingAt: 0))\($0.meaning)"
        }
        return """
            Outdial places and answers phone calls over SIP trunks and lets a voice agent talk.

            Usage: outdial COMMAND …

            Commands:
            \(rows.joined(separator: "\n"))

            Exit codes:
            \(codes.joined(separator: "\n"))

            `outdial COMMAND --help` tells more.
            """
    }
}
