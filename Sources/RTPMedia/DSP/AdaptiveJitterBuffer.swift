public import SansIO

/// A jitter buffer that plays as early as the network allows, and changes its delay by stretching speech.
///
/// The delay wanted comes from what arrivals have been like (``PlayoutDelayEstimator``). Since frames are taken on a
/// grid of 20 ms, a packet waits for the first tick of that grid that lies late enough; getting from one tick to
/// another is asked of the owner as time-scale modification. Packets of another length than a frame end now here, now
/// there between two ticks: what is left of one counts only as far as it is left of each. A hole is made up without
/// moving on: when the missing packet turns out to be lost, what has been made up stands for it, and when it was only
/// late it is played after all.
///
/// Packets lie in a fixed ring, found by sequence number; nothing allocates after `init`.
public struct AdaptiveJitterBuffer: JitterBuffer, ~Copyable {
    /// Octets of payload held, about 4 s of G.711.
    public static let capacity = 32_768
    /// Octets, and units of the timestamp, of the largest payload taken.
    public static let maximumPayload = 2_048
    /// Packets held, and the furthest one may be ahead.
    static let slotCount = 256
    /// Holes in a row after which the stream counts as stopped: 400 ms at 20 ms each.
    static let missLimit = 20
    /// Late packets in a row after which the stream counts as another one.
    static let lateLimit = 25
    /// Units by which timestamps may leave the sequence before they count as a new talk source: 4 s.
    static let timestampJump = 32_000
    /// Units by which a wait a frame shorter has to exceed the target before speech is shortened: 2 ms.
    static let excess: Int64 = 16

    private struct Slot {
        var isFilled = false
        var sequence = SequenceNumber(0)
        var timestamp = RTPTimestamp(0)
        var samples = 0
        var byteCount = 0
        var position: UInt32 = 0
    }

    private enum State { case idle, waiting, playing }

    private let quantile: Double
    private var estimator: PlayoutDelayEstimator
    private var ring = PayloadRing(capacity: capacity)
    private let slots: UnsafeMutablePointer<Slot>
    private var state = State.idle
    /// The packet to be played next, the newest one held, and where playing has come to.
    private var next = SequenceNumber(0)
    private var newest = SequenceNumber(0)
    private var playout = RTPTimestamp(0)
    /// Samples made up since the hole began; they stand for what turns out to be lost.
    private var madeUp = 0
    private var missesInARow = 0
    private var lateInARow = 0
    /// Samples the owner has left from the last frame.
    private var held = 0
    /// Greatest common divisor of a frame and the packets: the steps in which the ends of packets lie between two ticks.
    private var grain = AudioFrame.narrowSamples
    /// Lengths of the last two packets, from which ``grain`` is: those that end between two units differ by turns.
    private var noted = (last: AudioFrame.narrowSamples, before: AudioFrame.narrowSamples)
    /// Whether the hole began while later packets were there.
    private var isOvertaken = false
    /// Packets that came too late to be played.
    private var discarded = 0
    /// Units from a packet's arrival, had it come as fast as the fastest, to its play-out, as of the last tick.
    private var delay: Int64 = 0
    /// Whether the hole holds packets that have not come.
    private var hasSkipped = false
    /// Whether a frame less of delay would do, as of the last tick.
    private var isSlow = false

    /// - Parameter quantile: Share of packets that are to be in time, 0.5...0.999: less delay, or less made up.
    public init(quantile: Double = 0.97) {
        self.quantile = quantile
        estimator = PlayoutDelayEstimator(quantile: quantile)
        slots = .allocate(capacity: Self.slotCount)
        slots.initialize(repeating: Slot(), count: Self.slotCount)
    }

    deinit { slots.deallocate() }

