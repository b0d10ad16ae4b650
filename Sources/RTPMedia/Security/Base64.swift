internal import SansIO

/// Base64 as keys are written (RFC 4648 §4): no line ends, unused bits zero.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// With the padding that completes the last group of four.
    static func encode(_ octets: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((octets.count + 2) / 3 * 4)
        var index = 0
        while index < octets.count {
            let count = min(3, octets.count - index)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(octets[index + offset]) : 0) }
            for place in 0..<4 {
                let bits = Int(group >> UInt32(18 - 6 * place)) & 63
                text.append(place <= count ? alphabet[bits] : UInt8(ascii: "="))
            }
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Decodes what stands in `slice`; padding may be missing, as RFC 4568 §6.1 discards it.
    ///
    /// - Throws: Position of the first octet that is wrong, within `bytes`.
    static func decode(_ bytes: RawSpan, _ slice: SDPSlice) throws(Fault) -> [UInt8] {
        var end = slice.end
        while end > slice.start, bytes.octet(end - 1) == UInt8(ascii: "=") { end -= 1 }
        let (digits, padding) = (end - slice.start, slice.end - end)
        // A last group has 2 or 3 digits, and then 2 or 1 for padding, or none.
        guard digits % 4 != 1 else { throw Fault(offset: end - 1) }
        guard padding == 0 || (padding < 3 && (digits + padding) % 4 == 0) else { throw Fault(offset: end) }
        var octets: [UInt8] = []
        octets.reserveCapacity(digits * 3 / 4)
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for index in slice.start..<end {
            guard let value = value(of: bytes.octet(index)) else { throw Fault(offset: index) }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                octets.append(UInt8(truncatingIfNeeded: bits >> count))
            }
            bits &= 1 << count - 1
        }
        guard bits == 0 else { throw Fault(offset: end - 1) }
        return octets
    }

    struct Fault: Error { var offset: Int }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
