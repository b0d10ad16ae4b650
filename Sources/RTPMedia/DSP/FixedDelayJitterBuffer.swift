public import SansIO

/// A jitter buffer that plays each packet a constant time after the first one came: for tests and comparisons.
///
/// It learns nothing, so clocks that drift apart run it dry or full; what is told about it is exact, though.
public struct FixedDelayJitterBuffer: JitterBuffer, ~Copyable {
    private struct Slot {
        var timestamp = RTPTimestamp(0)
        var samples = 0
        var tag: UInt8 = 0
        var payload: [UInt8] = []
    }

    /// Packets held; the oldest gives way.
    public static let capacity = 64
    /// Holes in a row after which the stream counts as stopped.
    static let missLimit = 20

    private let delayFrames: Int
    private var slots: [Slot] = []
    private var playout = RTPTimestamp(0)
    private var framesToStart: Int?
    private var missesInARow = 0

    /// - Parameter delay: Rounded up to whole frames of 20 ms; 0...1 s.
    public init(delay: Duration) {
        delayFrames = (min(max(Int(delay.nanoseconds / 1_000_000), 0), 1_000) + 19) / 20
    }

    public mutating func put(
        _ payload: RawSpan, tag: UInt8, sequence: SequenceNumber, timestamp: RTPTimestamp, samples: Int,
        at now: MonotonicInstant
    ) {
        guard samples > 0 else { return }
        switch framesToStart {
        case nil:
            framesToStart = delayFrames
            playout = timestamp
        case 0?:
            guard playout.distance(to: timestamp.advanced(by: samples)) > 0 else { return }
        case .some:
            if timestamp.distance(to: playout) > 0 { playout = timestamp }
        }
        if slots.count == Self.capacity { slots.removeFirst() }
        var slot = Slot(timestamp: timestamp, samples: samples, tag: tag)
        slot.payload = payload.withUnsafeBytes { Array($0) }
        let index = slots.firstIndex { timestamp.distance(to: $0.timestamp) > 0 } ?? slots.count
        slots.insert(slot, at: index)
    }

    public mutating func take(_ wanted: Int, into payload: inout OwnedBytes) -> JitterBufferOutput {
        guard framesToStart == 0 else { return .empty }
        while let first = slots.first, playout.distance(to: first.timestamp.advanced(by: first.samples)) <= 0
        {
            slots.removeFirst()
        }
        if let first = slots.first, playout.distance(to: first.timestamp) < wanted {
            slots.removeFirst()
            missesInARow = 0
            payload.replace(with: first.payload.span.bytes)
            let offset = playout.distance(to: first.timestamp)
            playout = first.timestamp.advanced(by: first.samples)
            return .packet(tag: first.tag, offset: offset)
        }
        missesInARow += 1
        guard missesInARow <= Self.missLimit else {
            reset()
            return .empty
        }
        playout = playout.advanced(by: wanted)
        return .missing(samples: wanted)
    }

    public mutating func finishFrame(remaining: Int) {
        if let frames = framesToStart, frames > 0 { framesToStart = frames - 1 }
    }

    public mutating func reset() {
        slots.removeAll()
        framesToStart = nil
        missesInARow = 0
    }
}