    public mutating func put(
        _ payload: RawSpan, tag: UInt8, sequence: SequenceNumber, timestamp: RTPTimestamp, samples: Int,
        at now: MonotonicInstant
    ) {
        guard payload.byteCount <= Self.maximumPayload, (1...Self.maximumPayload).contains(samples) else {
            return
        }
        if state == .idle || isElsewhere(sequence) { start(at: sequence, timestamp) }
        var ahead = next.distance(to: sequence)
        if ahead < 0, state == .waiting {
            next = sequence
            playout = timestamp
            ahead = 0
        }
        estimator.note(timestamp, at: now, isLate: ahead < 0)
        guard ahead >= 0 else {
            lateInARow += 1
            discarded += 1
            return
        }
        lateInARow = 0
        let position = ring.store(payload, tag: tag)
        slots[Self.index(sequence)] = Slot(
            isFilled: true, sequence: sequence, timestamp: timestamp, samples: samples,
            byteCount: payload.byteCount, position: position)
        if newest.distance(to: sequence) > 0 { newest = sequence }
    }

    public mutating func beginFrame(at now: MonotonicInstant) -> PlayoutAdjustment {
        guard state != .idle else { return .keep }
        let frame = Int64(AudioFrame.narrowSamples)
        let lag = PlayoutDelayEstimator.units(now) &- estimator.position(of: playout) &- estimator.base
        let target = estimator.target
        if state == .waiting {
            // No more than a frame: what the first packets ask for beyond is got by stretching.
            if lag >= min(target, frame) { state = .playing }
            return .keep
        }
        // A packet may come as late as the tick at which what is held no longer fills a frame.
        delay = lag &+ Int64(held - held % AudioFrame.narrowSamples)
        // What is held beyond whole grains is held at every tick, and only delays what follows. Of the packets that
        // begin within a frame the last one has waited least.
        let rest = held % grain
        let wait = lag &+ Int64(held - rest) &- (frame - Int64(grain))
        isSlow = wait - frame >= target
        if wait < target {
            return .lengthen(upTo: max(grain - rest, TimeScaler.longestLag))
        }
        guard missesInARow == 0 else { return .keep }
        if wait - frame >= target + Self.excess, isHolding(1) {
            return .shorten(upTo: AudioFrame.narrowSamples + rest)
        }
        return rest > 0 ? .shorten(upTo: rest) : .keep
    }

    public mutating func take(_ wanted: Int, into payload: inout OwnedBytes) -> JitterBufferOutput {
        guard state == .playing else { return .empty }
        while next.distance(to: newest) >= 0 {
            let slot = slots[Self.index(next)]
            guard slot.isFilled, slot.sequence == next else {
                let hole = holeBeforeNextHeld
                if madeUp == 0, hole > 0 {
                    isOvertaken = true
                    return makeUp(min(wanted, hole))
                }
                hasSkipped = true
                skip()
                continue
            }
            var offset = playout.distance(to: slot.timestamp)
            if abs(offset) > Self.timestampJump { offset = 0 }
            if offset > 0, madeUp > 0 {
                offset -= madeUp
                // A rest shorter than a frame is dropped: it would cost a second frame made up.
                if offset < AudioFrame.narrowSamples { offset = min(offset, 0) }
                if offset < 0 { offset = 0 }
                madeUp = 0
                playout = slot.timestamp.advanced(by: -offset)
            }
            if offset > 0 { return makeUp(min(wanted, offset)) }
            guard offset + slot.samples > 0 else {
                drop()
                continue
            }
            if isOvertaken, madeUp >= slot.samples, isSlow {
                // It comes after what was made up in its place; playing it would only add delay.
                playout = slot.timestamp.advanced(by: slot.samples)
                madeUp -= slot.samples
                drop()
                continue
            }
            drop()
            note(length: slot.samples)
            playout = slot.timestamp.advanced(by: slot.samples)
            madeUp = 0
            guard let tag = ring.copy(slot.position, byteCount: slot.byteCount, into: &payload) else {
                return .missing(samples: slot.samples + offset)
            }
            missesInARow = 0
            isOvertaken = false
            hasSkipped = false
            return .packet(tag: tag, offset: offset)
        }
        return makeUp(wanted)
    }

