/// G.711 µ-law, rounding as in the ITU-T Software Tool Library (G.191).
public struct MuLawCodec: AudioCodec {
    /// Samples by code.
    static let decoding: [Int16] = (0...255).map { sample(for: UInt8($0)) }
    /// Codes by the upper 14 bits of a sample: µ-law looks at no more.
    static let encoding: [UInt8] = (0..<16_384).map { code(for: Int16(truncatingIfNeeded: $0 << 2)) }

    public init() {}

    public var kind: AudioCodecKind { .pcmu }

    public func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int {
        CompandingTable.decode(payload, with: Self.decoding, into: &samples)
    }

    public func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int {
        CompandingTable.encode(samples, shiftedBy: 2, with: Self.encoding, into: &payload)
    }

    static func sample(for code: UInt8) -> Int16 {
        let inverted = ~code
        let exponent = Int16(inverted >> 4 & 7)
        let magnitude = (Int16(inverted & 0x0F) << 3 + 0x84) << exponent - 0x84
        return code & 0x80 == 0 ? -magnitude : magnitude
    }

    static func code(for sample: Int16) -> UInt8 {
        // The magnitude is the one's complement for negative samples, biased by 33 in 14-bit units.
        let biased = min(Int(sample < 0 ? ~sample : sample) >> 2 + 33, 0x1FFF)
        let segment = Int.bitWidth - biased.leadingZeroBitCount - 5
        let code = UInt8((8 - segment) << 4 | 0x0F - biased >> segment & 0x0F)
        return sample < 0 ? code : code | 0x80
    }
}

/// G.711 A-law, rounding as in the ITU-T Software Tool Library (G.191).
public struct ALawCodec: AudioCodec {
    /// Samples by code.
    static let decoding: [Int16] = (0...255).map { sample(for: UInt8($0)) }
    /// Codes by the upper 12 bits of a sample: A-law looks at no more.
    static let encoding: [UInt8] = (0..<4_096).map { code(for: Int16(truncatingIfNeeded: $0 << 4)) }

    public init() {}

    public var kind: AudioCodecKind { .pcma }

    public func decode(_ payload: RawSpan, into samples: inout MutableSpan<Int16>) -> Int {
        CompandingTable.decode(payload, with: Self.decoding, into: &samples)
    }

    public func encode(_ samples: Span<Int16>, into payload: inout MutableRawSpan) -> Int {
        CompandingTable.encode(samples, shiftedBy: 4, with: Self.encoding, into: &payload)
    }

    static func sample(for code: UInt8) -> Int16 {
        let toggled = code ^ 0x55
        let exponent = Int16(toggled >> 4 & 7)
        let mantissa = Int16(toggled & 0x0F) << 4 + 8
        let magnitude = exponent == 0 ? mantissa : (mantissa + 0x100) << (exponent - 1)
        return toggled & 0x80 == 0 ? -magnitude : magnitude
    }

    static func code(for sample: Int16) -> UInt8 {
        var value = Int(sample < 0 ? ~sample : sample) >> 4
        if value > 15 {
            let exponent = Int.bitWidth - value.leadingZeroBitCount - 4
            value = value >> (exponent - 1) - 16 + exponent << 4
        }
        return UInt8(sample < 0 ? value : value | 0x80) ^ 0x55
    }
}

/// The table loops that both laws share.
private enum CompandingTable {
    @inline(__always) static func decode(
        _ payload: RawSpan, with table: [Int16], into samples: inout MutableSpan<Int16>
    ) -> Int {
        let count = min(payload.byteCount, samples.count)
        // Unchecked: 256 entries meet 256 codes, and `count` is the lesser of both lengths.
        payload.withUnsafeBytes { codes in
            table.withUnsafeBufferPointer { table in
                samples.withUnsafeMutableBufferPointer { samples in
                    for index in 0..<count { samples[index] = table[Int(codes[index])] }
                }
            }
        }
        return count
    }

    @inline(__always) static func encode(
        _ samples: Span<Int16>, shiftedBy shift: UInt16, with table: [UInt8],
        into payload: inout MutableRawSpan
    ) -> Int {
        let count = min(samples.count, payload.byteCount)
        // Unchecked: the table has an entry for each value that is left of a sample after the shift.
        samples.withUnsafeBufferPointer { samples in
            table.withUnsafeBufferPointer { table in
                payload.withUnsafeMutableBytes { codes in
                    for index in 0..<count {
                        codes[index] = table[Int(UInt16(bitPattern: samples[index]) >> shift)]
                    }
                }
            }
        }
        return count
    }
}
