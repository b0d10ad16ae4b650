/// A small, fast, seeded generator (xoshiro256**, seeded through SplitMix64): the same seed gives the same
/// numbers on every platform.
///
/// It is the only randomness in the library. Live drivers seed it from the system's entropy, simulations from the
/// scenario's seed. It is not for secrets of cryptographic strength.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    public init(seed: UInt64) {
        var mixer = seed
        func next() -> UInt64 {
            mixer &+= 0x9E37_79B9_7F4A_7C15
            var value = mixer
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
        state = (next(), next(), next(), next())
    }

    /// A generator of its own for one purpose, so that one more draw there does not change any other stream.
    ///
    /// - Parameter label: Names the purpose, for example `network` or `callee 7`.
    public init(seed: UInt64, label: String) {
        // FNV-1a: Hasher is seeded per process and would break replay.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        self.init(seed: seed ^ hash)
    }

    public mutating func next() -> UInt64 {
        let result = Self.rotate(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = Self.rotate(state.3, by: 45)
        return result
    }

    /// A number in `0..<1`, with 53 random bits.
    public mutating func nextUnit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// True with `probability` (0...1).
    public mutating func chance(_ probability: Double) -> Bool { nextUnit() < probability }

    /// A lowercase hexadecimal token of `digits` characters, for tags, branches and identifiers.
    public mutating func token(digits: Int) -> String {
        var bits: UInt64 = 0
        return unsafe String(unsafeUninitializedCapacity: digits) { buffer in
            for index in 0..<digits {
                if index % 16 == 0 { bits = next() }
                unsafe buffer[index] = Self.hexadecimal(UInt8(truncatingIfNeeded: bits & 15))
                bits >>= 4
            }
            return digits
        }
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }

    private static func rotate(_ value: UInt64, by count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }
}
