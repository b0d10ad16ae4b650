/// The bytes-in, digest-out half of a hash function with blocks; each algorithm adds its compression.
///
/// Used for digest authentication only, where inputs are short and everything is in memory.
enum MessageDigest {
    /// `input` followed by a one bit, zeros and its length in bits, so that whole blocks result (FIPS 180-4 §5.1,
    /// RFC 1321 §3.1).
    ///
    /// - Parameters:
    ///   - blockBytes: 64, or 128 for the 64-bit members of SHA-2.
    ///   - lengthBytes: Octets of the length field: 8 or 16.
    static func padded(
        _ input: [UInt8], blockBytes: Int, lengthBytes: Int, isBigEndian: Bool
    ) -> [UInt8] {
        var message = input
        message.append(0x80)
        let tail = (message.count + lengthBytes) % blockBytes
        message.append(
            contentsOf: repeatElement(0, count: (tail == 0 ? 0 : blockBytes - tail) + lengthBytes - 8))
        let bits = UInt64(input.count) &* 8
        for index in 0..<8 {
            let shift = UInt64(isBigEndian ? 56 - 8 * index : 8 * index)
            message.append(UInt8(truncatingIfNeeded: bits >> shift))
        }
        return message
    }

    /// Lowercase hexadecimal, as digest authentication writes hashes.
    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
