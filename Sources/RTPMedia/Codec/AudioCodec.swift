/// A sample-based codec of one channel at 8,000 Hz: the seam between packets and samples.
///
/// Called once per 20 ms frame and leg, on the loop of the engine, through a concrete type or ``NegotiatedCodec``,
/// never through an existential. Nothing can fail: every octet is a valid code.
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

/// The codec of a negotiated kind, chosen once per negotiation.
public enum NegotiatedCodec: AudioCodec {
    case muLaw(MuLawCodec)
    case aLaw(ALawCodec)

    public init(_ kind: AudioCodecKind) {
        switch kind {
        case .pcmu: self = .muLaw(MuLawCodec())
        case .pcma: self = .aLaw(ALawCodec())
        }
    }

    public var kind: AudioCodecKind {
        switch self {
        case .muLaw: .pcmu
        case .aLaw: .pcma
        }
    }

    public func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int {
        switch self {
        case .muLaw(let codec): codec.decode(payload, into: &samples)
        case .aLaw(let codec): codec.decode(payload, into: &samples)
        }
    }

    public func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int {
        switch self {
        case .muLaw(let codec): codec.encode(samples, into: &payload)
        case .aLaw(let codec): codec.encode(samples, into: &payload)
        }
    }
}
