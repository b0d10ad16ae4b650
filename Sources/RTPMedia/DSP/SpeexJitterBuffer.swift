private import CSpeexDSP
public import SansIO

/// Sole owner of one libspeexdsp jitter buffer: adaptive, moving its delay in whole frames.
///
/// The library would allocate and copy per packet. Here payloads lie in a ring of this owner instead; with a destroy
/// callback set the library only passes their addresses around, and the callback has nothing to do. `user_data`
/// carries a payload's position in the ring, so that one that has been written over meanwhile counts as lost.
///
/// Two things are done better than the library alone would: the first packet waits for the margin instead of being
/// followed by an inserted frame, and a stream that comes late as a whole (a route change) is taken up again after
/// ``lateLimit`` frames of late packets instead of after 20 lost ones.
public struct SpeexJitterBuffer: JitterBuffer, ~Copyable {
    /// Octets of payload held, about 4 s of G.711.
    public static let capacity = 32_768
    /// Octets of the largest payload taken.
    public static let maximumPayload = 2_048
    /// Holes in a row after which the stream counts as stopped: 400 ms at 20 ms each.
    static let missLimit = 20
    /// Frames in a row with nothing but late packets after which the buffer starts over. Frames and not packets,
    /// since a stalled link delivers its late packets all at once and is then back in time.
    static let lateLimit = 3

    private let state: OpaquePointer
    private var ring = PayloadRing(capacity: capacity)
    private let marginFrames: Int
    /// Frames until the first packet is played; `nil` while nothing has come.
    private var framesToStart: Int?
    private var missesInARow = 0
    private var lateFramesInARow = 0
    /// Packets that came too late to be played.
    private var discarded = 0
    /// Whether this frame has seen late packets only; `nil` without any.
    private var isLate: Bool?

    /// - Parameter margin: Delay kept beyond what has been learnt; 0...500 ms.
    public init(margin: Duration) {
        let milliseconds = min(max(Int(margin.nanoseconds / 1_000_000), 0), 500)
        marginFrames = (milliseconds + 19) / 20
        guard let created = jitter_buffer_init(Int32(AudioFrame.narrowSamples)) else {
            preconditionFailure("libspeexdsp is out of memory")
        }
        state = created
        var samples = Int32(milliseconds * AudioFrame.narrowRateHertz / 1_000)
        _ = jitter_buffer_ctl(created, JITTER_BUFFER_SET_MARGIN, &samples)
        // Holes are as long as asked for; the delay still moves by whole frames.
        var unit: Int32 = 1
        _ = jitter_buffer_ctl(created, JITTER_BUFFER_SET_CONCEALMENT_SIZE, &unit)
        let keep: @convention(c) (UnsafeMutableRawPointer?) -> Void = { _ in }
        _ = jitter_buffer_ctl(
            created, JITTER_BUFFER_SET_DESTROY_CALLBACK, unsafeBitCast(keep, to: UnsafeMutableRawPointer.self)
        )
    }

    deinit { jitter_buffer_destroy(state) }

    public mutating func put(
        _ payload: RawSpan, tag: UInt8, sequence: SequenceNumber, timestamp: RTPTimestamp, samples: Int,
        at now: MonotonicInstant
    ) {
        guard payload.byteCount <= Self.maximumPayload, samples > 0, samples <= Self.maximumPayload else {
            return
        }
        if framesToStart == nil {
            framesToStart = marginFrames
        } else if framesToStart == 0 {
            noteLateness(ofPacketEndingAt: timestamp.advanced(by: samples))
        }
        let position = ring.store(payload, tag: tag)
        var packet = JitterBufferPacket()
        packet.data = ring.address(of: position).assumingMemoryBound(to: CChar.self)
        packet.len = UInt32(payload.byteCount + 1)
        packet.timestamp = timestamp.rawValue
        packet.span = UInt32(samples)
        packet.sequence = sequence.rawValue
        packet.user_data = position
        jitter_buffer_put(state, &packet)
    }

    public mutating func take(_ wanted: Int, into payload: inout OwnedBytes) -> JitterBufferOutput {
        guard framesToStart == 0 else { return .empty }
        var packet = JitterBufferPacket()
        var offset: Int32 = 0
        let code = jitter_buffer_get(state, &packet, Int32(clamping: wanted), &offset)
        if code == JITTER_BUFFER_OK, let data = packet.data {
            missesInARow = 0
            lateFramesInARow = 0
            guard ring.holds(packet.user_data) else {
                return .missing(samples: max(Int(packet.span) + Int(offset), 1))
            }
            let bytes = UnsafeRawBufferPointer(start: data, count: Int(packet.len))
            payload.replace(with: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[1...])))
            ring.release(packet.user_data)
            return .packet(tag: bytes[0], offset: Int(offset))
        }
        missesInARow += 1
        guard missesInARow <= Self.missLimit else {
            reset()
            return .empty
        }
        let samples = Int(packet.span)
        // Asked to insert many frames at once, it is content with one, and the delay does not overshoot a stall.
        return .missing(samples: (1...max(wanted, 1)).contains(samples) ? samples : wanted)
    }

    public mutating func finishFrame(remaining: Int) {
        if let isLate {
            lateFramesInARow = isLate ? lateFramesInARow + 1 : 0
            self.isLate = nil
        }
        switch framesToStart {
        case nil: break
        case 0?: jitter_buffer_remaining_span(state, UInt32(clamping: remaining))
        case let frames?: framesToStart = frames - 1
        }
    }

    /// Packets that came too late since this was asked.
    mutating func takeDiscarded() -> Int {
        defer { discarded = 0 }
        return discarded
    }

    public mutating func reset() {
        jitter_buffer_reset(state)
        ring.releaseAll()
        framesToStart = nil
        missesInARow = 0
        lateFramesInARow = 0
        isLate = nil
    }

    private mutating func noteLateness(ofPacketEndingAt end: RTPTimestamp) {
        let playout = RTPTimestamp(UInt32(bitPattern: jitter_buffer_get_pointer_timestamp(state)))
        guard playout.distance(to: end) <= 0 else {
            isLate = false
            return
        }
        isLate = isLate ?? true
        discarded += 1
        if lateFramesInARow >= Self.lateLimit - 1, missesInARow >= Self.lateLimit {
            reset()
            framesToStart = marginFrames
        }
    }
}
