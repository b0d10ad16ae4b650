private import SansIO

/// An address as identity headers carry it: an optional name, a `sip`, `sips` or `tel` URI, parameters. As text, copied out of its message.
public struct IdentityAddress: Hashable, Sendable {
    /// Without quotes and escapes; empty when there is none.
    public var displayName: String
    /// `sip:+15550100@carrier.example`, `tel:+15550100`.
    public var uri: String
    /// Those after the URI, in order; values without their quotes, empty for a flag.
    public var parameters: [Parameter]

    public struct Parameter: Hashable, Sendable {
        /// In lower case.
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String = "") {
            self.name = name
            self.value = value
        }
    }

    public init(displayName: String = "", uri: String, parameters: [Parameter] = []) {
        self.displayName = displayName
        self.uri = uri
        self.parameters = parameters
    }

    /// Values of a header field that are looked at; those beyond are passed over.
    public static let maximumValues = 20

    /// Reads one name-addr or addr-spec.
    ///
    /// - Throws: ``SIPParseError`` of kind `malformedValue`; also for a URI without a scheme.
    public init(parsing text: String) throws(SIPParseError) {
        let address = try NameAddress.parse(text)
        guard !address.uri.schemeName.isEmpty else { throw SIPParseError(.malformedValue, at: 0) }
        self = withUTF8(text) { bytes in IdentityAddress(address, in: bytes) }
    }

    private init(_ address: NameAddress, in bytes: RawSpan) {
        displayName = Self.unquoted(bytes.string(address.displayName))
        uri = bytes.string(address.uri.text)
        parameters = []
        address.parameters.forEach(in: bytes) { parameter in
            parameters.append(
                Parameter(
                    bytes.string(parameter.name).lowercased(),
                    parameter.value.map { Self.unquoted(bytes.string($0)) } ?? ""))
        }
    }

    /// Reads a comma-separated list; a value that does not parse is left out, since the others are no worse for it.
    public static func list(_ text: String) -> [IdentityAddress] {
        HeaderValues.split(text, at: ",").prefix(maximumValues).compactMap {
            try? IdentityAddress(parsing: $0)
        }
    }

    /// The value of a parameter, name in lower case.
    public func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// The telephone number, visual separators and parameters removed: of a `tel` URI, or of a user part that consists of digits.
    public var number: String? {
        guard let uri = try? SIPURI.parse(uri) else { return nil }
        let user = withUTF8(self.uri) { bytes in uri.user.map { bytes.string($0) } }
        guard let user else { return nil }
        // A user part may carry the parameters of a `tel` URI (RFC 3261 §19.1.6).
        let digits = user.prefix { $0 != ";" }.filter { !"-.()".contains($0) }
        let body = digits.hasPrefix("+") ? digits.dropFirst() : digits[...]
        guard (2...40).contains(body.utf8.count),
            body.allSatisfy({ $0.isASCII && $0.isNumber || "*#".contains($0) })
        else { return nil }
        return String(digits)
    }

    /// The name-addr form; a name is quoted, parameter values are quoted when they are no tokens.
    public var text: String {
        var text = displayName.isEmpty ? "" : "\(HeaderValues.quoted(displayName)) "
        text += "<\(uri)>"
        for parameter in parameters {
            text += ";\(parameter.name)"
            if parameter.value.isEmpty { continue }
            let isToken = parameter.value.utf8.allSatisfy { ByteSet.token.contains($0) }
            text += "=\(isToken ? parameter.value : HeaderValues.quoted(parameter.value))"
        }
        return text
    }

    private static func unquoted(_ text: String) -> String {
        guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
        var result = ""
        var isEscaped = false
        for scalar in text.unicodeScalars.dropFirst().dropLast() {
            if !isEscaped, scalar == "\\" {
                isEscaped = true
                continue
            }
            isEscaped = false
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}

/// Lists in header fields, as text.
enum HeaderValues {
    /// Splits outside of quoted strings and angle brackets.
    static func split(_ text: String, at separator: Unicode.Scalar) -> [String] {
        var pieces: [String] = []
        var piece = ""
        var isQuoted = false
        var isEscaped = false
        var isBracketed = false
        for scalar in text.unicodeScalars {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, scalar == "\\" {
                isEscaped = true
            } else if scalar == "\"", !isBracketed {
                isQuoted.toggle()
            } else if !isQuoted {
                if scalar == "<" { isBracketed = true }
                if scalar == ">" { isBracketed = false }
                if scalar == separator, !isBracketed {
                    pieces.append(trimmed(piece))
                    piece = ""
                    continue
                }
            }
            piece.unicodeScalars.append(scalar)
        }
        pieces.append(trimmed(piece))
        return pieces.filter { !$0.isEmpty }
    }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars where scalar.value >= 32 && scalar.value != 127 {
            if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    static func trimmed(_ text: String) -> String {
        let start = text.drop { $0 == " " || $0 == "\t" }
        guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return String(start[...last])
    }
}
