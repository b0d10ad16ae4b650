internal import SIPCore

/// The values of a `Reason` header that matter to a call (RFC 3326): `Q.850;cause=16;text="Normal call clearing"`.
struct ReasonHeader: Hashable, Sendable {
    /// `1...127`; `nil` when no Q.850 value was there.
    var q850: Int?
    /// `cause` of a `SIP` value, `100...699`.
    var sipStatus: Int?
    /// The Q.850 value's text, or else that of any other protocol; empty when there is none.
    var text = ""
    /// Some value's text is a notice of analytics: `v=analytics1;url=…` (ATIS-1000099).
    var isAnalyticsBlock = false
    /// The contact that such a notice gives.
    var redressContact: String?

    init() {}

    /// Said with a BYE: a network or a peer let go of the call by a fault, not a person.
    var isLoss: Bool {
        q850.map(Q850Cause.isLoss) ?? sipStatus.map { $0 == 408 || (500..<600).contains($0) } ?? false
    }

    /// Reads every `Reason` field among `headers`; what cannot be read is skipped.
    init(in headers: [SIPHeaderField]) {
        for header in headers where header.name.lowercased() == "reason" {
            for value in Self.split(header.value, at: ",") { read(value) }
        }
    }

    private mutating func read(_ value: Substring) {
        let parts = Self.split(value, at: ";").map(Self.trim)
        guard let scheme = parts.first else { return }
        let protocolName = scheme.lowercased()
        var cause: Int?
        var words: String?
        for part in parts.dropFirst() {
            guard let equals = part.firstIndex(of: "=") else { continue }
            let name = Self.trim(part[..<equals]).lowercased()
            let content = Self.trim(part[part.index(after: equals)...])
            switch name {
            case "cause": cause = Int(content)
            case "text": words = Self.unquote(content)
            default: continue
            }
        }
        if protocolName == "sip", let cause, (100...699).contains(cause), sipStatus == nil {
            sipStatus = cause
        }
        if let words { readNotice(words) }
        if protocolName == "q.850", let cause, (1...127).contains(cause) {
            q850 = cause
            if let words { text = words }
        } else if text.isEmpty, let words {
            text = words
        }
    }

    /// `v=analytics1;url=https://…;tel=…;email=…` in any order.
    private mutating func readNotice(_ words: String) {
        let fields = words.split(separator: ";").map { Self.trim($0) }
        guard fields.contains(where: { $0.lowercased().hasPrefix("v=analytics") }) else { return }
        isAnalyticsBlock = true
        for (name, scheme) in [("url=", ""), ("tel=", "tel:"), ("email=", "mailto:")] {
            guard redressContact == nil,
                let field = fields.first(where: { $0.lowercased().hasPrefix(name) && $0.count > name.count })
            else { continue }
            let contact = field.dropFirst(name.count).prefix(200)
            redressContact = contact.lowercased().hasPrefix(scheme) ? String(contact) : scheme + contact
        }
    }

    /// Splits outside of quoted strings.
    private static func split(_ value: some StringProtocol, at separator: Character) -> [Substring] {
        var pieces: [Substring] = []
        var isQuoted = false
        var isEscaped = false
        var start = value.startIndex
        for index in value.indices {
            let character = value[index]
            if isEscaped {
                isEscaped = false
            } else if character == "\\", isQuoted {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == separator, !isQuoted {
                pieces.append(Substring(value[start..<index]))
                start = value.index(after: index)
            }
        }
        pieces.append(Substring(value[start...]))
        return pieces
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    private static func unquote(_ text: Substring) -> String {
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return String(text) }
        var result = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if !isEscaped, character == "\\" {
                isEscaped = true
                continue
            }
            isEscaped = false
            result.append(character)
        }
        return result
    }
}
