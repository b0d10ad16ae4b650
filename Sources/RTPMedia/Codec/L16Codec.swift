/// Linear 16-bit samples in network order (RFC 3551 §4.5.11), here at 16,000 Hz and one channel.
public struct L16Codec: AudioCodec {
    /// Without any state.
    public init() {}

    /// ``AudioCodecKind/l16``.
    public var kind: AudioCodecKind { .l16 }

    /// Decodes whole samples, as many as there is room for; half a sample at the end is left out.
    ///
    /// - Returns: Samples written.
    public func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int {
        let count = min(payload.byteCount / 2, samples.count)
        // Unchecked: `count` is the lesser of both lengths.
        payload.withUnsafeBytes { octets in
            samples.withUnsafeMutableBufferPointer { samples in
                for index in 0..<count {
                    samples[index] = Int16(
                        bigEndian: octets.loadUnaligned(fromByteOffset: 2 * index, as: Int16.self))
                }
            }
        }
        return count
    }

    /// Encodes as many samples as there is room for.
    ///
    /// - Returns: Octets written.
    public func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int {
        let count = min(samples.count, payload.byteCount / 2)
        // Unchecked: `count` is the lesser of both lengths.
        samples.withUnsafeBufferPointer { samples in
            payload.withUnsafeMutableBytes { octets in
                for index in 0..<count {
                    octets.storeBytes(
                        of: samples[index].bigEndian, toByteOffset: 2 * index, as: Int16.self)
                }
            }
        }
        return 2 * count
    }
}
