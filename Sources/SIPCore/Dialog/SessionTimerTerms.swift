/// What a request says about the session timer, and what its 2xx makes of it (RFC 4028 §8, §9).
struct SessionTimerTerms: Hashable, Sendable {
    /// Session-Expires in seconds; `nil` when the request has none.
    var interval: UInt32?
    var refresher: SIPSessionExpires.Refresher?
    /// Min-SE in seconds.
    var minimum: UInt32 = 0
    /// Whether the sender supports the timer.
    var isSupported = false

    init() {}

    init(of request: borrowing SIPMessage) {
        let expires = request.sessionExpires
        interval = expires?.seconds
        refresher = expires?.refresher
        minimum = request.minimumSessionExpires ?? 0
        isSupported =
            request.contains("timer", in: .supported) || request.contains("timer", in: .require)
    }

    /// Whether the interval is below what we accept, and the sender understands 422 (RFC 4028 §9).
    func isTooSmall(for minimum: UInt32) -> Bool {
        guard let interval, isSupported else { return false }
        return interval < minimum
    }

    /// The Session-Expires of our 2xx; `nil` for none.
    ///
    /// - Parameters:
    ///   - wanted: Seconds of our own, `nil` when we only follow.
    ///   - least: The least interval that we accept.
    func agreement(wanted: UInt32?, least: UInt32) -> SIPSessionExpires? {
        let floor = max(minimum, least)
        let seconds: UInt32
        if let interval {
            // What a request proposes is never raised (RFC 4028 §9), and below the least there is it means nothing (§4).
            guard interval >= SessionTimer.leastInterval else { return nil }
            seconds = min(interval, max(wanted ?? interval, floor))
        } else if let wanted {
            seconds = max(wanted, floor)
        } else {
            return nil
        }
        // A sender without the extension cannot refresh, whatever a proxy wrote (RFC 4028 §9, table 2).
        let refresher: SIPSessionExpires.Refresher = isSupported ? refresher ?? .uac : .uas
        return SIPSessionExpires(seconds: seconds, refresher: refresher)
    }
}

extension SIPSerializer {
    mutating func sessionExpires(_ value: SIPSessionExpires) {
        beginHeader(.sessionExpires)
        append(number: Int(value.seconds))
        switch value.refresher {
        case .uac: append(";refresher=uac")
        case .uas: append(";refresher=uas")
        case nil: break
        }
        endHeader(.sessionExpires)
    }
}
