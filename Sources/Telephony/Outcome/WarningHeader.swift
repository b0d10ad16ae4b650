internal import SIPCore

extension CallWarning {
    private static let textLimit = 200

    /// Reads the first `Warning` among `headers`; `nil` when there is none that follows RFC 3261 §20.43.
    init?(in headers: [SIPHeaderField]) {
        for header in headers where header.name.lowercased() == "warning" {
            let words = header.value.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            guard words.count >= 2, words[0].utf8.count == 3, let code = Int(words[0]),
                (100...999).contains(code)
            else { continue }
            let rest = words.count > 2 ? words[2] : ""
            self.init(code: code, agent: String(words[1].prefix(Self.textLimit)), text: Self.text(of: rest))
            return
        }
        return nil
    }

    /// The quoted string in front; what follows it is another warning.
    private static func text(of rest: Substring) -> String {
        guard rest.first == "\"" else { return "" }
        var text = ""
        var isEscaped = false
        for character in rest.dropFirst().prefix(textLimit) {
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
                continue
            } else if character == "\"" {
                break
            }
            text.append(character)
        }
        return text
    }
}
