/// Datagrams that were not taken, by reason.
public struct MediaRejections: Hashable, Sendable, Codable {
    @nonexhaustive
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        case malformed, payload, stranger, outOfRange, malformedControl, strangerControl, early, oversized
        case unauthenticated
    }

    /// Not RTP: too short, wrong version, lengths that do not add up.
    public var malformed = 0
    /// Of a payload type that was not agreed on, or not what its type says.
    public var payload = 0
    /// From an address that is not the far end's, or not yet known to be.
    public var stranger = 0
    /// Far from the stream's numbers, and not confirmed by the next packet.
    public var outOfRange = 0
    /// Not RTCP, or RTCP whose lengths do not add up.
    public var malformedControl = 0
    /// RTCP from another host.
    public var strangerControl = 0
    /// Before the far end's description was known.
    public var early = 0
    /// Longer than ``AudioLeg/maximumDatagram``. What the driver does not even hand on, it counts itself.
    public var oversized = 0
    /// Protected media that could not be authenticated, or was replayed.
    public var unauthenticated = 0

    public init() {}

    public var total: Int {
        malformed + payload + stranger + outOfRange + malformedControl + strangerControl + early + oversized
            + unauthenticated
    }

    public subscript(reason: Reason) -> Int {
        get {
            switch reason {
            case .malformed: malformed
            case .payload: payload
            case .stranger: stranger
            case .outOfRange: outOfRange
            case .malformedControl: malformedControl
            case .strangerControl: strangerControl
            case .early: early
            case .oversized: oversized
            case .unauthenticated: unauthenticated
            }
        }
        set {
            switch reason {
            case .malformed: malformed = newValue
            case .payload: payload = newValue
            case .stranger: stranger = newValue
            case .outOfRange: outOfRange = newValue
            case .malformedControl: malformedControl = newValue
            case .strangerControl: strangerControl = newValue
            case .early: early = newValue
            case .oversized: oversized = newValue
            case .unauthenticated: unauthenticated = newValue
            }
        }
    }

    public mutating func count(_ reason: Reason) { self[reason] += 1 }
}
