extension VoIPMetrics {
    /// What we tell the far end of the stream that we hear.
    ///
    /// - Parameter source: Its SSRC.
    init(_ quality: VoiceQuality, of source: UInt32, roundTripMilliseconds: Double?, isBufferAdaptive: Bool) {
        func share(_ value: Double?) -> UInt8 { UInt8(min(max((value ?? 0) * 256, 0), 255)) }
        func milliseconds(_ value: Double?) -> UInt16 { UInt16(min(max(value ?? 0, 0), 65_535)) }
        self.init(synchronizationSource: source)
        lossRate = share(quality.lossRate)
        discardRate = share(quality.discardRate)
        burstDensity = share(quality.burstDensity)
        gapDensity = share(quality.gapDensity)
        burstMilliseconds = milliseconds(quality.burstMilliseconds)
        gapMilliseconds = milliseconds(quality.gapMilliseconds)
        self.roundTripMilliseconds = milliseconds(roundTripMilliseconds)
        // What we hold back, and the frame that we speak into.
        let buffer = milliseconds(quality.jitterBufferMilliseconds)
        endSystemMilliseconds = milliseconds(Double(buffer) + 20)
        gapThreshold = UInt8(LossPattern.gapThreshold)
        rFactor = UInt8(min(max(quality.rFactor, 0), 100) + 0.5)
        listeningQuality = quality.mosListening
        conversationalQuality = quality.mosConversational
        concealment = .enhanced
        isJitterBufferAdaptive = isBufferAdaptive
        jitterBufferNominalMilliseconds = buffer
        jitterBufferMaximumMilliseconds = max(buffer, Self.greatestBuffer)
        jitterBufferAbsoluteMaximumMilliseconds = Self.greatestBuffer
    }

    /// As far as the adaptive buffer follows a network, milliseconds.
    private static let greatestBuffer: UInt16 = 1_000
}
