#if G722
    private import CSpanDSP
    public import RTPMedia

    /// Gives legs the codec G.722 (ITU-T G.722, RFC 3551 §4.5.2): 7 kHz of sound in 64 kbit/s, through spandsp.
    ///
    /// ```swift
    /// configuration.codecProviders = [G722CodecProvider()]
    /// configuration.codecs = [.g722, .pcmu, .pcma]
    /// ```
    public struct G722CodecProvider: AudioCodecProvider {
        /// There is nothing to set.
        public init() {}

        /// ``AudioCodecKind/g722``.
        public var kind: AudioCodecKind { .g722 }

        /// - Throws: ``AudioLegError/library(code:)`` when spandsp is out of memory.
        public func makeCodec(
            _ parameters: CodecParameters, rateHertz: Int
        ) throws(AudioLegError) -> any PluginCodec {
            G722Codec(encoder: try G722Encoder(), decoder: try G722Decoder())
        }
    }

    /// G.722 at 64 kbit/s: one octet for two samples at 16,000 Hz. Every octet is valid.
    final class G722Codec: PluginCodec {
        private var encoder: G722Encoder
        private var decoder: G722Decoder

        init(encoder: consuming G722Encoder, decoder: consuming G722Decoder) {
            self.encoder = encoder
            self.decoder = decoder
        }

        var kind: AudioCodecKind { .g722 }
        var sampleRateHertz: Int { 16_000 }

        func sampleCount(of payload: RawSpan) -> Int? {
            payload.byteCount > 0 ? 2 * payload.byteCount : nil
        }

        func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int? {
            decoder.decode(payload, into: &samples)
        }

        func resetDecoder() { decoder.reset() }

        func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int {
            encoder.encode(samples, into: &payload)
        }
    }

    /// Sole owner of one spandsp G.722 encoder at 64 kbit/s.
    public struct G722Encoder: ~Copyable {
        private let state: OpaquePointer

        /// - Throws: ``AudioLegError/library(code:)`` when the library is out of memory.
        public init() throws(AudioLegError) {
            guard let created = g722_encode_init(nil, 64_000, 0) else { throw .library(code: -1) }
            state = created
        }

        deinit { _ = g722_encode_free(state) }

        /// Encodes pairs of samples at 16,000 Hz, as many as `octets` has room for; an odd one at the end is left out.
        ///
        /// - Returns: Octets written.
        public mutating func encode(_ samples: Span<Int16>, into octets: inout MutableRawSpan) -> Int {
            let count = min(samples.count / 2, octets.byteCount)
            guard count > 0 else { return 0 }
            let state = state
            return samples.withUnsafeBufferPointer { samples in
                octets.withUnsafeMutableBytes { octets in
                    Int(
                        g722_encode(
                            state, octets.baseAddress?.assumingMemoryBound(to: UInt8.self),
                            samples.baseAddress, Int32(clamping: 2 * count)))
                }
            }
        }
    }

    /// Sole owner of one spandsp G.722 decoder at 64 kbit/s.
    public struct G722Decoder: ~Copyable {
        private let state: OpaquePointer

        /// - Throws: ``AudioLegError/library(code:)`` when the library is out of memory.
        public init() throws(AudioLegError) {
            guard let created = g722_decode_init(nil, 64_000, 0) else { throw .library(code: -1) }
            state = created
        }

        deinit { _ = g722_decode_free(state) }

        /// Decodes octets to two samples each at 16,000 Hz, as many as `samples` has room for.
        ///
        /// - Returns: Samples written.
        public mutating func decode(_ octets: RawSpan, into samples: inout MutableSpan<Int16>) -> Int {
            let count = min(octets.byteCount, samples.count / 2)
            guard count > 0 else { return 0 }
            let state = state
            return octets.withUnsafeBytes { octets in
                samples.withUnsafeMutableBufferPointer { samples in
                    Int(
                        g722_decode(
                            state, samples.baseAddress,
                            octets.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(clamping: count)))
                }
            }
        }

        /// Forgets the stream so far.
        public mutating func reset() { _ = g722_decode_init(state, 64_000, 0) }
    }
#endif
