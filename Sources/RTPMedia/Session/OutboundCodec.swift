/// The codec of what one leg sends: built in, or made by a provider.
struct OutboundCodec {
    /// Octets of the largest payload: what a packet carries across Ethernet, with room for encryption.
    static let maximumPayload = 1_400

    let kind: AudioCodecKind
    let sampleRateHertz: Int
    /// `nil` for a plug-in.
    let builtIn: NegotiatedCodec?
    let plugin: (any PluginCodec)?

    /// - Parameter rateHertz: Of the leg's wide frames.
    init(
        _ negotiated: NegotiatedAudio, _ providers: [any AudioCodecProvider], rateHertz: Int
    ) throws(AudioLegError) {
        kind = negotiated.codec
        builtIn = NegotiatedCodec(negotiated.codec)
        if let builtIn {
            plugin = nil
            sampleRateHertz = builtIn.sampleRateHertz
        } else {
            let codec = try providers.makeCodec(
                of: negotiated.codec, CodecParameters(opus: negotiated.opus), rateHertz: rateHertz)
            plugin = codec
            sampleRateHertz = codec.sampleRateHertz
        }
    }

    /// Length of our packets when the far end wants `milliseconds`: whole tens, 10...60.
    func packetMilliseconds(wanted milliseconds: Int) -> Int {
        let wanted = min(max(milliseconds / 10 * 10, 10), 60)
        if let plugin { return min(max(plugin.packetMilliseconds(wanted: wanted) / 10 * 10, 10), 60) }
        // More linear samples would not fit into a packet.
        return kind == .l16 ? min(wanted, 40) : wanted
    }

    /// - Returns: Octets written; 0 when nothing needs to be sent.
    func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int {
        if let builtIn { return builtIn.encode(samples, into: &payload) }
        let count = plugin?.encode(samples, into: &payload) ?? 0
        return min(max(count, 0), payload.byteCount)
    }
}
