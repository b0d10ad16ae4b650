public import SIPCore

extension SimulatedCaller {
    /// What the caller does in one call.
    public struct Script: Hashable, Sendable {
        /// User part of the Request-URI: the number that is called.
        public var number: String
        /// From, without tag.
        public var from = "<sip:+15557777@caller.invalid>"
        /// The INVITE has no session description; the answer to that of the 200 goes into the ACK, to that of a reliable
        /// provisional response into the PRACK.
        public var offersLate = false
        /// What the INVITE says of reliable provisional responses.
        public var reliability = InviteOptions.Reliability.supported
        /// The session description of the INVITE instead of its own, to offer what nobody can speak.
        public var offer: [UInt8]?
        /// CANCEL so long after the INVITE, unless it was answered.
        public var givesUpAfter: Duration?
        /// BYE so long after the answer; `nil` leaves it to the callee.
        public var hangsUpAfter: Duration?
        /// Keys that it presses after the answer.
        public var digits = ""
        /// Puts the callee on hold so long after the answer…
        public var holdsAfter: Duration?
        /// …and lets it go so long after the answer.
        public var resumesAfter: Duration?
        /// Takes a REFER of the callee on, and tells it this final status of the call to the target; `nil` refuses.
        public var referralStatus: Int?
        /// Asks the callee so long after the answer to call `sip:somebody@elsewhere.invalid`.
        public var refersAfter: Duration?
        /// Presses this key in an INFO as soon as it is answered.
        public var infoDigit: Character?
        /// For challenges.
        public var credentials: [SIPCredentials] = []
        public var headers: [SIPHeaderField] = []
        /// Contact of the INVITE, instead of its own address.
        public var contact: String?

        public init(number: String = "+15550100", hangsUpAfter: Duration? = .seconds(2)) {
            self.number = number
            self.hangsUpAfter = hangsUpAfter
        }
    }

    /// One call as its caller saw it.
    public struct Report: Hashable, Sendable {
        public enum End: String, Hashable, Sendable {
            /// A final response of 300 or more that we had not asked for.
            case rejected
            /// Our CANCEL came through.
            case gaveUp
            case callerHungUp, calleeHungUp
            /// Nothing came back, or the dialog was lost.
            case lost
        }

        public var end = End.lost
        /// Provisional statuses above 100, in order, each once.
        public var provisional: [Int] = []
        /// Final status; 0 when none came.
        public var status = 0
        /// Headers of the final response.
        public var headers: [SIPHeaderField] = []
        public var wasAnswered = false
        /// From the INVITE to the final response, or the end.
        public var setupMilliseconds = 0
        public var packetsReceived = 0
        /// Frames of 20 ms that were loud, before and after the answer.
        public var loudFramesEarly = 0
        public var loudFrames = 0
        /// Keys heard.
        public var digits = ""
        /// What the callee's offers after the answer wanted, in order: `sendonly` for a hold.
        public var offeredDirections: [String] = []
        /// What became of its own hold and resume: `held`, `resumed`, `refused`.
        public var holds: [String] = []
        /// Final statuses of its REFER and INFO.
        public var requestStatuses: [Int] = []
        /// Whom the callee asked it to call.
        public var referTo: String?
    }
}
