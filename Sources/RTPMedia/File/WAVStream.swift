/// The bytes of a 16-bit PCM WAV file that grows: a header for what has been written so far.
///
/// Write ``header`` first, then bodies from ``encode(_:)``; count each with ``append(byteCount:)`` and now and then write the
/// header again at offset 0, so that the file is whole whenever the process ends.
public struct WAVStream: Hashable, Sendable {
    /// Bytes of ``header``; the samples start here.
    public static let headerBytes = 44

    public let rateHertz: Int
    public let channels: Int
    /// Bytes of samples counted so far.
    public private(set) var dataBytes: UInt64 = 0

    public init(rateHertz: Int, channels: Int) {
        self.rateHertz = rateHertz
        self.channels = max(1, channels)
    }

    /// Counts samples that were written.
    public mutating func append(byteCount: Int) { dataBytes += UInt64(max(0, byteCount)) }

    /// The 44 bytes in front of the samples. Sizes beyond 4 GiB are given as the greatest that fits, which readers take as
    /// "to the end".
    public var header: [UInt8] {
        let dataSize = UInt32(min(dataBytes, UInt64(UInt32.max) - 36))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerBytes)
        func tag(_ text: StaticString) { bytes += Array("\(text)".utf8) }
        func number(_ value: some FixedWidthInteger & UnsignedInteger) {
            for shift in stride(from: 0, to: value.bitWidth, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        let blockBytes = UInt16(truncatingIfNeeded: 2 * channels)
        tag("RIFF")
        number(dataSize + 36)
        tag("WAVE")
        tag("fmt ")
        number(UInt32(16))
        number(UInt16(1))
        number(UInt16(truncatingIfNeeded: channels))
        number(UInt32(truncatingIfNeeded: rateHertz))
        number(UInt32(truncatingIfNeeded: rateHertz) &* UInt32(blockBytes))
        number(blockBytes)
        number(UInt16(16))
        tag("data")
        number(dataSize)
        return bytes
    }

    /// Samples as little-endian 16-bit bytes.
    public static func encode(_ samples: Span<Int16>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 * samples.count)
        encode(samples, into: &bytes)
        return bytes
    }

    /// Appends samples as little-endian 16-bit bytes.
    public static func encode(_ samples: Span<Int16>, into bytes: inout [UInt8]) {
        for index in 0..<samples.count {
            let sample = UInt16(bitPattern: samples[index])
            bytes.append(UInt8(truncatingIfNeeded: sample))
            bytes.append(UInt8(truncatingIfNeeded: sample >> 8))
        }
    }
}
