internal import SansIO

/// What the challenges to one session's requests have taught (RFC 3261 §22).
struct ClientAuthentication: Sendable {
    /// Header fields for the INVITE and its ACK.
    var inviteFields: [SIPHeaderField] = []
    /// Header fields for the BYE.
    var byeFields: [SIPHeaderField] = []
}

extension UserAgent {
    mutating func authenticate(
        _ session: inout InviteSession, _ response: borrowing SIPMessage, method: SIPMethod,
        requestURI: String
    ) -> Bool { false }

    func isAuthorized(_ request: borrowing SIPMessage, at now: MonotonicInstant) -> Bool { true }
    mutating func challenge(for request: borrowing SIPMessage, at now: MonotonicInstant) -> String? { nil }
}
