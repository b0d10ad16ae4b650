/// A JSON value as tokens carry it (RFC 8259), with the one spelling that is signed (RFC 8225 §9).
enum ClaimValue: Hashable, Sendable {
    case text(String)
    case integer(Int64)
    case list([ClaimValue])
    /// Members in the order of their names' code points, no name twice.
    case object([Member])
    /// A fraction, `true`, `false` or `null`: no claim that we know; as written.
    case other(String)

    struct Member: Hashable, Sendable {
        var name: String
        var value: ClaimValue
    }

    /// Values inside values, at most.
    static let depthLimit = 8
    /// Octets of a text, at most.
    static let byteLimit = 8_192

    /// An object with its members put in order.
    static func object(of members: [(name: String, value: ClaimValue)]) -> ClaimValue {
        .object(members.map { Member(name: $0.name, value: $0.value) }.sorted { precedes($0.name, $1.name) })
    }

    /// The order of code points, in which RFC 8225 §9 wants the names.
    static func precedes(_ left: String, _ right: String) -> Bool {
        left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
    }

    /// The member called `name`; `nil` when there is none or this is no object.
    subscript(name: String) -> ClaimValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    var integer: Int64? {
        guard case .integer(let number) = self else { return nil }
        return number
    }

    /// A list of texts, or one text standing alone, as some write a list of one.
    var texts: [String]? {
        switch self {
        case .text(let text): return [text]
        case .list(let values):
            let texts = values.compactMap(\.text)
            return texts.count == values.count ? texts : nil
        case .integer, .object, .other: return nil
        }
    }

    // MARK: Writing

    /// Without white space, names in order, the shortest escapes (RFC 8225 §9).
    var canonicalText: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .text(let value): Self.write(value, to: &text)
        case .integer(let number): text += String(number)
        case .other(let spelling): text += spelling
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                Self.write(member.name, to: &text)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{08}": text += "\\b"
            case "\u{09}": text += "\\t"
            case "\u{0A}": text += "\\n"
            case "\u{0C}": text += "\\f"
            case "\u{0D}": text += "\\r"
            case "\u{00}"..."\u{1F}":
                text += scalar.value < 16 ? "\\u000" : "\\u00"
                text += String(scalar.value, radix: 16)
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
