private import CSpeexDSP
package import RTPMedia
package import SansIO

/// libspeexdsp's jitter buffer with nothing around it: what published figures are about.
///
/// Packets of 20 ms only.
package struct UnmodifiedSpeexBuffer: JitterBuffer, ~Copyable {
    private let state: OpaquePointer
    private var bytes = [UInt8](repeating: 0, count: 2_048)

    package init(marginMilliseconds: Int) {
        guard let created = jitter_buffer_init(160) else {
            preconditionFailure("libspeexdsp is out of memory")
        }
        state = created
        var samples = Int32(marginMilliseconds * 8)
        _ = jitter_buffer_ctl(state, JITTER_BUFFER_SET_MARGIN, &samples)
    }

    deinit { jitter_buffer_destroy(state) }

    package mutating func put(
        _ payload: RawSpan, tag: UInt8, sequence: SequenceNumber, timestamp: RTPTimestamp, samples: Int,
        at now: MonotonicInstant
    ) {
        payload.withUnsafeBytes { payload in
            guard let base = payload.baseAddress else { return }
            var packet = JitterBufferPacket()
            // The library copies what it is given.
            packet.data = UnsafeMutableRawPointer(mutating: base).assumingMemoryBound(to: CChar.self)
            packet.len = UInt32(payload.count)
            packet.timestamp = timestamp.rawValue
            packet.span = UInt32(samples)
            packet.sequence = sequence.rawValue
            jitter_buffer_put(state, &packet)
        }
    }

    package mutating func take(_ wanted: Int, into payload: inout OwnedBytes) -> JitterBufferOutput {
        let state = state
        let count: Int? = bytes.withUnsafeMutableBytes { bytes in
            var packet = JitterBufferPacket()
            packet.data = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            packet.len = UInt32(bytes.count)
            var offset: Int32 = 0
            let code = jitter_buffer_get(state, &packet, 160, &offset)
            jitter_buffer_tick(state)
            return code == JITTER_BUFFER_OK ? Int(packet.len) : nil
        }
        // One call is one frame, whatever it gave.
        guard let count else { return .missing(samples: wanted) }
        payload.replace(with: bytes.span.bytes.extracting(0..<count))
        return .packet(tag: 0, offset: 0)
    }

    package mutating func finishFrame(remaining: Int) {}

    package mutating func reset() { jitter_buffer_reset(state) }
}
