/// Where the session description of a message lies: in its body, or in a part of a multipart one, where carriers put it
/// beside ISUP or a location (RFC 5621 §3, RFC 2046 §5.1).
extension SIPMessage {
    /// Parts that are looked at; nobody sends more than a few.
    private static var maximumParts: Int { 16 }

    /// The octets of the session description; `nil` when the message carries none that can be read.
    ///
    /// Of several parts the first counts. Parts within parts, and encoded ones (RFC 2045 §6), are not looked into.
    var sessionDescription: SIPSlice? {
        guard !body.isEmpty, let type = contentType else { return nil }
        if type.isEqual("application/sdp", in: bytes) { return body }
        guard bytes.matches(type.type, lowercase: "multipart"),
            let boundary = type.parameters.first("boundary", in: bytes)?.value
        else { return nil }
        return descriptionPart(between: unquoted(boundary))
    }

    /// A boundary has no character that would need a backslash (RFC 2046 §5.1.1).
    private func unquoted(_ value: SIPSlice) -> SIPSlice {
        guard value.length >= 2, bytes.byte(value.start) == ASCII.quote else { return value }
        return SIPSlice(value.start + 1, value.end - 1)
    }

    private enum Place {
        case outside
        /// Among the header lines of a part.
        case head(isDescription: Bool, isEncoded: Bool)
        case description(start: Int)
    }

    private func descriptionPart(between boundary: SIPSlice) -> SIPSlice? {
        guard (1...70).contains(boundary.length) else { return nil }
        let bytes = bytes
        let range = bytes.clamped(body)
        var place = Place.outside
        var parts = 0
        var line = range.lowerBound
        var endBefore = line  // Of the line before, without its break.
        while line < range.upperBound {
            var next = line
            while next < range.upperBound, bytes.byte(next) != ASCII.lineFeed { next += 1 }
            let end = next > line && bytes.byte(next - 1) == ASCII.carriageReturn ? next - 1 : next
            if let isLast = delimiter(line, end, boundary) {
                if case .description(let start) = place { return SIPSlice(start, max(start, endBefore)) }
                parts += 1
                guard !isLast, parts <= Self.maximumParts else { return nil }
                place = .head(isDescription: false, isEncoded: false)
            } else if case .head(let isDescription, let isEncoded) = place {
                if line == end {
                    place = isDescription && !isEncoded ? .description(start: next + 1) : .outside
                } else {
                    let field = partField(line, end)
                    place = .head(
                        isDescription: isDescription || field == .description,
                        isEncoded: isEncoded || field == .encoding)
                }
            }
            endBefore = end
            line = next + 1
        }
        return nil
    }

    /// Whether a line divides parts, and if so whether it is the last that does; white space may follow.
    private func delimiter(_ line: Int, _ end: Int, _ boundary: SIPSlice) -> Bool? {
        let bytes = bytes
        let rest = line + 2 + Int(boundary.length)
        guard rest <= end, bytes.byte(line) == ASCII.hyphen, bytes.byte(line + 1) == ASCII.hyphen,
            bytes.equals(SIPSlice(line + 2, rest), bytes, boundary)
        else { return nil }
        let isLast =
            rest + 2 <= end && bytes.byte(rest) == ASCII.hyphen && bytes.byte(rest + 1) == ASCII.hyphen
        for index in (isLast ? rest + 2 : rest)..<end where !ASCII.isWhitespace(bytes.byte(index)) {
            return nil
        }
        return isLast
    }

    private enum PartField { case description, encoding, other }

    private func partField(_ line: Int, _ end: Int) -> PartField {
        let bytes = bytes
        var scanner = FieldScanner(bytes, from: line, to: end)
        let name = scanner.token()
        scanner.skipWhitespace()
        guard scanner.take(ASCII.colon) else { return .other }
        if bytes.matches(name, lowercase: "content-type") || bytes.matches(name, lowercase: "c") {
            let type = try? scanner.readMediaType()
            return type?.isEqual("application/sdp", in: bytes) == true ? .description : .other
        }
        guard bytes.matches(name, lowercase: "content-transfer-encoding") else { return .other }
        scanner.skipWhitespace()
        let encoding = scanner.token()
        let isPlain =
            bytes.matches(encoding, lowercase: "binary") || bytes.matches(encoding, lowercase: "8bit")
            || bytes.matches(encoding, lowercase: "7bit")
        return isPlain ? .other : .encoding
    }
}
