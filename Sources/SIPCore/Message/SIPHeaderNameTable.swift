/// Finds the number of a header name: one hash, one or two comparisons of 24 octets, no text.
struct SIPHeaderNameTable: Sendable {
    /// A name of up to 24 octets in lower case, padded with zero.
    private struct Key: Hashable, Sendable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0

        /// Spreads the keys well enough that hardly two names of the table meet; correctness does not depend on it.
        @inline(__always) var slot: Int {
            let mixed = (first ^ second &* 31 ^ third &* 1_021) &* 0x9E37_79B9_7F4A_7C15
            return Int(truncatingIfNeeded: mixed >> 55)
        }
    }

    private struct Entry: Sendable {
        var key = Key()
        var name = SIPHeaderName.unknown
    }

    static let shared = Self()
    private static let size = 512
    private static let longestName = 24
    private let entries: [Entry]

    private init() {
        var entries = [Entry](repeating: Entry(), count: Self.size)
        for (number, spelling) in SIPHeaderName.spellings.enumerated().dropFirst() {
            for text in [spelling.long, spelling.compact].compactMap({ $0 }) {
                let name = SIPHeaderName(rawValue: UInt16(number))
                let key = withUTF8(text.description) { Self.key($0, SIPSlice(0, $0.byteCount)) }
                var slot = key.slot
                while entries[slot].name != .unknown { slot = (slot + 1) % Self.size }
                entries[slot] = Entry(key: key, name: name)
            }
        }
        self.entries = entries
    }

    @inline(__always) func lookUp(_ bytes: RawSpan, _ slice: SIPSlice) -> SIPHeaderName {
        guard slice.length > 0, slice.length <= Self.longestName else { return .unknown }
        let key = Self.key(bytes, slice)
        var slot = key.slot
        while entries[slot].name != .unknown {
            if entries[slot].key == key { return entries[slot].name }
            slot = (slot &+ 1) & (Self.size &- 1)
        }
        return .unknown
    }

    @inline(__always) private static func key(_ bytes: RawSpan, _ slice: SIPSlice) -> Key {
        let start = slice.start
        let length = Int(slice.length)
        // Whole words are read, so those that the name reaches into must lie inside the message.
        guard start &+ ((length &+ 7) & ~7) <= bytes.byteCount else { return keyNearEnd(bytes, slice) }
        var key = Key()
        key.first = lowercased(bytes.word(start))
        if length < 8 {
            key.first &= 1 << (UInt64(length) &* 8) &- 1
            return key
        }
        guard length > 8 else { return key }
        key.second = lowercased(bytes.word(start &+ 8))
        if length < 16 {
            key.second &= 1 << (UInt64(length &- 8) &* 8) &- 1
            return key
        }
        guard length > 16 else { return key }
        key.third = lowercased(bytes.word(start &+ 16))
        if length < 24 { key.third &= 1 << (UInt64(length &- 16) &* 8) &- 1 }
        return key
    }

    /// Makes letters lower case. Other characters change too, but into none that a name in the table has, so that
    /// only names match, whatever the text.
    @inline(__always) private static func lowercased(_ word: UInt64) -> UInt64 {
        word | (word & 0x4040_4040_4040_4040) >> 1
    }

    /// The same, octet by octet, for a name in the last octets of a message.
    private static func keyNearEnd(_ bytes: RawSpan, _ slice: SIPSlice) -> Key {
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        for index in 0..<min(Int(slice.length), longestName) {
            let byte = lowercased(UInt64(bytes.byte(slice.start &+ index))) << (UInt64(index & 7) &* 8)
            switch index / 8 {
            case 0: words.0 |= byte
            case 1: words.1 |= byte
            default: words.2 |= byte
            }
        }
        return Key(first: words.0, second: words.1, third: words.2)
    }
}
