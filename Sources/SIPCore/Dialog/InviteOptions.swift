/// What an INVITE of ours offers and asks for beyond RFC 3261.
public struct InviteOptions: Hashable, Sendable {
    /// Session-Expires asked for (RFC 4028), in whole seconds, at least 90; `nil` asks for none and agrees to what the far
    /// end asks for.
    public var sessionInterval: Duration?
    /// Who is to refresh; `nil` leaves it to the far end.
    public var refresher: SIPSessionExpires.Refresher?

    /// Session-Expires of the INVITE; `nil` for none.
    ///
    /// - Parameter minimum: The largest Min-SE that a 422 has named, in seconds.
    func sessionExpires(atLeast minimum: UInt32) -> SIPSessionExpires? {
        guard let sessionInterval else { return nil }
        let seconds = UInt32(clamping: sessionInterval.components.seconds)
        return SIPSessionExpires(
            seconds: max(seconds, minimum, SessionTimer.leastInterval), refresher: refresher)
    }

    public init(sessionInterval: Duration? = nil, refresher: SIPSessionExpires.Refresher? = nil) {
        self.sessionInterval = sessionInterval
        self.refresher = refresher
    }
}
