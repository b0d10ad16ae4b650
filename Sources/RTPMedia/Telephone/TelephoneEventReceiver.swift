/// Finds each key press once in a stream of telephone-event packets (RFC 4733 §2.5.2).
///
/// An event is known by its timestamp. Whichever of its packets comes first reports it, so neither a lost first packet
/// nor lost end packets matter; later and repeated packets are recognised by the timestamp, and the segments of one
/// long event by following on where the last one stood.
public struct TelephoneEventReceiver: Sendable {
    /// Keys kept for the owner; further ones are dropped.
    public static let capacity = 64
    /// An event is split only when it is long; 1 s, in units.
    static let shortestSegment = 8_000
    /// Units by which a new segment may be ahead of the last packet seen of the one before: lost packets.
    static let segmentSlack = 1_600

    /// Packets that are older than the current event by less than this are late: 5 s, in units.
    static let lateness = 40_000

    private struct Current: Hashable, Sendable {
        var code: UInt8
        var timestamp: RTPTimestamp
        var duration: Int
        var hasEnded: Bool
    }

    private var current: Current?
    private var pressed: [Character] = []

    public init() { pressed.reserveCapacity(Self.capacity) }

    /// Takes the event of one packet.
    ///
    /// - Returns: True when it is the first seen of a new event.
    @discardableResult
    public mutating func receive(_ event: TelephoneEvent, timestamp: RTPTimestamp, marker: Bool) -> Bool {
        if var known = current {
            let distance = known.timestamp.distance(to: timestamp)
            // Some senders keep the timestamp from key to key.
            if distance == 0, known.code == event.code {
                known.duration = max(known.duration, Int(event.duration))
                known.hasEnded = known.hasEnded || event.isEnd
                current = known
                return false
            }
            // A late packet of an earlier event. Farther back, the stream's clock has started over.
            if distance < 0, distance > -Self.lateness { return false }
            if continues(known, event, distance: distance, marker: marker) {
                current = Current(
                    code: event.code, timestamp: timestamp, duration: Int(event.duration),
                    hasEnded: event.isEnd)
                return false
            }
        }
        current = Current(
            code: event.code, timestamp: timestamp, duration: Int(event.duration), hasEnded: event.isEnd)
        if let digit = TelephoneEvent.digit(for: event.code), pressed.count < Self.capacity {
            pressed.append(digit)
        }
        return true
    }

    /// The next key pressed.
    public mutating func takeDigit() -> Character? { pressed.isEmpty ? nil : pressed.removeFirst() }

    /// Forgets the event that is going on: another stream has begun. Keys not yet taken stay.
    public mutating func streamChanged() { current = nil }

    private func continues(_ known: Current, _ event: TelephoneEvent, distance: Int, marker: Bool) -> Bool {
        !marker && !known.hasEnded && event.code == known.code && distance >= Self.shortestSegment
            && distance <= known.duration + Self.segmentSlack
    }
}
