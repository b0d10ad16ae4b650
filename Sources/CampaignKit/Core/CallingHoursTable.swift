internal import SansIO

/// The calling hours of all recipients, with what was found out about each time zone kept.
struct CallingHoursTable: Sendable {
    enum Status: Hashable {
        case open
        case closed(until: WallClockInstant)
        case unknownZone
    }

    private let hours: CallingHours
    private let standardZone: String
    private var clocks: [String: LocalClock] = [:]
    /// For each zone that was found closed: since when that is known, and until when.
    private var closed: [String: (since: WallClockInstant, until: WallClockInstant)] = [:]

    init(_ hours: CallingHours, standardZone: String) {
        self.hours = hours
        self.standardZone = standardZone
    }

    mutating func status(of recipient: Recipient, at now: WallClockInstant) -> Status {
        if hours.isAlways { return .open }
        let zone = recipient.timeZone ?? standardZone
        if let known = closed[zone], known.since <= now, now < known.until {
            return .closed(until: known.until)
        }
        guard let clock = clocks[zone] ?? LocalClock(zone) else { return .unknownZone }
        clocks[zone] = clock
        // Hours without any window are refused with the settings; a day's wait keeps even those from spinning.
        let opening = clock.nextOpening(of: hours, from: now) ?? now.advanced(by: .seconds(86_400))
        if opening <= now { return .open }
        closed[zone] = (now, opening)
        return .closed(until: opening)
    }
}
