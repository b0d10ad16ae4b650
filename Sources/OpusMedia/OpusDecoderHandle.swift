#if Opus
    private import COpus
    internal import RTPMedia

    /// Sole owner of one libopus decoder of one channel; payloads of two are mixed down.
    struct OpusDecoderHandle: ~Copyable {
        private let state: OpaquePointer
        let rateHertz: Int

        /// - Parameter rateHertz: 8,000, 16,000, 24,000 or 48,000 Hz.
        /// - Throws: ``AudioLegError/library(code:)`` with libopus's code.
        init(rateHertz: Int) throws(AudioLegError) {
            var code: Int32 = 0
            guard let created = opus_decoder_create(Int32(clamping: rateHertz), 1, &code), code == OPUS_OK
            else { throw .library(code: code) }
            state = created
            self.rateHertz = rateHertz
        }

        deinit { opus_decoder_destroy(state) }

        /// Samples that a payload lasts, up to 120 ms; `nil` when its frames do not add up (RFC 6716 §3.4).
        borrowing func sampleCount(of payload: RawSpan) -> Int? {
            payload.withOctets { octets, count in
                guard count > 0, let octets else { return nil }
                let samples = opus_packet_get_nb_samples(octets, count, Int32(rateHertz))
                return samples > 0 ? Int(samples) : nil
            }
        }

        /// - Returns: Samples written; `nil` when the payload is not valid or does not fit.
        mutating func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int? {
            let state = state
            return payload.withOctets { octets, count in
                guard count > 0 else { return nil }
                return samples.withUnsafeMutableBufferPointer { samples in
                    guard let base = samples.baseAddress else { return nil }
                    let made = opus_decode(
                        state, octets, count, base, Int32(clamping: samples.count), 0)
                    return made > 0 ? Int(made) : nil
                }
            }
        }

        /// Goes on without a packet: what the last ones let expect, then the background noise.
        ///
        /// - Parameter samples: A multiple of 2.5 ms.
        /// - Returns: Samples written.
        mutating func conceal(into samples: inout MutableSpan<Int16>) -> Int {
            let state = state
            let step = rateHertz / 400
            return samples.withUnsafeMutableBufferPointer { samples in
                let count = samples.count / step * step
                guard count > 0, let base = samples.baseAddress else { return 0 }
                return max(Int(opus_decode(state, nil, 0, base, Int32(clamping: count), 0)), 0)
            }
        }

        /// Length of the copy of the frame before it that a payload holds; 0 without.
        borrowing func recoverableSamples(in payload: RawSpan) -> Int {
            payload.withOctets { octets, count in
                // The highest bit of the table of contents tells the modes that have copies from the one that has not.
                guard count > 0, let octets, octets[0] & 0x80 == 0 else { return 0 }
                let frameSamples = opus_packet_get_samples_per_frame(octets, Int32(rateHertz))
                // A frame holds one to three 20 ms frames of its speech layer. Its first octet begins with a flag of
                // activity for each, and one that tells whether copies follow; with two channels, the same again (§4.2.3).
                let parts = max(Int(frameSamples) * 50 / rateHertz, 1)
                let channels = opus_packet_get_nb_channels(octets)
                let first = Self.firstOctet(octets, count)
                guard let first else { return 0 }
                let hasCopy =
                    first >> (7 - parts) & 1 == 1 || (channels == 2 && first >> (6 - 2 * parts) & 1 == 1)
                return hasCopy ? Int(frameSamples) : 0
            }
        }

        /// The first octet of the first frame; `nil` when there is none.
        private static func firstOctet(_ octets: UnsafePointer<UInt8>, _ count: Int32) -> UInt8? {
            withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: 48) { frames in
                withUnsafeTemporaryAllocation(of: Int16.self, capacity: 48) { sizes in
                    frames.initialize(repeating: nil)
                    sizes.initialize(repeating: 0)
                    guard
                        let base = sizes.baseAddress,
                        opus_packet_parse(octets, count, nil, frames.baseAddress, base, nil) > 0,
                        sizes[0] > 0
                    else { return nil }
                    return frames[0]?.pointee
                }
            }
        }

        /// Decodes the copy of the frame before `payload`.
        ///
        /// - Returns: Samples written; 0 when there is none.
        mutating func recover(from payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int {
            let wanted = recoverableSamples(in: payload)
            guard wanted > 0, wanted <= samples.count else { return 0 }
            let state = state
            return payload.withOctets { octets, count in
                samples.withUnsafeMutableBufferPointer { samples in
                    guard let base = samples.baseAddress else { return 0 }
                    return max(Int(opus_decode(state, octets, count, base, Int32(wanted), 1)), 0)
                }
            }
        }

        /// Forgets the stream so far.
        mutating func reset() { _ = opus_decoder_init(state, Int32(rateHertz), 1) }
    }

    extension RawSpan {
        /// The octets as libopus takes them.
        fileprivate func withOctets<Result>(_ body: (UnsafePointer<UInt8>?, Int32) -> Result) -> Result {
            withUnsafeBytes {
                body($0.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(clamping: $0.count))
            }
        }
    }
#endif
