import ToolArguments
import Foundation

/// `callsim`: campaigns in virtual time, from the command line.
@main
enum Callsim {
    private static let help = """
        Calls and campaigns in virtual time: the production code against a simulated network and callees.

        Usage: callsim COMMAND [OPTIONS]

        Commands:
          run      Run one campaign and check every rule.
          sweep    Run many seeds; stop at the first that breaks a rule.
          canary   Plant faults and see to it that each is found.

        `callsim COMMAND --help` shows the options. Exit code: 0 clean, 1 a rule was broken, 64 usage.
        """

    static func main() {
        exit(code(for: Array(CommandLine.arguments.dropFirst())))
    }

    private static func code(for words: [String]) -> Int32 {
        do {
            switch words.first {
            case "run": return try RunCommand.run(words.dropFirst())
            case "sweep": return try SweepCommand.run(words.dropFirst())
            case "canary": return try CanaryCommand.run(words.dropFirst())
            case "--help", "-h", "help":
                print(help)
                return 0
            case let word?: throw UsageError("unknown command '\(word)'\n\n\(help)")
            case nil: throw UsageError(help)
            }
        } catch let request as HelpRequest {
            print(request.text)
            return 0
        } catch let error as UsageError {
            complain("callsim: \(error)")
            return 64
        } catch {
            complain("callsim: \(error)")
            return 1
        }
    }

    /// A line that appears at once, also through a pipe.
    static func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    static func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
