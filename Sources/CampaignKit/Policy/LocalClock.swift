private import Foundation
public import SansIO

/// The local time of one place, with its changes to and from summer time.
public struct LocalClock: Sendable {
    private let zone: TimeZone

    /// - Parameter identifier: An IANA name.
    /// - Returns: `nil` for a name that is not known.
    public init?(_ identifier: String) {
        guard let zone = TimeZone(identifier: identifier) else { return nil }
        self.zone = zone
    }

    /// Whether people there may be called at `instant`.
    public func isOpen(_ hours: CallingHours, at instant: WallClockInstant) -> Bool {
        hours.isAlways || isOpen(hours, second: instant.wholeSeconds)
    }

    /// The first instant, not before `now`, at which people there may be called.
    ///
    /// Windows are read off the local clock: one that falls into the hour that a change to summer time skips opens when the
    /// clock lands behind it, if it is still within; one in the hour that is repeated opens twice.
    ///
    /// - Returns: `nil` when there is no window within two weeks.
    public func nextOpening(of hours: CallingHours, from now: WallClockInstant) -> WallClockInstant? {
        let start = now.wholeSeconds
        if isOpen(hours, at: now) { return now }
        var candidates: [Int] = []
        let today = (start + offset(at: start)).floored(by: 86_400)
        for day in today...today + 14 {
            for window in hours.windows(on: CallingHours.weekday(ofDay: day)) {
                candidates += instants(ofLocal: day * 86_400 + window.startMinute * 60)
            }
            candidates += changes(around: day)
            let opening = candidates.filter { $0 > start && isOpen(hours, second: $0) }.min()
            // A change may move what looks later before it by hours, never by a day.
            if let opening, day > today { return WallClockInstant(secondsSinceEpoch: Int64(opening)) }
        }
        return nil
    }

    private func isOpen(_ hours: CallingHours, second: Int) -> Bool {
        let local = second + offset(at: second)
        let day = local.floored(by: 86_400)
        return hours.isOpen(onDay: day, minute: (local - day * 86_400) / 60)
    }

    /// Every instant at which the local clock shows `local`: none, one or two.
    private func instants(ofLocal local: Int) -> [Int] {
        let offsets = Set([offset(at: local - 86_400), offset(at: local + 86_400)])
        return offsets.map { local - $0 }.filter { $0 + offset(at: $0) == local }.sorted()
    }

    /// Instants at which the local clock jumps during the local day.
    private func changes(around day: Int) -> [Int] {
        let begin = Double(day * 86_400 - offset(at: day * 86_400) - 1)
        guard let change = zone.nextDaylightSavingTimeTransition(after: Date(timeIntervalSince1970: begin))
        else { return [] }
        let second = Int(change.timeIntervalSince1970.rounded())
        return second <= Int(begin) + 86_400 ? [second] : []
    }

    private func offset(at second: Int) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
    }
}

extension WallClockInstant {
    /// Seconds since 1970, rounded down.
    var wholeSeconds: Int { Int(nanosecondsSinceEpoch).floored(by: 1_000_000_000) }
}

extension Int {
    /// Divided by `divisor`, rounded down also below zero.
    func floored(by divisor: Int) -> Int {
        let quotient = self / divisor
        return self < 0 && quotient * divisor != self ? quotient - 1 : quotient
    }
}
