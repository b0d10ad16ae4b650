internal import SansIO

/// What the challenges to one session's requests have taught (RFC 3261 §22).
struct ClientAuthentication: Sendable {
    /// Header lines for the INVITE and its ACK.
    var inviteFields: [UInt8] = []
    /// Header lines for the BYE.
    var byeFields: [UInt8] = []
    var fields: [UInt8] { inviteFields }
}

extension UserAgent {
    mutating func authenticate(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, method: String, requestURI: String
    ) -> Bool { false }

    func isAuthorized(_ request: borrowing SIPMessage, at now: MonotonicInstant) -> Bool { true }
    func isStale(_ request: borrowing SIPMessage, at now: MonotonicInstant) -> Bool { false }
    mutating func writeChallenge(isStale: Bool, at now: MonotonicInstant, into bytes: inout [UInt8]) {}
}
