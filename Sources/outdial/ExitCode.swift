internal import Telephony

/// The tool's exit codes, as `outdial --help` documents them.
enum ExitCode: Int32, CaseIterable {
    case completed = 0
    /// Our own side failed: a file, a socket, a trunk that cannot be reached or refuses us.
    case failed = 1
    case busy = 2
    case noAnswer = 3
    case declined = 4
    /// Input that was read but is not usable: a message that does not parse, a number that is none.
    case invalidInput = 5
    /// The command line is not usable.
    case usage = 64

    var meaning: String {
        switch self {
        case .completed: "completed"
        case .failed: "failed: trunk, network, file or agent"
        case .busy: "the callee was busy"
        case .noAnswer: "no answer"
        case .declined: "the callee declined, analytics blocked it, or the number leads nowhere"
        case .invalidInput: "an input did not parse"
        case .usage: "the command line is not usable"
        }
    }

    init(_ disposition: CallDisposition) {
        self =
            switch disposition {
            case .answered: .completed
            case .busy: .busy
            case .noAnswer: .noAnswer
            case .declined, .blocked, .badNumber: .declined
            default: .failed
            }
    }
}
