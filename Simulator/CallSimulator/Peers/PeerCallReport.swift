public import SansIO
public import Telephony

/// One call as its callee saw it.
public struct PeerCallReport: Hashable, Sendable, Codable {
    /// How it ended, from the callee's side.
    public enum End: String, Hashable, Sendable, Codable {
        /// A final response of 300 or more, by the script or because there was nothing to agree on.
        case rejected
        /// CANCEL before the answer.
        case cancelled
        case callerHungUp
        case calleeHungUp
        /// No ACK, or the dialog was gone.
        case lost
    }

    /// The user part of the Request-URI: the number that was dialed.
    public var number: String
    public var sipCallID: String
    /// Counts the calls to this number, from 1.
    public var attempt: Int
    public var invitedAt: WallClockInstant
    public var end: End
    /// Final status of the INVITE: 200 when it was answered, 487 when cancelled.
    public var status: Int
    /// From the INVITE to the answer.
    public var answeredAfterMilliseconds: Int?
    /// From the answer to the end.
    public var talkMilliseconds: Int?
    /// What the callee said, as far as it came.
    public var said: String
    public var heard: HeardByCallee
    public var media: MediaStatistics?

    public init(
        number: String, sipCallID: String, attempt: Int, invitedAt: WallClockInstant, end: End, status: Int,
        answeredAfterMilliseconds: Int? = nil, talkMilliseconds: Int? = nil, said: String = "",
        heard: HeardByCallee = HeardByCallee(), media: MediaStatistics? = nil
    ) {
        self.number = number
        self.sipCallID = sipCallID
        self.attempt = attempt
        self.invitedAt = invitedAt
        self.end = end
        self.status = status
        self.answeredAfterMilliseconds = answeredAfterMilliseconds
        self.talkMilliseconds = talkMilliseconds
        self.said = said
        self.heard = heard
        self.media = media
    }
}