    public mutating func behindHole(of missing: Int, into payload: inout OwnedBytes) -> PacketBehindHole? {
        guard state == .playing else { return nil }
        var sequence = next
        while sequence.distance(to: newest) >= 0 {
            let slot = slots[Self.index(sequence)]
            if slot.isFilled, slot.sequence == sequence {
                let distance = playout.distance(to: slot.timestamp) - madeUp + missing
                guard distance >= 0, distance <= Self.timestampJump,
                    let tag = ring.copy(slot.position, byteCount: slot.byteCount, into: &payload)
                else { return nil }
                return PacketBehindHole(
                    tag: tag, distance: distance, hasLoss: hasSkipped || sequence != next)
            }
            sequence = sequence.advanced(by: 1)
        }
        return nil
    }

    public mutating func finishFrame(remaining: Int) { held = max(remaining, 0) }

    /// Packets that came too late since this was asked.
    mutating func takeDiscarded() -> Int {
        defer { discarded = 0 }
        return discarded
    }

    /// Units by which a packet as fast as the fastest waited at the last tick.
    mutating func takeDelay() -> Int64 { delay }

    public mutating func reset() {
        stop()
        estimator = PlayoutDelayEstimator(quantile: quantile)
    }

    // MARK: Positions

    private static func index(_ sequence: SequenceNumber) -> Int { Int(sequence.rawValue) % slotCount }

    /// Whether the packet `ahead` of the next one is there.
    private func isHolding(_ ahead: Int) -> Bool {
        let sequence = next.advanced(by: ahead)
        let slot = slots[Self.index(sequence)]
        return slot.isFilled && slot.sequence == sequence
    }

    /// Samples missing before the first packet held; none when the numbers in between were used by other payloads.
    private var holeBeforeNextHeld: Int {
        var sequence = next
        while sequence.distance(to: newest) > 0 {
            sequence = sequence.advanced(by: 1)
            let slot = slots[Self.index(sequence)]
            if slot.isFilled, slot.sequence == sequence { return playout.distance(to: slot.timestamp) }
        }
        return 0
    }

    private func isElsewhere(_ sequence: SequenceNumber) -> Bool {
        let ahead = next.distance(to: sequence)
        return abs(ahead) >= Self.slotCount || (ahead < 0 && lateInARow >= Self.lateLimit)
    }

    private mutating func start(at sequence: SequenceNumber, _ timestamp: RTPTimestamp) {
        stop()
        state = .waiting
        next = sequence
        newest = sequence
        playout = timestamp
    }

    private mutating func stop() {
        state = .idle
        for index in 0..<Self.slotCount { slots[index].isFilled = false }
        ring.releaseAll()
        madeUp = 0
        missesInARow = 0
        lateInARow = 0
        isOvertaken = false
        hasSkipped = false
        isSlow = false
    }

    private mutating func drop() {
        let index = Self.index(next)
        ring.release(slots[index].position)
        slots[index].isFilled = false
        skip()
    }

    private mutating func note(length: Int) {
        // The mark of a pause is no audio.
        guard length > 1, length != noted.last || length != noted.before else { return }
        noted = (length, noted.last)
        grain = Self.commonDivisor(AudioFrame.narrowSamples, Self.commonDivisor(noted.last, noted.before))
    }

    private static func commonDivisor(_ one: Int, _ other: Int) -> Int {
        var (divisor, rest) = (one, other)
        while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
        return divisor
    }

    private mutating func skip() { next = next.advanced(by: 1) }

    private mutating func makeUp(_ samples: Int) -> JitterBufferOutput {
        missesInARow += 1
        guard missesInARow <= Self.missLimit else {
            stop()
            return .empty
        }
        madeUp += samples
        return .missing(samples: samples)
    }
}
