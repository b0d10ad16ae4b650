/// A failure to place or hold a call that the far end did not decide.
public struct CallError: ReportableError, Hashable, Sendable {
    /// What kind of failure; more may come.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case notRunning, invalidRequest, duplicateID, shuttingDown, noRoute, socket, notAnswered, ended,
                file
            case tooManyCalls, alreadyRunning, noCallerNumber, notSigned, refused, invalidTrunk
        }

        private let kind: Kind
        public var description: String { kind.rawValue }

        /// `run()` is not running.
        public static let notRunning = Self(kind: .notRunning)
        /// A field of the request is not usable; the message names it.
        public static let invalidRequest = Self(kind: .invalidRequest)
        /// The id was used before.
        public static let duplicateID = Self(kind: .duplicateID)
        /// The dialer takes no new calls.
        public static let shuttingDown = Self(kind: .shuttingDown)
        /// The trunk's name does not resolve or there is no route to it.
        public static let noRoute = Self(kind: .noRoute)
        /// No socket or no media port could be had.
        public static let socket = Self(kind: .socket)
        /// The call ended without an answer; see the outcome.
        public static let notAnswered = Self(kind: .notAnswered)
        /// The call is over.
        public static let ended = Self(kind: .ended)
        /// A recording could not be written.
        public static let file = Self(kind: .file)
        /// A setting of a trunk is not usable; the message names it.
        public static let invalidTrunk = Self(kind: .invalidTrunk)
        /// `run()` was called while it was running.
        public static let alreadyRunning = Self(kind: .alreadyRunning)
        /// The dialer's limit of calls at once is reached.
        public static let tooManyCalls = Self(kind: .tooManyCalls)
        /// Every caller number of the trunk is among ``CallRequest/avoidedCallers``.
        public static let noCallerNumber = Self(kind: .noCallerNumber)
        /// The far end did not agree to a hold, or did not answer an INFO; the call goes on as it was.
        public static let refused = Self(kind: .refused)
        /// The trunk wants its calls signed, and that failed.
        public static let notSigned = Self(kind: .notSigned)
    }

    public let code: Code
    /// What failed and what to do; no numbers, names or credentials.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code): \(message)" }
}
