/// Makes the codecs of one kind that need a library: given to a dialer once, asked by each leg that speaks the kind.
public protocol AudioCodecProvider: Sendable {
    /// What its codecs speak; no ``AudioCodecKind/isBuiltIn`` one.
    var kind: AudioCodecKind { get }

    /// Makes the codec of one direction of one leg.
    ///
    /// Called on the loop of the leg when it is made, when it is renegotiated, and when the far end goes over to another
    /// format without a word; never per packet.
    ///
    /// - Parameters:
    ///   - parameters: What the far end asked for.
    ///   - rateHertz: Rate of the leg's wide frames, 8,000, 16,000, 24,000 or 48,000 Hz. A codec that can work at any of
    ///     them works at this one and saves the leg a resampler.
    /// - Throws: ``AudioLegError`` when the library refuses.
    func makeCodec(_ parameters: CodecParameters, rateHertz: Int) throws(AudioLegError) -> any PluginCodec
}

/// What a codec has to know of the agreement with the far end.
public struct CodecParameters: Hashable, Sendable {
    /// Opus as the far end wants to receive it.
    public var opus: OpusParameters

    /// - Parameter opus: The defaults of RFC 7587 where the far end has said nothing.
    public init(opus: OpusParameters = OpusParameters()) { self.opus = opus }
}

/// A codec with a memory, of one direction of one leg: one channel of 16-bit samples.
///
/// Called on the leg's loop, once or twice per 20 ms; nothing may allocate after the first packet. What comes from the far
/// end can be anything: a payload that is none is answered with `nil` and never traps. Not Sendable: it belongs to its leg.
public protocol PluginCodec: AnyObject {
    /// What it speaks.
    var kind: AudioCodecKind { get }

    /// Rate of its samples in hertz: 8,000, 16,000, 24,000 or 48,000.
    var sampleRateHertz: Int { get }

    /// The length that packets of ours have when the far end wants `milliseconds` (10...60): that, or the nearest shorter
    /// one that the codec knows, a multiple of 10.
    func packetMilliseconds(wanted milliseconds: Int) -> Int

    // MARK: Decoding

    /// Samples that a payload lasts, 1...; `nil` when it is not valid. It changes nothing.
    func sampleCount(of payload: RawSpan) -> Int?

    /// Decodes a payload, the next one in the order of the stream.
    ///
    /// - Parameter samples: Room for ``sampleCount(of:)``.
    /// - Returns: Samples written; `nil` when the payload is not valid.
    func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int?

    /// Makes up what has not come, when the codec knows how.
    ///
    /// - Parameter samples: As long as what is missing, rounded up to ``concealmentSamples``.
    /// - Returns: Samples written; 0 when the leg is to conceal by itself.
    func conceal(into samples: inout MutableSpan<Int16>) -> Int

    /// Lengths of what ``conceal(into:)`` makes are multiples of this; 1 or more.
    var concealmentSamples: Int { get }

    /// Samples of what went before it that a payload carries a second time (forward error correction); 0 without.
    func recoverableSamples(in payload: RawSpan) -> Int

    /// Decodes the second copy of what went before `payload`.
    ///
    /// - Parameter samples: Room for ``recoverableSamples(in:)``.
    /// - Returns: Samples written; 0 when there is none.
    func recover(from payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int

    /// Forgets the stream received so far.
    func resetDecoder()

    // MARK: Encoding

    /// Encodes one packet.
    ///
    /// - Parameters:
    ///   - samples: As long as ``packetMilliseconds(wanted:)`` says; a multiple of 10 ms less where a packet has to end early.
    ///   - payload: Room for 1,400 octets.
    /// - Returns: Octets written; 0 when nothing needs to be sent (discontinuous transmission).
    func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int

    /// Told at each report what share of our packets has been lost on the way, 0...1.
    func noteLoss(_ fraction: Double)
}

extension PluginCodec {
    /// Packets of any length.
    public func packetMilliseconds(wanted milliseconds: Int) -> Int { milliseconds }
    /// Any length.
    public var concealmentSamples: Int { 1 }
    /// Leaves concealment to the leg.
    public func conceal(into samples: inout MutableSpan<Int16>) -> Int { 0 }
    /// No second copies.
    public func recoverableSamples(in payload: RawSpan) -> Int { 0 }
    /// No second copies.
    public func recover(from payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int { 0 }
    /// Does nothing.
    public func noteLoss(_ fraction: Double) {}
}
