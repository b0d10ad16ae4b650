#if Opus
    private import COpus
    internal import RTPMedia

    /// Sole owner of one libopus encoder of one channel.
    struct OpusEncoderHandle: ~Copyable {
        private let state: OpaquePointer
        private let hasErrorCorrection: Bool
        private let isDiscontinuous: Bool
        private let leastLoss: Int32
        private var loss: Int32

        /// - Parameters:
        ///   - rateHertz: 8,000, 16,000, 24,000 or 48,000 Hz.
        ///   - parameters: What the far end wants to receive.
        /// - Throws: ``AudioLegError/library(code:)`` with libopus's code.
        init(rateHertz: Int, settings: OpusSettings, parameters: OpusParameters) throws(AudioLegError) {
            var code: Int32 = 0
            let created = opus_encoder_create(
                Int32(clamping: rateHertz), 1, OPUS_APPLICATION_VOIP, &code)
            guard let created, code == OPUS_OK else { throw .library(code: code) }
            state = created
            hasErrorCorrection = parameters.usesForwardErrorCorrection
            isDiscontinuous =
                parameters.usesDiscontinuousTransmission && settings.allowsDiscontinuousTransmission
            leastLoss = Self.percent(settings.expectedLoss)
            loss = leastLoss
            let wanted = min(settings.bitRate, parameters.maximumAverageBitRate ?? .max)
            set(OPUS_SET_BITRATE_REQUEST, Int32(min(max(wanted, 6_000), 510_000)))
            set(OPUS_SET_COMPLEXITY_REQUEST, Int32(min(max(settings.complexity, 0), 10)))
            set(OPUS_SET_VBR_REQUEST, parameters.wantsConstantBitRate ? 0 : 1)
            set(OPUS_SET_INBAND_FEC_REQUEST, hasErrorCorrection ? 1 : 0)
            set(OPUS_SET_DTX_REQUEST, isDiscontinuous ? 1 : 0)
            set(OPUS_SET_PACKET_LOSS_PERC_REQUEST, hasErrorCorrection ? loss : 0)
            set(
                OPUS_SET_MAX_BANDWIDTH_REQUEST, Self.bandwidth(upToHertz: parameters.maximumPlaybackRateHertz)
            )
        }

        deinit { opus_encoder_destroy(state) }

        private borrowing func set(_ request: Int32, _ value: Int32) {
            _ = outdial_opus_encoder_set(state, request, value)
        }

        private static func percent(_ fraction: Double) -> Int32 {
            // Also for a fraction that is no number.
            fraction > 0 ? Int32((min(fraction, 1) * 100).rounded()) : 0
        }

        /// The widest of the codec's bands that the receiver's rate can carry (RFC 7587 §3.1).
        private static func bandwidth(upToHertz rate: Int) -> Int32 {
            switch rate {
            case 48_000...: OPUS_BANDWIDTH_FULLBAND
            case 24_000..<48_000: OPUS_BANDWIDTH_SUPERWIDEBAND
            case 16_000..<24_000: OPUS_BANDWIDTH_WIDEBAND
            case 12_000..<16_000: OPUS_BANDWIDTH_MEDIUMBAND
            default: OPUS_BANDWIDTH_NARROWBAND
            }
        }

        /// Encodes a packet of 10, 20, 40 or 60 ms.
        ///
        /// - Returns: Octets written; 0 when nothing needs to be sent, or the length is another one.
        mutating func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int {
            let state = state
            let written = samples.withUnsafeBufferPointer { samples in
                payload.withUnsafeMutableBytes { octets in
                    guard let source = samples.baseAddress,
                        let target = octets.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    else { return 0 }
                    return Int(
                        opus_encode(
                            state, source, Int32(clamping: samples.count), target,
                            Int32(clamping: min(octets.count, 1_400))))
                }
            }
            // Two octets or less say nothing but that there is silence.
            return written > (isDiscontinuous ? 2 : 0) ? written : 0
        }

        mutating func noteLoss(_ fraction: Double) {
            let next = max(Self.percent(fraction), leastLoss)
            guard hasErrorCorrection, next != loss else { return }
            loss = next
            set(OPUS_SET_PACKET_LOSS_PERC_REQUEST, next)
        }
    }
#endif
