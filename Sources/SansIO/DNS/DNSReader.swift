/// Reads the fields of a DNS message (RFC 1035 §4.1); whatever the octets say, it ends.
struct DNSReader {
    /// Longest name on the wire (RFC 1035 §2.3.4).
    static let maximumNameOctets = 255
    /// Pointers followed within one name: more than any compressor makes.
    private static let maximumPointers = 64

    let bytes: [UInt8]
    private(set) var offset = 0
    /// Where the fields end: the message, or the data of one record.
    private let end: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        end = bytes.count
    }

    /// Reads `range` of the same message: pointers may lead out of it, fields may not.
    init(_ other: DNSReader, _ range: Range<Int>) {
        bytes = other.bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { offset == end }

    mutating func octet() throws(DNSParseError) -> UInt8 {
        guard offset < end else { throw DNSParseError(.truncated, at: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func number16() throws(DNSParseError) -> UInt16 {
        let high = try octet()
        return UInt16(high) << 8 | UInt16(try octet())
    }

    mutating func number32() throws(DNSParseError) -> UInt32 {
        let high = try number16()
        return UInt32(high) << 16 | UInt32(try number16())
    }

    mutating func number64() throws(DNSParseError) -> UInt64 {
        let high = try number32()
        return UInt64(high) << 32 | UInt64(try number32())
    }

    mutating func skip(_ count: Int) throws(DNSParseError) {
        guard count <= end - offset else { throw DNSParseError(.truncated, at: offset) }
        offset += count
    }

    /// One length-prefixed text; octets outside ASCII become escapes.
    mutating func characterString() throws(DNSParseError) -> String {
        let count = Int(try octet())
        guard count <= end - offset else { throw DNSParseError(.truncated, at: offset) }
        defer { offset += count }
        var text = ""
        for index in offset..<offset + count { Self.append(bytes[index], to: &text, isLabel: false) }
        return text
    }

    /// A domain name in lower case and without the final dot; the root is empty.
    ///
    /// Each pointer must lead to a place before the one where the name (or what the last pointer led to) began, so that no
    /// chain of them can turn in a circle.
    mutating func name() throws(DNSParseError) -> String {
        var text = ""
        var octets = 1
        var position = offset
        var start = offset
        var bound = end
        var pointers = 0
        while true {
            guard position < bound else { throw DNSParseError(.truncated, at: position) }
            let length = Int(bytes[position])
            switch length >> 6 {
            case 0 where length == 0:
                if pointers == 0 { offset = position + 1 }
                return text
            case 0:
                guard length < bound - position else { throw DNSParseError(.truncated, at: position) }
                octets += length + 1
                guard octets <= Self.maximumNameOctets else {
                    throw DNSParseError(.nameTooLong, at: position)
                }
                if !text.isEmpty { text += "." }
                for index in position + 1...position + length {
                    Self.append(bytes[index], to: &text, isLabel: true)
                }
                position += length + 1
            case 3:
                guard position + 1 < bound else { throw DNSParseError(.truncated, at: position) }
                let target = (length & 0x3F) << 8 | Int(bytes[position + 1])
                guard target < start, pointers < Self.maximumPointers else {
                    throw DNSParseError(.badPointer, at: position)
                }
                if pointers == 0 { offset = position + 2 }
                pointers += 1
                start = target
                position = target
                bound = bytes.count
            default:
                throw DNSParseError(.badLabel, at: position)
            }
        }
    }

    /// Appends an octet of a label or text; what could be taken for something else becomes `\DDD` (RFC 1035 §5.1).
    private static func append(_ octet: UInt8, to text: inout String, isLabel: Bool) {
        switch octet {
        case UInt8(ascii: "A")...UInt8(ascii: "Z") where isLabel:
            text.unicodeScalars.append(UnicodeScalar(octet | 0x20))
        case UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: " "):
            if isLabel { text += escape(octet) } else { text.unicodeScalars.append(UnicodeScalar(octet)) }
        case 0x21...0x7E:
            text.unicodeScalars.append(UnicodeScalar(octet))
        default:
            text += escape(octet)
        }
    }

    private static func escape(_ octet: UInt8) -> String {
        let digits = String(octet)
        return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }
}
