#if Opus
    public import RTPMedia

    /// Gives legs the codec Opus (RFC 6716, RFC 7587), through libopus.
    ///
    /// ```swift
    /// configuration.codecProviders = [OpusCodecProvider()]
    /// configuration.codecs = [.opus, .pcmu, .pcma]
    /// ```
    ///
    /// We send one channel, and take one or two. The codec works at the rate of the agent's audio, so that nothing has to be
    /// resampled for the agent. What the far end asks for in its format parameters is followed: bit rate, highest
    /// frequency, forward error correction, silence that is not sent, constant bit rate.
    public struct OpusCodecProvider: AudioCodecProvider {
        /// How we encode.
        public var settings: OpusSettings

        /// - Parameter settings: 24 kbit/s at complexity 5 unless set.
        public init(settings: OpusSettings = OpusSettings()) { self.settings = settings }

        /// ``AudioCodecKind/opus``.
        public var kind: AudioCodecKind { .opus }

        /// - Throws: ``AudioLegError/library(code:)`` with libopus's code.
        public func makeCodec(
            _ parameters: CodecParameters, rateHertz: Int
        ) throws(AudioLegError) -> any PluginCodec {
            OpusCodec(
                encoder: try OpusEncoderHandle(
                    rateHertz: rateHertz, settings: settings, parameters: parameters.opus),
                decoder: try OpusDecoderHandle(rateHertz: rateHertz))
        }
    }

    /// How we encode.
    public struct OpusSettings: Hashable, Sendable {
        /// Bits per second, 6,000...510,000; less where the far end wants less.
        public var bitRate = 24_000
        /// Effort, 0...10: at 16,000 Hz complexity 0 costs about 0.4 and 10 twice the time of 5.
        public var complexity = 5
        /// Share of our packets that counts as lost as long as the far end reports less, 0...1. Above 0 the encoder puts a
        /// second, coarser copy of speech into the next packet where the far end can use it (`useinbandfec`).
        public var expectedLoss = 0.05
        /// Whether silence is left out where the far end prefers that (`usedtx`).
        public var allowsDiscontinuousTransmission = true

        /// The defaults.
        public init() {}
    }
#endif
