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
            try G722Codec()
        }
    }

    /// G.722 at 64 kbit/s: one octet for two samples at 16,000 Hz. Every octet is valid.
    ///
    /// Sole owner of one encoder and one decoder of spandsp.
    final class G722Codec: PluginCodec {
        private static let bitsPerSecond: Int32 = 64_000

        private let encoder: OpaquePointer
        private let decoder: OpaquePointer

        init() throws(AudioLegError) {
            guard let encoder = g722_encode_init(nil, Self.bitsPerSecond, 0) else { throw .library(code: -1) }
            guard let decoder = g722_decode_init(nil, Self.bitsPerSecond, 0) else {
                _ = g722_encode_free(encoder)
                throw .library(code: -1)
            }
            self.encoder = encoder
            self.decoder = decoder
        }

        deinit {
            _ = g722_encode_free(encoder)
            _ = g722_decode_free(decoder)
        }

        var kind: AudioCodecKind { .g722 }
        var sampleRateHertz: Int { 16_000 }

        func sampleCount(of payload: RawSpan) -> Int? {
            payload.byteCount > 0 ? 2 * payload.byteCount : nil
        }

        func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int? {
            let octets = min(payload.byteCount, samples.count / 2)
            guard octets > 0 else { return 0 }
            return payload.withUnsafeBytes { payload in
                samples.withUnsafeMutableBufferPointer { samples in
                    Int(
                        g722_decode(
                            decoder, samples.baseAddress,
                            payload.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(clamping: octets))
                    )
                }
            }
        }

        func resetDecoder() { _ = g722_decode_init(decoder, Self.bitsPerSecond, 0) }

        /// An odd sample at the end is left out.
        func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int {
            let octets = min(samples.count / 2, payload.byteCount)
            guard octets > 0 else { return 0 }
            return samples.withUnsafeBufferPointer { samples in
                payload.withUnsafeMutableBytes { payload in
                    Int(
                        g722_encode(
                            encoder, payload.baseAddress?.assumingMemoryBound(to: UInt8.self),
                            samples.baseAddress, Int32(clamping: 2 * octets)))
                }
            }
        }
    }
#endif
