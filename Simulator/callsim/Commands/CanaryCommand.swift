import ToolArguments
import CallSimulator

/// `callsim canary`: proof that the rules can object.
enum CanaryCommand {
    static let syntax = CommandSyntax(
        usage: "callsim canary",
        summary: "Plants one fault after the other and sees to it that the rule against it objects.",
        options: [])

    static func run(_ words: some Sequence<String>) throws -> Int32 {
        _ = try Arguments(words, for: syntax)
        var missed = 0
        for canary in Canary.all {
            let (isFound, detail) = canary.sing()
            Callsim.say(
                "\(isFound ? "found " : "MISSED")  \(canary.invariant?.rawValue ?? "control"): \(canary.name)"
            )
            Callsim.say("        \(detail)")
            if !isFound { missed += 1 }
        }
        Callsim.say(
            missed == 0
                ? "All \(Canary.all.count) planted faults were found." : "\(missed) faults were missed.")
        return missed == 0 ? 0 : 1
    }
}
