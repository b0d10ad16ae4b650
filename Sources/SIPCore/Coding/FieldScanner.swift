/// Reads one field value from left to right. White space includes the line breaks of a fold (RFC 3261 §7.3.1).
///
/// Every read is bounded by `end`; a scanner at its end answers 0, which no grammar rule matches.
struct FieldScanner: ~Escapable {
    let bytes: RawSpan
    var position: Int
    let end: Int

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, _ slice: SIPSlice) {
        let range = bytes.clamped(slice)
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, from start: Int, to end: Int) {
        precondition(start >= 0 && start <= end && end <= bytes.byteCount, "a position outside the message")
        self.bytes = bytes
        position = start
        self.end = end
    }

    @inline(__always) var isAtEnd: Bool { position >= end }

    /// The octet to be read next; 0 at the end.
    @inline(__always) var current: UInt8 {
        position < end ? unsafe bytes.unsafeLoad(fromUncheckedByteOffset: position, as: UInt8.self) : 0
    }

    @inline(__always) mutating func advance() { position &+= 1 }

    /// Reads `byte` if it comes next.
    @inline(__always) mutating func take(_ byte: UInt8) -> Bool {
        guard position < end, current == byte else { return false }
        position &+= 1
        return true
    }

    @inline(__always) mutating func skipWhitespace() {
        while position < end, ByteSet.linearWhitespace.contains(current) { position &+= 1 }
    }

    /// Reads octets while they are members of `set`; the slice may be empty.
    @inline(__always) mutating func read(while set: ByteSet) -> SIPSlice {
        let start = position
        while position < end, set.contains(current) { position &+= 1 }
        return SIPSlice(start, position)
    }

    @inline(__always) mutating func token() -> SIPSlice { read(while: .token) }

    /// Where `byte` stands next, from the current position on; `end` when it does not.
    @inline(__always) func index(of byte: UInt8) -> Int {
        var index = position
        while index &+ 8 <= end {
            let marks = Word.equal(byte, bytes.word(index))
            if marks != 0 { return index &+ marks.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < end {
            if bytes.byte(index) == byte { return index }
            index &+= 1
        }
        return end
    }

    /// Skips a quoted string whose opening quote comes next; false when it has no closing quote.
    ///
    /// A backslash takes the octet after it along, whatever it is (RFC 3261 §25.1, quoted-pair).
    mutating func skipQuotedString() -> Bool {
        advance()
        while position < end {
            switch current {
            case ASCII.quote:
                advance()
                return true
            case ASCII.backslash:
                position &+= 2
            default:
                advance()
            }
        }
        position = end
        return false
    }

    /// Reads a decimal number; `nil` when no digit comes next. Values above `UInt64.max / 10` saturate.
    mutating func number() -> UInt64? {
        let start = position
        var value: UInt64 = 0
        while position < end, ASCII.isDigit(current) {
            let digit = UInt64(current &- ASCII.zero)
            value = value > (UInt64.max &- 9) / 10 ? .max : value &* 10 &+ digit
            position &+= 1
        }
        return position > start ? value : nil
    }

    /// The slice from `start` to the current position without white space at either end.
    func trimmed(from start: Int) -> SIPSlice {
        var lower = start
        var upper = Swift.min(position, end)
        while lower < upper, ByteSet.linearWhitespace.contains(bytes.byte(lower)) { lower &+= 1 }
        while upper > lower, ByteSet.linearWhitespace.contains(bytes.byte(upper &- 1)) { upper &-= 1 }
        return SIPSlice(lower, upper)
    }
}
