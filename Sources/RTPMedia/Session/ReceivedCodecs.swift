/// The codecs of what one leg receives. A plug-in is made when its first packet comes, and kept.
struct ReceivedCodecs {
    private let providers: [any AudioCodecProvider]
    private let rateHertz: Int
    /// By ``AudioCodecKind/tag``.
    private var plugins: [(any PluginCodec)?]

    /// - Parameter rateHertz: Of the leg's wide frames.
    init(_ providers: [any AudioCodecProvider], rateHertz: Int) {
        self.providers = providers
        self.rateHertz = rateHertz
        plugins = AudioCodecKind.allCases.map { _ in nil }
    }

    /// Makes the plug-in of a kind, unless it is there.
    mutating func prepare(_ kind: AudioCodecKind) throws(AudioLegError) {
        guard !kind.isBuiltIn, plugins[Int(kind.tag)] == nil else { return }
        plugins[Int(kind.tag)] = try providers.makeCodec(of: kind, CodecParameters(), rateHertz: rateHertz)
    }

    func plugin(_ kind: AudioCodecKind) -> (any PluginCodec)? { plugins[Int(kind.tag)] }

    /// Of the samples of a kind that is built in or has been prepared.
    func sampleRate(of kind: AudioCodecKind) -> Int {
        NegotiatedCodec(kind)?.sampleRateHertz ?? plugin(kind)?.sampleRateHertz
            ?? AudioFrame.narrowRateHertz
    }

    /// What a payload lasts in ticks of the codec's clock, at least 1; `nil` when it is not valid.
    func ticks(of payload: RawSpan, in kind: AudioCodecKind) -> Int? {
        switch kind {
        case .pcmu, .pcma: return payload.byteCount
        case .l16: return payload.byteCount >= 2 && payload.byteCount % 2 == 0 ? payload.byteCount / 2 : nil
        case .g722, .opus:
            guard let codec = plugin(kind), let samples = codec.sampleCount(of: payload) else { return nil }
            let ticks = samples * kind.clockRateHertz / codec.sampleRateHertz
            return ticks > 0 ? ticks : nil
        }
    }

    /// Another stream begins.
    func reset() {
        for plugin in plugins { plugin?.resetDecoder() }
    }
}

extension [any AudioCodecProvider] {
    /// The codec of one direction of a leg.
    ///
    /// - Throws: ``AudioLegError/missingCodec(_:)`` without a provider of the kind; what the provider throws.
    func makeCodec(
        of kind: AudioCodecKind, _ parameters: CodecParameters, rateHertz: Int
    ) throws(AudioLegError) -> any PluginCodec {
        guard let provider = first(where: { $0.kind == kind }) else { throw .missingCodec(kind) }
        let codec = try provider.makeCodec(parameters, rateHertz: rateHertz)
        guard AudioFrame.supportedRatesHertz.contains(codec.sampleRateHertz) else {
            throw .unsupportedRate(hertz: codec.sampleRateHertz)
        }
        return codec
    }
}

extension AudioCodecKind {
    /// How the jitter buffer remembers the codec of a packet.
    var tag: UInt8 {
        switch self {
        case .pcmu: 0
        case .pcma: 1
        case .g722: 2
        case .opus: 3
        case .l16: 4
        }
    }

    init(tag: UInt8) {
        self =
            switch tag {
            case 1: .pcma
            case 2: .g722
            case 3: .opus
            case 4: .l16
            default: .pcmu
            }
    }
}
