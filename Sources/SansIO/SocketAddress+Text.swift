extension SocketAddress: CustomStringConvertible {
    /// An address literal and a port; a name gives `nil`.
    ///
    /// - Parameter host: `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`; no zone (`%eth0`), and no octet with a
    ///   leading zero, which some programs read as octal.
    public init?(host: some StringProtocol, port: UInt16) {
        // One concrete type for the loops below: they run for every message, and most literals need no memory.
        let text = String(host)
        let bytes = text.utf8Span.span
        if let number = Self.parseIPv4(bytes, 0..<bytes.count) {
            self.init(ipv4: number, port: port)
            return
        }
        let isBracketed =
            bytes.count > 2 && bytes[0] == UInt8(ascii: "[") && bytes[bytes.count - 1] == UInt8(ascii: "]")
        let bare = isBracketed ? 1..<bytes.count - 1 : 0..<bytes.count
        guard let (high, low) = Self.parseIPv6(bytes, bare) else { return nil }
        self.init(ipv6High: high, low: low, port: port)
    }

    /// The host alone: `192.0.2.1` or `2001:db8::1`, without brackets (RFC 5952 for IPv6).
    public var host: String {
        switch family {
        case .ipv4:
            return "\(low >> 24 & 255).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255)"
        case .ipv6:
            return Self.formatIPv6(high: high, low: low)
        }
    }

    /// The host as it stands in a URI or a Via: brackets around IPv6.
    public var uriHost: String { family == .ipv6 ? "[\(host)]" : host }

    /// `192.0.2.1:5060` or `[2001:db8::1]:5060`.
    public var description: String { "\(uriHost):\(port)" }

    private static func parseIPv4(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
        var value: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var dots = 0
        for index in range {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard digits == 0 || octet > 0 else { return nil }
                octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                guard octet <= 255 else { return nil }
            case UInt8(ascii: "."):
                guard digits > 0, dots < 3 else { return nil }
                value = value << 8 | octet
                octet = 0
                digits = 0
                dots += 1
            default:
                return nil
            }
        }
        return digits > 0 && dots == 3 ? value << 8 | octet : nil
    }

    private static func parseIPv6(_ bytes: Span<UInt8>, _ range: Range<Int>) -> (UInt64, UInt64)? {
        guard (2...45).contains(range.count),
            Self.first(UInt8(ascii: ":"), of: bytes, range) < range.upperBound
        else { return nil }
        var groups: [UInt16] = []
        var gap: Int?
        var index = range.lowerBound
        if bytes[index] == UInt8(ascii: ":") {
            guard bytes[index + 1] == UInt8(ascii: ":") else { return nil }
            gap = 0
            index += 2
        }
        while index < range.upperBound {
            let end = Self.first(UInt8(ascii: ":"), of: bytes, index..<range.upperBound)
            let group = index..<end
            if Self.first(UInt8(ascii: "."), of: bytes, group) < end {
                guard end == range.upperBound, let tail = parseIPv4(bytes, group) else { return nil }
                groups.append(UInt16(truncatingIfNeeded: tail >> 16))
                groups.append(UInt16(truncatingIfNeeded: tail))
                index = end
                break
            }
            guard (1...4).contains(group.count) else { return nil }
            var value: UInt16 = 0
            for position in group {
                guard let digit = Character(UnicodeScalar(bytes[position])).hexDigitValue else { return nil }
                value = value << 4 | UInt16(digit)
            }
            groups.append(value)
            index = end
            guard index < range.upperBound else { break }
            index += 1
            guard index < range.upperBound else { return nil }
            if bytes[index] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = groups.count
                index += 1
            }
        }
        guard groups.count <= 8 else { return nil }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        func half(_ slice: ArraySlice<UInt16>) -> UInt64 { slice.reduce(0) { $0 << 16 | UInt64($1) } }
        return (half(groups[0..<4]), half(groups[4..<8]))
    }

    /// The first place of `byte`, or the end of the range.
    private static func first(_ byte: UInt8, of bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var index = range.lowerBound
        while index < range.upperBound, bytes[index] != byte { index += 1 }
        return index
    }

    private static func formatIPv6(high: UInt64, low: UInt64) -> String {
        if high == 0, low >> 32 == 0xFFFF {
            return "::ffff:" + Self(ipv4: UInt32(truncatingIfNeeded: low), port: 0).host  // RFC 5952 §5
        }
        let groups = [high, low].flatMap { half in
            [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> $0) }
        }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > best.count { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ slice: ArraySlice<UInt16>) -> String {
            slice.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard best.count > 1 else { return text(groups[...]) }
        return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }
}
