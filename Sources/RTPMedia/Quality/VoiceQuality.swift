/// Quality of one direction of a call, on the narrowband scale of the E-model.
public struct VoiceQuality: Hashable, Sendable, Codable {
    /// Where the figures come from.
    @nonexhaustive
    public enum Source: String, Hashable, Sendable, Codable {
        /// Counted by ourselves, packet by packet.
        case measured
        /// Of the far end's VoIP metrics (RFC 3611 §4.7).
        case reported
        /// From the loss and the round trip in the far end's reception reports; its discards and its concealment are not known.
        case estimated
    }

    public var source: Source
    /// Transmission rating, 0...100.
    public var rFactor: Double
    /// Mean opinion score of somebody who only listens, 1...4.5.
    public var mosListening: Double
    /// And of somebody in a conversation, whom delay troubles too.
    public var mosConversational: Double
    /// Packets lost on the way, and packets that came too late to be played, 0...1 of all.
    public var lossRate: Double
    public var discardRate: Double
    /// Lost or discarded within bursts and within gaps, 0...1 (RFC 3611 §4.7.2); `nil` when not known.
    public var burstDensity: Double?
    public var gapDensity: Double?
    /// Mean lengths.
    public var burstMilliseconds: Double?
    public var gapMilliseconds: Double?
    /// From mouth to ear, as far as it is known: half the round trip, the packet itself and the jitter buffer.
    public var oneWayDelayMilliseconds: Double
    /// The jitter buffer's share; `nil` when not known.
    public var jitterBufferMilliseconds: Double?

    public init(
        source: Source, rFactor: Double, mosListening: Double, mosConversational: Double, lossRate: Double,
        discardRate: Double, oneWayDelayMilliseconds: Double
    ) {
        self.source = source
        self.rFactor = rFactor
        self.mosListening = mosListening
        self.mosConversational = mosConversational
        self.lossRate = lossRate
        self.discardRate = discardRate
        self.oneWayDelayMilliseconds = oneWayDelayMilliseconds
    }

    init(
        _ source: Source, codec: AudioCodecKind, lossRate: Double, discardRate: Double,
        burstRatio: Double = 1,
        delayMilliseconds: Double
    ) {
        let model = EModel(
            oneWayDelay: .seconds(delayMilliseconds / 1_000), equipment: EquipmentImpairment(codec: codec),
            packetLoss: lossRate + discardRate, burstRatio: burstRatio)
        let rating = model.rating
        self.init(
            source: source, rFactor: min(max(rating, 0), 100),
            mosListening: EModel.meanOpinionScore(rating: model.listeningRating),
            mosConversational: EModel.meanOpinionScore(rating: rating), lossRate: lossRate,
            discardRate: discardRate, oneWayDelayMilliseconds: delayMilliseconds)
    }

    /// The stream that we receive.
    ///
    /// - Parameters:
    ///   - packetMilliseconds: Of audio in each packet.
    ///   - roundTripMilliseconds: `nil` when not known: then the network's delay is left out.
    init(
        measured pattern: LossPattern.Summary, codec: AudioCodecKind, packetMilliseconds: Double,
        jitterBufferMilliseconds: Double?, roundTripMilliseconds: Double?
    ) {
        let all = Double(max(pattern.packets, 1))
        let delay =
            (roundTripMilliseconds ?? 0) / 2 + packetMilliseconds + (jitterBufferMilliseconds ?? 0)
        self.init(
            .measured, codec: codec, lossRate: Double(pattern.lost) / all,
            discardRate: Double(pattern.discarded) / all, burstRatio: pattern.burstRatio,
            delayMilliseconds: delay)
        burstDensity = pattern.burstDensity
        gapDensity = pattern.gapDensity
        burstMilliseconds = pattern.burstLength * packetMilliseconds
        gapMilliseconds = pattern.gapLength * packetMilliseconds
        self.jitterBufferMilliseconds = jitterBufferMilliseconds
    }

    /// The stream that the far end receives, by its VoIP metrics. Scores that it leaves out are worked out here.
    init(reported metrics: VoIPMetrics, codec: AudioCodecKind, roundTripMilliseconds: Double?) {
        let roundTrip = roundTripMilliseconds ?? Double(metrics.roundTripMilliseconds)
        let ownDelay = Double(max(metrics.endSystemMilliseconds, metrics.jitterBufferNominalMilliseconds))
        self.init(
            .reported, codec: codec, lossRate: Double(metrics.lossRate) / 256,
            discardRate: Double(metrics.discardRate) / 256,
            delayMilliseconds: min(roundTrip / 2 + ownDelay, 10_000))
        if let factor = metrics.rFactor { rFactor = Double(factor) }
        if let quality = metrics.listeningQuality { mosListening = quality }
        if let quality = metrics.conversationalQuality { mosConversational = quality }
        burstDensity = Double(metrics.burstDensity) / 256
        gapDensity = Double(metrics.gapDensity) / 256
        burstMilliseconds = Double(metrics.burstMilliseconds)
        gapMilliseconds = Double(metrics.gapMilliseconds)
        if metrics.jitterBufferNominalMilliseconds > 0 {
            jitterBufferMilliseconds = Double(metrics.jitterBufferNominalMilliseconds)
        }
    }

    /// The stream that the far end receives, by its reception reports alone.
    ///
    /// - Parameter jitterMilliseconds: As it reports it. A buffer of twice that, at least 40 ms, is assumed.
    init(
        estimatedLoss: Double, codec: AudioCodecKind, jitterMilliseconds: Double,
        packetMilliseconds: Double, roundTripMilliseconds: Double?
    ) {
        let buffer = min(max(2 * jitterMilliseconds, 40), 500)
        self.init(
            .estimated, codec: codec, lossRate: min(max(estimatedLoss, 0), 1), discardRate: 0,
            delayMilliseconds: (roundTripMilliseconds ?? 0) / 2 + packetMilliseconds + buffer)
    }
}
