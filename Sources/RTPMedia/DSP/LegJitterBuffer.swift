internal import SansIO

/// Which jitter buffer a leg has.
public enum JitterBufferKind: Hashable, Sendable {
    /// ``AdaptiveJitterBuffer``.
    ///
    /// - `quantile`: Share of packets that are to be in time, 0.5...0.999.
    case adaptive(quantile: Double)
    /// ``SpeexJitterBuffer`` with ``AudioLeg/Configuration/jitterMargin``.
    case speex
}

/// One of the two, chosen when the leg is made: no existential on the path of every packet.
struct LegJitterBuffer: JitterBuffer, ~Copyable {
    static let maximumPayload = max(AdaptiveJitterBuffer.maximumPayload, SpeexJitterBuffer.maximumPayload)

    private var adaptive: AdaptiveJitterBuffer?
    private var speex: SpeexJitterBuffer?
    /// Packets that came too late to be played.
    private(set) var discarded = 0
    /// How long a packet waits that came as fast as the fastest; `nil` when the library does not tell.
    private(set) var delayMilliseconds: Double?

    init(_ kind: JitterBufferKind, margin: Duration) {
        switch kind {
        case .adaptive(let quantile): adaptive = AdaptiveJitterBuffer(quantile: quantile)
        case .speex: speex = SpeexJitterBuffer(margin: margin)
        }
    }

    mutating func put(
        _ payload: RawSpan, tag: UInt8, sequence: SequenceNumber, timestamp: RTPTimestamp, samples: Int,
        at now: MonotonicInstant
    ) {
        adaptive?.put(payload, tag: tag, sequence: sequence, timestamp: timestamp, samples: samples, at: now)
        speex?.put(payload, tag: tag, sequence: sequence, timestamp: timestamp, samples: samples, at: now)
        discarded += adaptive?.takeDiscarded() ?? speex?.takeDiscarded() ?? 0
    }

    mutating func beginFrame(at now: MonotonicInstant) -> PlayoutAdjustment {
        adaptive?.beginFrame(at: now) ?? .keep
    }

    mutating func take(_ wanted: Int, into payload: inout OwnedBytes) -> JitterBufferOutput {
        adaptive?.take(wanted, into: &payload) ?? speex?.take(wanted, into: &payload) ?? .empty
    }

    mutating func behindHole(of missing: Int, into payload: inout OwnedBytes) -> PacketBehindHole? {
        adaptive?.behindHole(of: missing, into: &payload)
    }

    mutating func finishFrame(remaining: Int) {
        adaptive?.finishFrame(remaining: remaining)
        if let delay = adaptive?.takeDelay() { delayMilliseconds = Double(max(delay, 0)) / 8 }
        speex?.finishFrame(remaining: remaining)
    }

    mutating func reset() {
        adaptive?.reset()
        speex?.reset()
    }
}
