internal import SIPCore

/// Telephone keys in the body of an INFO: `application/dtmf-relay` (`Signal=5`) and `application/dtmf` (`5`), as gateways
/// send them without RFC 4733.
enum InfoDigits {
    /// - Returns: `nil` for a body of another type, or without a key in it.
    static func digit(in body: SIPBody) -> Character? {
        let type = body.contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        let text = String(decoding: body.bytes.prefix(256), as: UTF8.self)
        switch type {
        case "application/dtmf-relay":
            for line in text.split(whereSeparator: \.isNewline) {
                let parts = line.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, trimmed(parts[0]).lowercased() == "signal" else { continue }
                return key(trimmed(parts[1]))
            }
            return nil
        case "application/dtmf": return key(trimmed(text[...]))
        default: return nil
        }
    }

    /// One key, as `application/dtmf-relay`.
    static func body(of digit: Character) -> SIPBody {
        let milliseconds = InfoDigitSender.duration / .milliseconds(1)
        let text = "Signal=\(digit)\r\nDuration=\(Int(milliseconds))\r\n"
        return SIPBody(contentType: "application/dtmf-relay", bytes: Array(text.utf8))
    }

    private static func trimmed(_ text: Substring) -> String { text.filter { !$0.isWhitespace } }

    /// Some send 10 for `*` and 11 for `#`, as RFC 4733 numbers them, and 12...15 for the letters.
    private static func key(_ text: String) -> Character? {
        let known = "0123456789*#ABCD"
        if text.count == 1, let key = text.uppercased().first { return known.contains(key) ? key : nil }
        guard let number = Int(text), (10...15).contains(number) else { return nil }
        return Array(known)[number]
    }
}
