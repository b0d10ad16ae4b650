internal import SansIO

/// What is heard of the far end between packets and frames: decoding, concealment, time-scale modification.
///
/// Samples stay at the rate of the codec that was heard last; lengths that come and go are in units of 8,000 Hz.
struct DecodedSpeech: ~Copyable {
    /// Made up by a codec for longer than this, a hole is silence: 60 ms in units.
    private static let fadedUnits = 480

    private(set) var codecs: ReceivedCodecs
    /// The codec of the last packet decoded.
    private(set) var current: AudioCodecKind
    private var rateHertz: Int
    /// Samples per unit.
    private var scale: Int
    private var concealer: PacketLossConcealer
    private var scaler: TimeScaler
    private var queue: SampleQueue
    private var frames: InboundFrames
    private var seam = Seam()
    /// Units that the codec itself has made up in this hole. Before the first packet there is silence.
    private var madeUp = DecodedSpeech.fadedUnits + 1
    /// Payloads that could not be decoded.
    private(set) var undecodable = 0

    init(_ configuration: AudioLeg.Configuration) throws(AudioLegError) {
        var codecs = ReceivedCodecs(configuration.codecProviders, rateHertz: configuration.rateHertz)
        try codecs.prepare(configuration.negotiated.codec)
        let rateHertz = codecs.sampleRate(of: configuration.negotiated.codec)
        frames = try InboundFrames(from: rateHertz, configuration)
        self.codecs = codecs
        self.rateHertz = rateHertz
        current = configuration.negotiated.codec
        scale = rateHertz / AudioFrame.narrowRateHertz
        concealer = PacketLossConcealer(rateHertz: rateHertz)
        scaler = TimeScaler(rateHertz: rateHertz)
        queue = SampleQueue(capacity: Self.queueCapacity(atHertz: rateHertz))
    }

    /// Room for a frame and the longest packet of the codecs that have this rate.
    private static func queueCapacity(atHertz rateHertz: Int) -> Int {
        2 * LegJitterBuffer.maximumPayload * min(rateHertz / AudioFrame.narrowRateHertz, 3)
    }

    // MARK: Lengths

    /// Units that are there to be played.
    var units: Int { queue.count / scale }

    /// Units missing in a frame.
    var missingUnits: Int { (AudioFrame.narrowSamples * scale - queue.count + scale - 1) / scale }

    /// Whether the current hole has become silence.
    var hasFadedOut: Bool { madeUp > 0 ? madeUp > Self.fadedUnits : concealer.hasFadedOut }

    // MARK: Codecs

    /// Makes ready for packets of a kind.
    ///
    /// - Returns: False when there is no such codec.
    mutating func prepare(_ kind: AudioCodecKind) -> Bool {
        if kind.isBuiltIn || codecs.plugin(kind) != nil { return true }
        return (try? codecs.prepare(kind)) != nil
    }

    /// The next packet comes from another encoder.
    mutating func beginStream() {
        codecs.reset()
        if !current.isBuiltIn { seam.begin(after: queue.last, rateHertz: rateHertz) }
    }

    mutating func clear() {
        codecs.reset()
        queue.removeAll()
        concealer.reset()
        madeUp = Self.fadedUnits + 1
    }

    /// Goes over to another codec; what is in the queue is taken along to its rate.
    private mutating func change(to kind: AudioCodecKind) {
        let rate = codecs.sampleRate(of: kind)
        // Between the two laws nothing has to be hidden.
        let hasMemory = !kind.isBuiltIn || !current.isBuiltIn || rate != rateHertz
        // Its encoder begins anew, too.
        codecs.plugin(kind)?.resetDecoder()
        current = kind
        madeUp = 0
        if hasMemory { seam.begin(after: queue.last, rateHertz: rate) }
        guard rate != rateHertz, (try? frames.change(to: rate)) != nil else { return }
        queue = queue.converted(from: rateHertz, to: rate, capacity: Self.queueCapacity(atHertz: rate))
        rateHertz = rate
        scale = rate / AudioFrame.narrowRateHertz
        concealer = PacketLossConcealer(rateHertz: rate)
        scaler = TimeScaler(rateHertz: rate)
    }

    // MARK: Filling

