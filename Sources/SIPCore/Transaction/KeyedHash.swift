/// SipHash-1-3 over bytes that a peer chose: without the secret nobody can make two keys collide on purpose.
///
/// `Hasher` will not do: its seed differs per process, and a simulation must replay.
struct KeyedHash: Sendable {
    /// The secret of one user agent, drawn from its generator.
    struct Secret: Hashable, Sendable {
        var first: UInt64
        var second: UInt64
    }

    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    private var tail: UInt64 = 0
    private var count: UInt64 = 0

    init(_ secret: Secret) {
        v0 = secret.first ^ 0x736F_6D65_7073_6575
        v1 = secret.second ^ 0x646F_7261_6E64_6F6D
        v2 = secret.first ^ 0x6C79_6765_6E65_7261
        v3 = secret.second ^ 0x7465_6462_7974_6573
    }

    mutating func combine(_ byte: UInt8) {
        tail |= UInt64(byte) << (8 * (count & 7))
        count &+= 1
        if count & 7 == 0 {
            compress(tail)
            tail = 0
        }
    }

    mutating func combine(_ bytes: RawSpan) {
        for offset in bytes.byteOffsets { combine(bytes.byte(offset)) }
    }

    mutating func combine(_ text: String) {
        for byte in text.utf8 { combine(byte) }
    }

    mutating func combine(word number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            combine(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    /// Ends one field, so that `ab`, `c` and `a`, `bc` differ.
    mutating func endField() { combine(0) }

    consuming func finish() -> UInt64 {
        compress(tail | count << 56)
        v2 ^= 0xFF
        round()
        round()
        round()
        return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func compress(_ word: UInt64) {
        v3 ^= word
        round()
        v0 ^= word
    }

    private mutating func round() {
        v0 = v0 &+ v1
        v1 = Self.rotate(v1, 13) ^ v0
        v0 = Self.rotate(v0, 32)
        v2 = v2 &+ v3
        v3 = Self.rotate(v3, 16) ^ v2
        v0 = v0 &+ v3
        v3 = Self.rotate(v3, 21) ^ v0
        v2 = v2 &+ v1
        v1 = Self.rotate(v1, 17) ^ v2
        v2 = Self.rotate(v2, 32)
    }

    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }
}
