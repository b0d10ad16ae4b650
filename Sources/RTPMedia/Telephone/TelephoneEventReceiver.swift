/// Finds each key press once in a stream of telephone-event packets (RFC 4733 §2.5.2).
///
/// An event is known by its timestamp. Whichever of its packets comes first reports it, so neither a lost first packet
/// nor lost end packets matter; later and repeated packets are recognised by the timestamp, and the segments of one
/// long event by following on where the last one stood.
public struct TelephoneEventReceiver: Sendable {
    /// Keys kept for the owner; further ones are dropped.
    public static let capacity = 64

    /// Clock of the events' timestamps and durations in hertz.
    public var clockRateHertz: Int
    /// An event is split only when it is long; 1 s, in units.
    private var shortestSegment: Int { clockRateHertz }
    /// Units by which a new segment may be ahead of the last packet seen of the one before, for lost packets: 200 ms.
    private var segmentSlack: Int { clockRateHertz / 5 }
    /// Packets that are older than the current event by less than this are late: 5 s, in units.
    private var lateness: Int { 5 * clockRateHertz }

    private struct Event: Hashable, Sendable {
        var code: UInt8
        /// Of its current segment.
        var timestamp: RTPTimestamp
        /// From that, as far as is known.
        var duration: Int
        /// From the start of the event to its current segment.
        var before = 0
        var hasEnded: Bool

        /// Takes another packet of the same segment.
        mutating func note(_ event: TelephoneEvent) {
            duration = max(duration, Int(event.duration))
            hasEnded = hasEnded || event.isEnd
        }
    }

    private var current: Event?
    /// The event before it: some senders keep the timestamp from key to key, or send two events at once.
    private var previous: Event?
    private var pressed: [Character] = []

    /// - Parameter clockRateHertz: 8,000...48,000.
    public init(clockRateHertz: Int = 8_000) {
        self.clockRateHertz = clockRateHertz
        pressed.reserveCapacity(Self.capacity)
    }

    /// Takes the payload of one packet: an event, or several of which each begins where the one before ended (RFC 4733
    /// §2.5.1.5).
    ///
    /// - Returns: False when there is not even one whole event; octets after the last whole one are ignored.
    @discardableResult
    public mutating func receive(payload: RawSpan, timestamp: RTPTimestamp, marker: Bool) -> Bool {
        var (rest, timestamp, marker) = (payload, timestamp, marker)
        guard rest.byteCount >= TelephoneEvent.byteCount else { return false }
        while let event = TelephoneEvent(parsing: rest) {
            receive(event, timestamp: timestamp, marker: marker)
            timestamp = timestamp.advanced(by: Int(event.duration))
            // It is said of the first alone.
            marker = false
            rest = rest.extracting(droppingFirst: TelephoneEvent.byteCount)
        }
        return true
    }

    /// Takes one event.
    ///
    /// A duration of 0, which is for states (§2.3.5) but is also what some senders begin a key with, is taken like any other.
    ///
    /// - Returns: True when it is the first seen of a new event.
    @discardableResult
    public mutating func receive(_ event: TelephoneEvent, timestamp: RTPTimestamp, marker: Bool) -> Bool {
        if var known = current {
            let distance = known.timestamp.distance(to: timestamp)
            if distance == 0, known.code == event.code {
                known.note(event)
                current = known
                return false
            }
            if distance == 0, notePrevious(event, timestamp: timestamp) { return false }
            // A late packet of an earlier event. Farther back, the stream's clock has started over.
            if distance < 0, distance > -lateness { return false }
            if continues(known, event, distance: distance, marker: marker) {
                current = Event(
                    code: event.code, timestamp: timestamp, duration: Int(event.duration),
                    before: known.before + distance, hasEnded: event.isEnd)
                return false
            }
        }
        previous = current
        current = Event(
            code: event.code, timestamp: timestamp, duration: Int(event.duration), hasEnded: event.isEnd)
        if let digit = TelephoneEvent.digit(for: event.code), pressed.count < Self.capacity {
            pressed.append(digit)
        }
        return true
    }

    /// The next key pressed.
    public mutating func takeDigit() -> Character? { pressed.isEmpty ? nil : pressed.removeFirst() }

    /// How long the newest event has lasted, as far as its packets have told; zero before the first.
    public var newestDuration: Duration {
        guard let current else { return .zero }
        return .microseconds(
            Int64(current.before + current.duration) * 1_000_000 / Int64(max(clockRateHertz, 1)))
    }

    /// Forgets the event that is going on: another stream has begun. Keys not yet taken stay.
    public mutating func streamChanged() {
        current = nil
        previous = nil
    }

    /// - Returns: Whether it is a packet of the event before the current one, and not a key pressed anew.
    private mutating func notePrevious(_ event: TelephoneEvent, timestamp: RTPTimestamp) -> Bool {
        guard var known = previous, known.code == event.code, known.timestamp == timestamp,
            !known.hasEnded || event.isEnd
        else { return false }
        known.note(event)
        previous = known
        return true
    }

    /// Whether an event goes on in a new segment (§2.5.1.3).
    private func continues(_ known: Event, _ event: TelephoneEvent, distance: Int, marker: Bool) -> Bool {
        guard !marker, !known.hasEnded, event.code == known.code else { return false }
        // A key cannot go down while it is down: some senders move the timestamp on with each packet.
        if distance > 0, distance <= known.duration { return true }
        return distance >= shortestSegment && distance <= known.duration + segmentSlack
    }
}