    /// Decodes a payload to the end of the queue, joined to what went before.
    ///
    /// - Parameter skipped: Units at its start that lie in the past.
    /// - Returns: False when it was not valid: what it stood for has been made up.
    mutating func decode(
        _ packet: borrowing OwnedBytes, _ kind: AudioCodecKind, skipping skipped: Int
    ) -> Bool {
        if kind != current { change(to: kind) }
        let payload = packet.bytes
        guard let codec = NegotiatedCodec(kind) else { return decodePlugin(payload, kind, skipping: skipped) }
        let octets = kind == .l16 ? 4 * skipped : skipped
        guard octets < payload.byteCount else { return true }
        let rest = payload.extracting(octets..<payload.byteCount)
        madeUp = 0
        queue.append(upTo: kind == .l16 ? rest.byteCount / 2 : rest.byteCount) { span in
            let count = codec.decode(rest, into: &span)
            concealer.accept(&span)
            if seam.isOpen { seam.pass(&span) }
            return count
        }
        return true
    }

    private mutating func decodePlugin(
        _ payload: RawSpan, _ kind: AudioCodecKind, skipping skipped: Int
    ) -> Bool {
        guard let codec = codecs.plugin(kind), let expected = codec.sampleCount(of: payload) else {
            undecodable += 1
            return false
        }
        let isJoinedByCodec = madeUp > 0
        var isValid = true
        let before = queue.count
        queue.append(upTo: expected) { span in
            guard let count = codec.decode(payload, into: &span), (0...span.count).contains(count) else {
                isValid = false
                return 0
            }
            return count
        }
        guard isValid else {
            undecodable += 1
            conceal(expected / scale - skipped)
            return false
        }
        queue.remove(min(skipped * scale, queue.count - before), at: before)
        queue.change(from: before) { span in
            if !isJoinedByCodec { concealer.accept(&span) }
            if seam.isOpen { seam.pass(&span) }
        }
        madeUp = 0
        return true
    }

    /// Whether holes are filled with the noise that the far end has told, until it is heard again.
    var isComfortNoise: Bool { concealer.isComfortNoise }

    /// The far end is silent from here on, and has told how that sounds (RFC 3389).
    mutating func beginComfortNoise(_ packet: borrowing OwnedBytes) {
        guard let noise = ComfortNoise(parsing: packet.bytes) else { return }
        concealer.beginComfortNoise(noise)
        // What follows is joined to the noise, whatever a codec has made up before.
        madeUp = 0
    }

    /// Makes up what is missing.
    mutating func conceal(_ units: Int) {
        guard units > 0 else { return }
        if !isComfortNoise, !current.isBuiltIn, let codec = codecs.plugin(current) {
            let step = max(codec.concealmentSamples, 1)
            let before = queue.count
            queue.append(upTo: (units * scale + step - 1) / step * step) { span in
                min(max(codec.conceal(into: &span), 0), span.count)
            }
            if queue.count > before {
                madeUp += units
                return
            }
        }
        queue.append(upTo: units * scale) { span in
            concealer.conceal(into: &span)
            return span.count
        }
    }

    /// Fills a hole whose end is known to be `distance` units away, from the packet there where that has a second copy of
    /// what was lost.
    ///
    /// - Parameter units: As much as is needed now.
    mutating func recover(
        _ units: Int, from packet: borrowing OwnedBytes, _ kind: AudioCodecKind, distance: Int
    ) {
        guard kind == current, let codec = codecs.plugin(kind) else { return conceal(units) }
        let payload = packet.bytes
        let samples = codec.recoverableSamples(in: payload)
        let covered = samples / scale
        guard covered > 0, distance < covered + units else { return conceal(units) }
        conceal(distance - covered)
        let before = queue.count
        queue.append(upTo: samples) { span in
            min(max(codec.recover(from: payload, into: &span), 0), span.count)
        }
        guard queue.count > before else { return conceal(units) }
        queue.remove(min(max(covered - distance, 0) * scale, queue.count - before), at: before)
        madeUp += covered
    }

    // MARK: Playing

    /// Changes the speech so that the delay changes.
    ///
    /// - Returns: Whether some was left out.
    mutating func apply(_ adjustment: PlayoutAdjustment) -> Bool { scaler.apply(adjustment, to: &queue) < 0 }

    /// Takes one frame; what is missing in it becomes silence.
    mutating func takeFrame(narrow: inout MutableSpan<Int16>, wide: inout MutableSpan<Int16>) {
        if scale == 1 {
            queue.takeFirst(into: &narrow)
            scaler.remember(narrow.span)
            frames.widen(&narrow, into: &wide)
        } else {
            frames.take(from: &queue, narrow: &narrow, wide: &wide, remembering: &scaler)
        }
    }
}
