internal import SansIO

/// From payloads in any order to 20 ms frames: the jitter buffer, and what is decoded behind it.
///
/// Positions and lengths are in units of 8,000 Hz whatever the codec's clock (``MediaClock``).
struct InboundPlayout: ~Copyable {
    /// Marks comfort noise among the packets; no codec's (``AudioCodecKind/tag``).
    private static let comfortNoiseTag: UInt8 = 255

    private var jitterBuffer: LegJitterBuffer
    private var speech: DecodedSpeech
    private var payload = OwnedBytes(capacity: LegJitterBuffer.maximumPayload)
    /// Units of a frame that may be made up in one that is lengthened all the same: 5 ms.
    private static let patch = 40
    /// Units of the frame being filled that stand in the place of what was lost.
    private var lost = 0
    /// Whether the frame being filled holds something in the place of what was not sent.
    private var isPaused = false

    init(_ configuration: AudioLeg.Configuration) throws(AudioLegError) {
        jitterBuffer = LegJitterBuffer(configuration.jitterBuffer, margin: configuration.jitterMargin)
        speech = try DecodedSpeech(configuration)
    }

    /// Payloads that could not be decoded.
    var undecodable: Int { speech.undecodable }

    /// Packets that came too late to be played.
    var discarded: Int { jitterBuffer.discarded }
    /// How long a packet waits that came as fast as the fastest; `nil` when the library does not tell.
    var delayMilliseconds: Double? { jitterBuffer.delayMilliseconds }

    /// Makes ready for packets of a kind.
    ///
    /// - Returns: False when there is no such codec.
    mutating func prepare(_ kind: AudioCodecKind) -> Bool { speech.prepare(kind) }

    /// What a payload lasts in ticks of its codec's clock; `nil` when it is not valid.
    func ticks(of payload: RawSpan, in kind: AudioCodecKind) -> Int? {
        speech.codecs.ticks(of: payload, in: kind)
    }

    /// Takes a payload that ``ticks(of:in:)`` has found valid.
    mutating func put(
        _ payload: RawSpan, of kind: AudioCodecKind, sequence: SequenceNumber, place: MediaClock.Stretch,
        at now: MonotonicInstant
    ) {
        jitterBuffer.put(
            payload, tag: kind.tag, sequence: sequence, timestamp: place.position, samples: place.units,
            at: now)
    }

    /// Takes a comfort-noise payload (RFC 3389), at least an octet; the noise lasts until the audio behind it is played.
    ///
    /// It waits in its place among the audio, as the shortest packet there is.
    mutating func putComfortNoise(
        _ payload: RawSpan, sequence: SequenceNumber, place: MediaClock.Stretch, at now: MonotonicInstant
    ) {
        let told = payload.extracting(0..<min(payload.byteCount, ComfortNoise.byteCount))
        jitterBuffer.put(
            told, tag: Self.comfortNoiseTag, sequence: sequence, timestamp: place.position,
            samples: place.units, at: now)
    }

    /// Drops what is waiting: the stream's clock starts over.
    mutating func resynchronise() { jitterBuffer.reset() }

    /// The same, and another encoder speaks from now on.
    mutating func beginStream() {
        jitterBuffer.reset()
        speech.beginStream()
    }

    /// Drops what has been decoded, too.
    mutating func clear() {
        jitterBuffer.reset()
        speech.clear()
    }

    /// Takes the frame of this deadline.
    ///
    /// - Parameters:
    ///   - receives: False gives silence.
    ///   - isAfterEvent: Whether missing audio is none, since a key stands in its place.
    mutating func pull(
        narrow: inout MutableSpan<Int16>, wide: inout MutableSpan<Int16>, receives: Bool, isAfterEvent: Bool,
        at now: MonotonicInstant
    ) -> AudioLeg.FrameKind {
        let kind = receives ? fill(isAfterEvent: isAfterEvent, at: now) : .silence
        speech.takeFrame(narrow: &narrow, wide: &wide)
        return kind
    }

    private mutating func fill(isAfterEvent: Bool, at now: MonotonicInstant) -> AudioLeg.FrameKind {
        let adjustment = jitterBuffer.beginFrame(at: now)
        lost = 0
        isPaused = false
        fillFrame()
        // Speech left out makes room for the next packet.
        if isFit(for: adjustment), speech.apply(adjustment) { fillFrame() }
        jitterBuffer.finishFrame(remaining: speech.units - AudioFrame.narrowSamples)
        if lost == 0 { return isPaused ? .silence : .audio }
        return speech.hasFadedOut || isAfterEvent ? .silence : .concealed
    }

    /// Whether the frame is speech that may be changed.
    private func isFit(for adjustment: PlayoutAdjustment) -> Bool {
        // A far end that sends a little less than a frame each time would be patched each time, and never waited for.
        if case .lengthen = adjustment { return !isPaused && lost <= Self.patch }
        return !isPaused && lost == 0
    }

    /// Takes until there is a frame.
    private mutating func fillFrame() {
        while true {
            let wanted = speech.missingUnits
            guard wanted > 0 else { return }
            switch jitterBuffer.take(wanted, into: &payload) {
            case .packet(let tag, let offset):
                if offset > 0 { makeUp(min(offset, AudioFrame.narrowSamples)) }
                if tag == Self.comfortNoiseTag {
                    speech.beginComfortNoise(payload)
                    makeUp(1)
                    continue
                }
                let kind = AudioCodecKind(tag: tag)
                if !speech.decode(payload, kind, skipping: max(-offset, 0)) {
                    lost += AudioFrame.narrowSamples
                }
            case .missing(let units):
                fillHole(units)
            case .empty:
                makeUp(wanted)
            }
        }
    }

    /// Fills a hole: with comfort noise it is a pause and no loss.
    private mutating func makeUp(_ units: Int) {
        if speech.isComfortNoise { isPaused = true } else { lost += units }
        speech.conceal(units)
    }

    /// Makes up what is missing, from the packet behind it where that tells what was in it.
    private mutating func fillHole(_ units: Int) {
        guard !speech.isComfortNoise, !speech.current.isBuiltIn,
            let behind = jitterBuffer.behindHole(of: units, into: &payload)
        else { return makeUp(units) }
        guard behind.hasLoss else {
            // Nothing was sent here, so that nothing is missing.
            isPaused = true
            return speech.conceal(units)
        }
        lost += units
        speech.recover(
            units, from: payload, AudioCodecKind(tag: behind.tag), distance: behind.distance)
    }
}
