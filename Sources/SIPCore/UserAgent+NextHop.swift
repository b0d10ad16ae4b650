/// Host names in Contact and Record-Route, by which a dialog's requests go (RFC 3261 §12.2.1.1, RFC 3263).
extension UserAgent {
    /// The URI by which the requests of an answered session go, when it names a host that ``locate(_:of:at:)`` has not been
    /// told of. Until it is, they go where the far end's messages come from.
    public mutating func unlocatedHop(of session: InviteSessionID) -> String? {
        guard let found = sessions.checkOut(session) else { return nil }
        defer { sessions.checkIn(found) }
        return found.confirmed.flatMap { found.dialogs[$0].unlocatedHop }
    }

    /// Says where the host of `hop` is found.
    ///
    /// - Parameter targets: In the order of preference; empty when nowhere: then requests go where the far end's messages
    ///   come from.
    public mutating func locate(_ hop: String, of session: InviteSessionID, at targets: [SIPTarget]) {
        guard var found = sessions.checkOut(session) else { return }
        if let confirmed = found.confirmed { found.dialogs[confirmed].locate(hop, at: targets) }
        sessions.checkIn(found)
    }
}
