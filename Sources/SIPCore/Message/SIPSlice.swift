/// A piece of a message: offset and length in octets, within the message's own bytes.
///
/// A slice is meaningful only together with the bytes that it was cut from; ``SIPMessage/string(_:)`` and
/// ``SIPMessage/bytes(of:)`` read one. Sixteen bits suffice, since a message has at most 65,535 octets.
public struct SIPSlice: Hashable, Sendable {
    /// First octet, counted from the start of the message.
    public var offset: UInt16
    /// Number of octets.
    public var length: UInt16

    @inlinable public init(offset: UInt16, length: UInt16) {
        self.offset = offset
        self.length = length
    }

    /// A slice without octets.
    @inlinable public static var empty: Self { Self(offset: 0, length: 0) }

    @inlinable public var isEmpty: Bool { length == 0 }

    /// The octets as positions in the message.
    @inlinable public var range: Range<Int> { start..<end }

    @inlinable var start: Int { Int(offset) }
    @inlinable var end: Int { Int(offset) + Int(length) }

    /// `start <= end <= 65_535` holds for every position in a message; the bits above are cut, never trapped on.
    @inline(__always) init(_ start: Int, _ end: Int) {
        offset = UInt16(truncatingIfNeeded: start)
        length = UInt16(truncatingIfNeeded: end &- start)
    }
}

extension RawSpan {
    /// The octet at `index`; traps outside the span, which is a mistake of ours and never of the peer.
    @inline(__always) func byte(_ index: Int) -> UInt8 {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: byteCount), "a position outside the message")
        return unsafe unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
    }

    /// Eight octets from `index` on, the first in the low bits.
    @inline(__always) func word(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index &+ 8 <= byteCount, "a position outside the message")
        return UInt64(
            littleEndian: unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
    }

    /// The slice, cut to what the span holds: slices of another message give less, never a trap.
    @inline(__always) func clamped(_ slice: SIPSlice) -> Range<Int> {
        let start = Swift.min(slice.start, byteCount)
        return start..<Swift.min(slice.end, byteCount)
    }

    /// Whether the slice holds exactly `text`, octet by octet.
    func equals(_ slice: SIPSlice, _ text: StaticString) -> Bool {
        let range = clamped(slice)
        guard range.count == text.utf8CodeUnitCount else { return false }
        for index in range {
            let expected = unsafe text.utf8Start[index &- range.lowerBound]
            if byte(index) != expected { return false }
        }
        return true
    }

    /// Whether the slice holds `text` but for the case of ASCII letters.
    ///
    /// - Parameter text: In lower case.
    @inline(__always) func matches(_ slice: SIPSlice, lowercase text: StaticString) -> Bool {
        let range = clamped(slice)
        guard range.count == text.utf8CodeUnitCount else { return false }
        for index in range {
            let expected = unsafe text.utf8Start[index &- range.lowerBound]
            if ASCII.lowercased(byte(index)) != expected { return false }
        }
        return true
    }

    /// Whether the slice holds `text` but for the case of ASCII letters.
    func matches(_ slice: SIPSlice, _ text: some StringProtocol) -> Bool {
        let range = clamped(slice)
        var index = range.lowerBound
        for code in text.utf8 {
            guard index < range.upperBound, ASCII.lowercased(byte(index)) == ASCII.lowercased(code) else {
                return false
            }
            index += 1
        }
        return index == range.upperBound
    }

    /// Whether two slices of two messages hold the same octets.
    func equals(_ slice: SIPSlice, _ other: RawSpan, _ otherSlice: SIPSlice) -> Bool {
        let range = clamped(slice)
        let offset = other.clamped(otherSlice).lowerBound &- range.lowerBound
        guard range.count == other.clamped(otherSlice).count else { return false }
        for index in range where byte(index) != other.byte(index &+ offset) { return false }
        return true
    }

    /// The slice as text, as it stands; malformed UTF-8 becomes U+FFFD.
    func rawString(_ slice: SIPSlice) -> String {
        let part = extracting(clamped(slice))
        return unsafe part.withUnsafeBytes { bytes in unsafe String(decoding: bytes, as: UTF8.self) }
    }

    /// The slice as text, with every fold (a line break and the white space after it) replaced by one space
    /// (RFC 3261 §7.3.1).
    func string(_ slice: SIPSlice) -> String {
        let range = clamped(slice)
        guard range.contains(where: { ASCII.isLineBreak(byte($0)) }) else { return rawString(slice) }
        var unfolded: [UInt8] = []
        unfolded.reserveCapacity(range.count)
        var isFold = false
        for index in range {
            let byte = byte(index)
            if ASCII.isLineBreak(byte) {
                while let last = unfolded.last, ASCII.isWhitespace(last) { unfolded.removeLast() }
                isFold = true
            } else if !(isFold && ASCII.isWhitespace(byte)) {
                if isFold, !unfolded.isEmpty { unfolded.append(ASCII.space) }
                isFold = false
                unfolded.append(byte)
            }
        }
        return String(decoding: unfolded, as: UTF8.self)
    }
}

/// Runs `body` on the UTF-8 of `text`, without a copy.
@inline(__always)
func withUTF8<Result, Failure: Error>(
    _ text: String, _ body: (RawSpan) throws(Failure) -> Result
) throws(Failure) -> Result {
    let span = text.utf8Span.span
    return try body(unsafe span.bytes)
}
