/// A piece of a session description: offset and length in octets.
///
/// Meaningful only together with the ``SDPMessage`` it was cut from. Sixteen bits suffice: a description has at most
/// 65,535 octets.
public struct SDPSlice: Hashable, Sendable {
    public var offset: UInt16
    public var length: UInt16

    public static var empty: Self { Self(0, 0) }

    public var isEmpty: Bool { length == 0 }
    @inline(__always) var start: Int { Int(offset) }
    @inline(__always) var end: Int { Int(offset) + Int(length) }

    @inline(__always) init(_ start: Int, _ end: Int) {
        offset = UInt16(truncatingIfNeeded: start)
        length = UInt16(truncatingIfNeeded: end &- start)
    }
}

/// Reads the parts of a line's value that stand between runs of spaces.
struct SDPFields: ~Escapable {
    private let bytes: RawSpan
    private let end: Int
    private(set) var position: Int

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, _ slice: SDPSlice) {
        self.bytes = bytes
        position = min(slice.start, bytes.byteCount)
        end = min(slice.end, bytes.byteCount)
    }

    /// The next part; `nil` at the end of the value.
    @inline(__always) mutating func next() -> SDPSlice? {
        skipSpaces()
        let start = position
        while position < end, !bytes.octet(position).isSDPSpace { position &+= 1 }
        return position > start ? SDPSlice(start, position) : nil
    }

    /// Everything that is left, without the spaces around it.
    mutating func rest() -> SDPSlice {
        skipSpaces()
        return bytes.trimmed(SDPSlice(position, end))
    }

    @inline(__always) private mutating func skipSpaces() {
        while position < end, bytes.octet(position).isSDPSpace { position &+= 1 }
    }
}

extension UInt8 {
    @inline(__always) var isSDPSpace: Bool { self == 0x20 || self == 0x09 }
    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
}

extension RawSpan {
    /// The octet at `index`; traps outside the span, which is a mistake of ours and never of the peer.
    @inline(__always) func octet(_ index: Int) -> UInt8 {
        precondition(
            UInt(bitPattern: index) < UInt(bitPattern: byteCount), "a position outside the description")
        return unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
    }

    /// The slice without the spaces behind it.
    func trimmed(_ slice: SDPSlice) -> SDPSlice {
        var end = slice.end
        while end > slice.start, octet(end &- 1).isSDPSpace { end &-= 1 }
        return SDPSlice(slice.start, end)
    }

    /// The slice as text; octets that are not UTF-8 become U+FFFD.
    func text(_ slice: SDPSlice) -> String {
        extracting(slice.start..<slice.end).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the slice holds exactly `text`.
    @inline(__always) func equals(_ slice: SDPSlice, _ text: StaticString) -> Bool {
        guard Int(slice.length) == text.utf8CodeUnitCount else { return false }
        for index in 0..<Int(slice.length) where octet(slice.start &+ index) != text.utf8Start[index] {
            return false
        }
        return true
    }

    /// Whether the slice holds `text` but for the case of ASCII letters.
    func equalsIgnoringCase(_ slice: SDPSlice, _ text: String) -> Bool {
        let other = text.utf8Span.span
        guard other.count == Int(slice.length) else { return false }
        for index in 0..<other.count {
            let (left, right) = (octet(slice.start &+ index), other[index])
            let isSame =
                left == right
                || (left ^ right == 0x20 && (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(left | 0x20))
            if !isSame { return false }
        }
        return true
    }

    /// A decimal number of digits only; `nil` for anything else, and above `maximum`.
    func number(_ slice: SDPSlice, maximum: Int = 999_999_999) -> Int? {
        var value = 0
        for index in slice.start..<slice.end {
            guard octet(index).isDigit else { return nil }
            value = value &* 10 &+ Int(octet(index) &- 0x30)
            if value > maximum { return nil }
        }
        return slice.isEmpty ? nil : value
    }
}
