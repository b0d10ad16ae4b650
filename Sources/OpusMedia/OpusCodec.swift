#if Opus
    internal import RTPMedia

    /// Opus of one leg and direction.
    final class OpusCodec: PluginCodec {
        private var encoder: OpusEncoderHandle
        private var decoder: OpusDecoderHandle

        init(encoder: consuming OpusEncoderHandle, decoder: consuming OpusDecoderHandle) {
            self.encoder = encoder
            self.decoder = decoder
            sampleRateHertz = self.decoder.rateHertz
        }

        let sampleRateHertz: Int
        var kind: AudioCodecKind { .opus }

        /// A frame of Opus lasts 10, 20, 40 or 60 ms here (RFC 6716 §2.1.4).
        func packetMilliseconds(wanted milliseconds: Int) -> Int {
            switch milliseconds {
            case 60...: 60
            case 40..<60: 40
            case 20..<40: 20
            default: 10
            }
        }

        func sampleCount(of payload: RawSpan) -> Int? { decoder.sampleCount(of: payload) }

        func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int? {
            decoder.decode(payload, into: &samples)
        }

        /// 2.5 ms.
        var concealmentSamples: Int { sampleRateHertz / 400 }

        func conceal(into samples: inout MutableSpan<Int16>) -> Int { decoder.conceal(into: &samples) }

        func recoverableSamples(in payload: RawSpan) -> Int { decoder.recoverableSamples(in: payload) }

        func recover(from payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int {
            decoder.recover(from: payload, into: &samples)
        }

        func resetDecoder() { decoder.reset() }

        func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int {
            encoder.encode(samples, into: &payload)
        }

        func noteLoss(_ fraction: Double) { encoder.noteLoss(fraction) }
    }
#endif
