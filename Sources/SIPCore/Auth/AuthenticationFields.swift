/// One scheme of an authentication header field with its parameters, values without quotes and escapes.
struct AuthenticationFields: Hashable, Sendable {
    var scheme: String
    /// In order; names in lower case.
    var parameters: [(name: String, value: String)] = []

    /// The first parameter called `name`.
    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    static func == (left: Self, right: Self) -> Bool {
        left.scheme == right.scheme && left.parameters.elementsEqual(right.parameters, by: ==)
    }

    func hash(into hasher: inout Hasher) { hasher.combine(scheme) }

    /// Cuts a field value into its schemes: a list of challenges and a list of parameters share the comma, so a
    /// new scheme begins where a token stands without `=` (RFC 9110 §11.6.1).
    static func parse(_ text: String) -> [Self] {
        guard text.utf8.count <= 65_535 else { return [] }
        return withUTF8(text) { bytes in
            var schemes: [Self] = []
            var scanner = FieldScanner(bytes, from: 0, to: bytes.byteCount)
            while let element = scanner.nextListElement(bracketed: false) {
                var part = FieldScanner(bytes, element)
                let first = part.token()
                part.skipWhitespace()
                guard !first.isEmpty else { continue }
                if part.current != ASCII.equals {
                    schemes.append(Self(scheme: bytes.rawString(first)))
                    let name = part.token()
                    part.skipWhitespace()
                    if !name.isEmpty, part.current == ASCII.equals {
                        schemes[schemes.count - 1].add(name, &part)
                    }
                } else if !schemes.isEmpty {
                    schemes[schemes.count - 1].add(first, &part)
                }
            }
            return schemes
        }
    }

    /// Reads `=value` for the parameter `name`.
    private mutating func add(_ name: SIPSlice, _ part: inout FieldScanner) {
        part.advance()
        part.skipWhitespace()
        let value = part.bytes.unquoted(SIPSlice(part.position, part.end))
        parameters.append((part.bytes.rawString(name).lowercased(), value))
    }

    /// `value` between quotes, with quotes and backslashes escaped.
    static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text.unicodeScalars.append("\\") }
            text.unicodeScalars.append(scalar)
        }
        return text + "\""
    }
}
