internal import SansIO

/// Failures of our INVITE that say how it may succeed (RFC 3261 §8.1.3.5, RFC 4028 §7.3).
extension UserAgent {
    /// Repetitions of one INVITE after failures of these kinds.
    static var maximumRetries: Int { 4 }
    /// Session-Expires where a 421 demands a session timer and none was asked for (RFC 4028 §4).
    static var usualSessionInterval: Duration { .seconds(1800) }

    /// Sends the INVITE again, changed as its failure asks for.
    ///
    /// 413, 415 and 503 leave nothing to change here: their `Retry-After` and `Accept` go to the application.
    ///
    /// - Returns: Whether it was sent.
    mutating func retryInvite(
        _ session: inout InviteSession, after response: borrowing SIPMessage, _ status: Int,
        _ arrival: Arrival, into effects: inout UserAgentEffects
    ) -> Bool {
        guard let client = session.client, client.cancellation == .none,
            client.retries < Self.maximumRetries
        else { return false }
        switch status {
        case 416:
            guard let uri = client.sipURI else { return false }
            session.client?.request.requestURI = uri
        case 420:
            let unsupported = response.list(of: .unsupported).map { $0.lowercased() }
            guard session.client?.withhold(unsupported) == true else { return false }
        case 421:
            let required = response.list(of: .require).map { $0.lowercased() }
            guard session.client?.include(required) == true else { return false }
        case 422:
            let asked = client.request.options.sessionExpires(atLeast: session.minimumInterval)?.seconds ?? 0
            guard let minimum = response.minimumSessionExpires, minimum > asked else { return false }
            session.minimumInterval = minimum
        default:
            return false
        }
        session.client?.retries += 1
        return resendInvite(&session, at: arrival.now, into: &effects)
    }

    /// The INVITE once more: next CSeq, new branch, no early dialogs.
    mutating func resendInvite(
        _ session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) -> Bool {
        guard let cSeq = session.client?.cSeq else { return false }
        session.client?.cSeq = CSeq.successor(of: cSeq)
        forgetDialogs(of: &session, at: now, into: &effects)
        return (try? sendInvite(&session, at: now, into: &effects)) != nil
    }

    /// The INVITE has failed, and its early dialogs with it (RFC 3261 §12.3).
    mutating func forgetDialogs(
        of session: inout InviteSession, at now: MonotonicInstant, into effects: inout UserAgentEffects
    ) {
        dismissOwedAnswers(of: &session, at: now, into: &effects)
        session.dialogs.removeAll()
        dropStrandedOffer(&session, into: &effects)
    }
}

extension InviteSession.ClientInvite {
    /// The option tags that the INVITE offers.
    var supportedOptions: [String] {
        [request.options.reliability == .off ? nil : "100rel", withheldTimer ? nil : "timer"]
            .compactMap(\.self)
    }

    /// The option tags that it demands; empty for none.
    var requiredOptions: String {
        [request.options.reliability == .required ? "100rel" : nil, requiresTimer ? "timer" : nil]
            .compactMap(\.self).joined(separator: ", ")
    }

    /// Leaves out extensions that the far end does not know (RFC 3261 §8.1.3.5); not those that the application demands.
    ///
    /// - Returns: Whether anything has changed.
    mutating func withhold(_ unsupported: [String]) -> Bool {
        var isChanged = false
        if unsupported.contains("100rel") {
            guard request.options.reliability != .required else { return false }
            isChanged = request.options.reliability != .off
            request.options.reliability = .off
        }
        if unsupported.contains("timer"), !withheldTimer {
            (withheldTimer, requiresTimer) = (true, false)
            request.options.sessionInterval = nil
            isChanged = true
        }
        return isChanged
    }

    /// Adds extensions that the far end insists on, if we know them all (RFC 3261 §21.4.15).
    ///
    /// - Returns: Whether anything has changed.
    mutating func include(_ required: [String]) -> Bool {
        guard !required.isEmpty, required.allSatisfy(UserAgent.optionTags.contains) else { return false }
        var isChanged = false
        if required.contains("100rel"), request.options.reliability != .required {
            request.options.reliability = .required
            isChanged = true
        }
        if required.contains("timer"), !requiresTimer {
            (withheldTimer, requiresTimer) = (false, true)
            if request.options.sessionInterval == nil {
                request.options.sessionInterval = UserAgent.usualSessionInterval
            }
            isChanged = true
        }
        return isChanged
    }

    /// The `sip` form of a `tel` Request-URI (RFC 3261 §19.1.6), at the server that has refused it.
    var sipURI: String? {
        guard request.requestURI.lowercased().hasPrefix("tel:") else { return nil }
        let number = request.requestURI.dropFirst(4).prefix { $0 != ";" }
        let address = request.destination
        let host = address.family == .ipv6 ? "[\(address.host)]" : address.host
        return "sip:\(number)@\(host);user=phone"
    }
}
