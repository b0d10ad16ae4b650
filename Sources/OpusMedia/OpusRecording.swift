#if Opus
    private import COpus
    public import RTPMedia
    private import SansIO

    /// Recordings in Opus in Ogg (RFC 7845) through libopusenc.
    public struct OpusRecording: RecordingEncoderProvider {
        public var format: RecordingFormat { .opus }
        /// Bits a second of one channel, 6,000...256,000; beyond, the nearest.
        public var bitsPerSecond: Int

        /// - Parameter bitsPerSecond: 24,000 keep telephone speech as it is.
        public init(bitsPerSecond: Int = 24_000) {
            self.bitsPerSecond = min(max(bitsPerSecond, 6_000), 256_000)
        }

        public func makeEncoder(
            rateHertz: Int, channels: Int
        ) throws(RecordingEncoderError) -> any RecordingEncoder {
            try OggOpusEncoder(
                rateHertz: rateHertz, channels: channels, bitsPerSecond: bitsPerSecond * channels)
        }
    }

    /// Sole owner of one libopusenc encoder.
    final class OggOpusEncoder: RecordingEncoder {
        /// A page at least each 500 ms of audio, in samples at 48 kHz.
        private static let muxingDelay: Int32 = 24_000

        // Guards the handle.
        private let state: Locked<Handle>
        private let channels: Int

        /// A class of its own, since a lock holds copyable values.
        private final class Handle: @unchecked Sendable {
            // @unchecked: used under the lock of its owner alone.
            let encoder: OpaquePointer
            var isFinished = false
            var hasAudio = false

            init(_ encoder: OpaquePointer) { self.encoder = encoder }

            deinit { ope_encoder_destroy(encoder) }
        }

        init(rateHertz: Int, channels: Int, bitsPerSecond: Int) throws(RecordingEncoderError) {
            guard (1...2).contains(channels) else { throw RecordingEncoderError("1 or 2 channels") }
            guard let comments = ope_comments_create() else { throw RecordingEncoderError("no memory") }
            defer { ope_comments_destroy(comments) }
            var code: Int32 = 0
            let made = ope_encoder_create_pull(comments, Int32(rateHertz), Int32(channels), 0, &code)
            guard let made, code == 0 else { throw Self.error(code) }
            state = Locked(Handle(made))
            self.channels = channels
            for (request, value) in [
                (OPUS_SET_BITRATE_REQUEST, Int32(bitsPerSecond)),
                // One stream a file: its number need not differ from others'.
                (OPE_SET_SERIALNO_REQUEST, 1),
                (OPUS_SET_PHASE_INVERSION_DISABLED_REQUEST, 1),
                (OPE_SET_MUXING_DELAY_REQUEST, Self.muxingDelay),
                // Looks ahead to tell speech from music; with the default of 2 s a killed process would lose as much.
                (OPE_SET_DECISION_DELAY_REQUEST, 4_800),
            ] {
                let code = outdial_ope_encoder_set(made, request, value)
                guard code == 0 else { throw Self.error(code) }
            }
        }

        func encode(_ samples: Span<Int16>, into bytes: inout [UInt8]) throws(RecordingEncoderError) {
            let handle = state.withLock { $0 }
            guard !handle.isFinished else { throw RecordingEncoderError("the file is finished") }
            let count = Int32(clamping: samples.count / channels)
            guard count > 0 else { return }
            handle.hasAudio = true
            let code = samples.withUnsafeBufferPointer { buffer in
                buffer.baseAddress.map { ope_encoder_write(handle.encoder, $0, count) } ?? 0
            }
            guard code == 0 else { throw Self.error(code) }
            Self.takePages(of: handle, flush: 0, into: &bytes)
        }

        func finish(into bytes: inout [UInt8]) throws(RecordingEncoderError) {
            let handle = state.withLock { $0 }
            guard !handle.isFinished else { return }
            handle.isFinished = true
            // The library insists on audio; without it there is no file.
            guard handle.hasAudio else { return }
            let code = ope_encoder_drain(handle.encoder)
            guard code == 0 else { throw Self.error(code) }
            Self.takePages(of: handle, flush: 1, into: &bytes)
        }

        private static func takePages(of handle: Handle, flush: Int32, into bytes: inout [UInt8]) {
            var page: UnsafeMutablePointer<UInt8>?
            var length: Int32 = 0
            while ope_encoder_get_page(handle.encoder, &page, &length, flush) == 1 {
                guard let page, length > 0 else { return }
                bytes += UnsafeBufferPointer(start: page, count: Int(length))
            }
        }

        private static func error(_ code: Int32) -> RecordingEncoderError {
            RecordingEncoderError(ope_strerror(code).map { String(cString: $0) } ?? "error \(code)")
        }
    }
#endif
