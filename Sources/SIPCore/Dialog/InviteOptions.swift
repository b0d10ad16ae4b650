/// What an INVITE of ours offers and asks for beyond RFC 3261.
public struct InviteOptions: Hashable, Sendable {
    /// Reliable provisional responses (RFC 3262) from the far end.
    public enum Reliability: Hashable, Sendable {
        /// Not offered.
        case off
        /// Offered: the far end may send them, and each is acknowledged by PRACK.
        case supported
        /// Demanded: a far end without them answers 420.
        case required
    }

    public var reliability: Reliability
    /// Session-Expires asked for (RFC 4028), in whole seconds, at least 90; `nil` asks for none and agrees to what the far
    /// end asks for.
    public var sessionInterval: Duration?
    /// Who is to refresh; `nil` leaves it to the far end.
    public var refresher: SIPSessionExpires.Refresher?

    /// How far 300, 301 and 302 are followed; `nil`: not at all, they are failures.
    ///
    /// Another host than the one before gets only the credentials that name its realm.
    public var redirections: RedirectionPolicy?

    public init(
        reliability: Reliability = .supported, sessionInterval: Duration? = nil,
        refresher: SIPSessionExpires.Refresher? = nil, redirections: RedirectionPolicy? = nil
    ) {
        self.redirections = redirections
        self.reliability = reliability
        self.sessionInterval = sessionInterval
        self.refresher = refresher
    }

    /// Session-Expires of the INVITE; `nil` for none.
    ///
    /// - Parameter minimum: The largest Min-SE that a 422 has named, in seconds.
    func sessionExpires(atLeast minimum: UInt32) -> SIPSessionExpires? {
        guard let sessionInterval else { return nil }
        let seconds = UInt32(clamping: sessionInterval.components.seconds)
        return SIPSessionExpires(
            seconds: max(seconds, minimum, SessionTimer.leastInterval), refresher: refresher)
    }
}

/// When our own provisional responses to an INVITE are sent reliably (RFC 3262 §3); a caller that demands it always gets
/// them so.
public enum ProvisionalReliability: Hashable, Sendable {
    case whenRequired
    /// To every caller that supports it.
    case whenSupported
}

extension InviteOptions.Reliability {
    /// What an INVITE of the far end says.
    init(of request: borrowing SIPMessage) {
        if request.contains("100rel", in: .require) {
            self = .required
        } else {
            self = request.contains("100rel", in: .supported) ? .supported : .off
        }
    }
}
