internal import SansIO

/// Calls in place of calls (RFC 3891): what an INVITE with Replaces means here, and what one of ours may say there.
extension UserAgent {
    /// What a REFER in another session must name for an attended transfer to the far end of this one: its Contact, and
    /// this dialog as the one to be replaced there (RFC 5589 §7).
    ///
    /// - Returns: `nil` when the session is not established.
    public mutating func transferTarget(of session: InviteSessionID) -> ReferTarget? {
        guard let found = sessions.checkOut(session) else { return nil }
        defer { sessions.checkIn(found) }
        guard found.state == .established, let confirmed = found.confirmed else { return nil }
        let dialog = found.dialogs[confirmed]
        return ReferTarget(
            uri: dialog.remoteTarget,
            replacing: SIPReplaces(
                callID: found.identity.callID, toTag: String(decoding: dialog.remoteTag, as: UTF8.self),
                fromTag: found.identity.localTag))
    }

    /// What the Replaces of a request asks for.
    enum Replacement: Hashable {
        case none
        case session(InviteSessionID)
        case refused(status: Int)
    }

    /// RFC 3891 §3.
    mutating func replacement(askedBy request: borrowing SIPMessage) -> Replacement {
        guard configuration.servesReplaces, request.firstHeader(.replaces) != nil else { return .none }
        var count = 0
        for slot in request.slots where slot.id == .replaces { count += 1 }
        guard count == 1, request.isMethod(.invite),
            let replaces = request.text(of: .replaces).flatMap({ SIPReplaces($0) })
        else { return .refused(status: 400) }
        guard let id = sessions.id(dialogKey: keys.dialog(callID: replaces.callID, localTag: replaces.toTag)),
            let session = sessions.checkOut(id)
        else { return .refused(status: 481) }
        defer { sessions.checkIn(session) }
        let isOurs = withUTF8(replaces.fromTag) { (tag: RawSpan) in session.dialog(withRemoteTag: tag) != nil
        }
        guard isOurs else { return .refused(status: 481) }
        switch session.state {
        case .established: return replaces.isEarlyOnly ? .refused(status: 486) : .session(id)
        case .inviting: return .session(id)
        case .incoming: return .refused(status: 481)  // Only its caller may have an early dialog replaced.
        case .ending, .over: return .refused(status: 603)
        }
    }

    /// The new session was answered: the old one gives way to it.
    mutating func endReplaced(
        _ session: InviteSessionID, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        guard var replaced = sessions.checkOut(session) else { return }
        end(&replaced, reason: nil, at: now, into: &effects)
        sessions.checkIn(replaced)
    }
}
