/// A built-in codec of one channel, without a memory: the seam between packets and samples.
///
/// Called once per 20 ms frame and leg, on the loop of the engine, through a concrete type or ``NegotiatedCodec``,
/// never through an existential. Nothing can fail: every octet is a valid code. Codecs that need a library come through
/// ``AudioCodecProvider``.
public protocol AudioCodec: Sendable {
    var kind: AudioCodecKind { get }

    /// Decodes as much of `payload` as `samples` has room for.
    ///
    /// - Returns: Samples written.
    func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int

    /// Encodes as many of `samples` as `payload` has room for.
    ///
    /// - Returns: Octets written.
    func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int
}

/// The built-in codec of a negotiated kind, chosen once per negotiation.
public enum NegotiatedCodec: AudioCodec {
    case muLaw(MuLawCodec)
    case aLaw(ALawCodec)
    case linear(L16Codec)

    /// - Returns: `nil` for a kind that is not ``AudioCodecKind/isBuiltIn``.
    public init?(_ kind: AudioCodecKind) {
        switch kind {
        case .pcmu: self = .muLaw(MuLawCodec())
        case .pcma: self = .aLaw(ALawCodec())
        case .l16: self = .linear(L16Codec())
        case .g722, .opus: return nil
        }
    }

    public var kind: AudioCodecKind {
        switch self {
        case .muLaw: .pcmu
        case .aLaw: .pcma
        case .linear: .l16
        }
    }

    /// Rate of its samples in hertz.
    public var sampleRateHertz: Int {
        switch self {
        case .muLaw, .aLaw: 8_000
        case .linear: 16_000
        }
    }

    public func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int {
        switch self {
        case .muLaw(let codec): codec.decode(payload, into: &samples)
        case .aLaw(let codec): codec.decode(payload, into: &samples)
        case .linear(let codec): codec.decode(payload, into: &samples)
        }
    }

    public func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int {
        switch self {
        case .muLaw(let codec): codec.encode(samples, into: &payload)
        case .aLaw(let codec): codec.encode(samples, into: &payload)
        case .linear(let codec): codec.encode(samples, into: &payload)
        }
    }
}
