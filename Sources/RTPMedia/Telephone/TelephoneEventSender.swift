private import SansIO

/// Turns keys into telephone-event packets, one per 20 ms (RFC 4733 §2.5.1).
///
/// The first packet carries the marker; all packets of an event share its timestamp while the duration grows; the last
/// is sent three times. An event longer than the duration field can say goes on in a new segment (§2.5.1.3), after the full
/// one has been told three times too (§2.5.1.4).
public struct TelephoneEventSender: Sendable {
    /// What to send in this period.
    public enum Step: Hashable, Sendable {
        /// Nothing is queued: audio.
        case idle
        /// The gap between two events: audio.
        case gap
        /// One packet. `age` is the time from its timestamp to the start of this period, in units of the events' clock;
        /// below zero when a segment begins within the period.
        case packet(event: TelephoneEvent, marker: Bool, age: Int)
    }

    private enum Item: Hashable, Sendable {
        case key(code: UInt8, periods: Int)
        case pause(periods: Int)
    }

    private enum State: Hashable, Sendable {
        case idle
        case pressed(code: UInt8, periods: Int, elapsed: Int, segment: Int)
        case released(code: UInt8, duration: Int, age: Int, copies: Int)
        case waiting(periods: Int)
    }

    /// Keys and pauses that can be queued.
    public static let capacity = 256
    /// Copies of the packet that ends an event.
    static let endCopies = 3
    /// Level of the events, dBm0 with the sign dropped.
    public var volume: UInt8 = 10
    /// Clock of the events in hertz; their durations are in its units (RFC 4733 §2.3.5).
    public let clockRateHertz: Int
    /// Units per 20 ms.
    private let period: Int
    /// The most that the duration field can hold; no multiple of a period.
    private static let longestSegment = 0xFFFF
    /// Silence between two events in periods of 20 ms, at least 3: the copies of the end packet lie in it.
    private let gapPeriods: Int
    private var queue: [Item] = []
    private var state = State.idle

    /// - Parameters:
    ///   - gap: Between two events; 60 ms or more.
    ///   - clockRateHertz: 8,000...48,000.
    public init(gap: Duration = .milliseconds(100), clockRateHertz: Int = 8_000) {
        self.clockRateHertz = min(max(clockRateHertz, 8_000), 48_000)
        period = self.clockRateHertz / 50
        gapPeriods = max(Self.periods(in: gap), Self.endCopies)
        queue.reserveCapacity(16)
    }

    public var isIdle: Bool { state == .idle && queue.isEmpty }

    /// Whether the next period belongs to a key, or to the gap before the next one. Pauses that were asked for do not count.
    public var isSendingKeys: Bool {
        switch state {
        case .pressed, .released: true
        case .waiting(let periods) where periods > gapPeriods: false
        case .idle, .waiting: if case .key = queue.first { true } else { false }
        }
    }

    /// Queues keys; `W` or `w` is a pause of 500 ms, lower-case letters count as capitals, other characters are ignored.
    ///
    /// - Parameter duration: How long each key is held; 40 ms or more.
    /// - Returns: False, queueing nothing, when they do not all fit.
    public mutating func send(_ digits: String, duration: Duration = .milliseconds(100)) -> Bool {
        let periods = max(Self.periods(in: duration), 2)
        var items: [Item] = []
        for character in digits {
            let character: Character = character.isLowercase ? Character(character.uppercased()) : character
            if character == "W" {
                items.append(.pause(periods: 25))
            } else if let code = TelephoneEvent.code(for: character) {
                items.append(.key(code: code, periods: periods))
            }
        }
        guard queue.count + items.count <= Self.capacity else { return false }
        queue.append(contentsOf: items)
        return true
    }

    /// Drops what has not begun.
    public mutating func cancel() { queue.removeAll(keepingCapacity: true) }

    /// What to send in the next 20 ms.
    public mutating func step() -> Step {
        switch state {
        case .idle:
            return begin()
        case .waiting(let periods):
            guard periods > 0 else { return begin() }
            state = .waiting(periods: periods - 1)
            return .gap
        case .pressed(let code, let periods, let elapsed, let segment):
            return press(code: code, periods: periods, elapsed: elapsed, segment: segment)
        case .released(let code, let duration, let age, let copies):
            let isLast = copies == 1
            state =
                isLast
                ? .waiting(periods: gapPeriods - (Self.endCopies - 1))
                : .released(code: code, duration: duration, age: age + period, copies: copies - 1)
            return .packet(event: event(code, duration: duration, isEnd: true), marker: false, age: age)
        }
    }

    private mutating func begin() -> Step {
        guard !queue.isEmpty else {
            state = .idle
            return .idle
        }
        switch queue.removeFirst() {
        case .pause(let periods):
            state = .waiting(periods: periods - 1)
            return .gap
        case .key(let code, let periods):
            return press(code: code, periods: periods, elapsed: 0, segment: 0)
        }
    }

    /// - Parameters:
    ///   - elapsed: Periods since the key went down.
    ///   - segment: Units since then at which the current segment began.
    private mutating func press(code: UInt8, periods: Int, elapsed: Int, segment: Int) -> Step {
        var segment = segment
        let isEnd = elapsed + 1 == periods
        let beyond = (elapsed + 1) * period - segment - Self.longestSegment
        if beyond > (isEnd ? 0 : Self.endCopies * period) { segment += Self.longestSegment }
        let age = elapsed * period - segment
        let duration = min(age + period, Self.longestSegment)
        state =
            isEnd
            ? .released(code: code, duration: duration, age: age + period, copies: Self.endCopies - 1)
            : .pressed(code: code, periods: periods, elapsed: elapsed + 1, segment: segment)
        return .packet(
            event: event(code, duration: duration, isEnd: isEnd), marker: elapsed == 0, age: age)
    }

    private func event(_ code: UInt8, duration: Int, isEnd: Bool) -> TelephoneEvent {
        TelephoneEvent(code: code, isEnd: isEnd, volume: volume, duration: UInt16(clamping: duration))
    }

    private static func periods(in duration: Duration) -> Int {
        Int(clamping: (duration.nanoseconds + 19_999_999) / 20_000_000)
    }
}
