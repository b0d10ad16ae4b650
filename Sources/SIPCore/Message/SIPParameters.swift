/// One parameter of a header field or URI: `name`, or `name=value`. The value keeps its quotes and escapes.
public struct SIPParameter: Hashable, Sendable {
    public var name: SIPSlice
    /// `nil` for a flag without `=`.
    public var value: SIPSlice?

    public init(name: SIPSlice, value: SIPSlice? = nil) {
        self.name = name
        self.value = value
    }
}

extension FieldScanner {
    /// What came next in a list of header parameters.
    enum ParameterStep {
        case parameter(SIPParameter)
        /// The end of the value or a comma.
        case end
        /// An empty parameter, a name that is no token, or a quoted string without end; at `position`.
        case malformed
    }

    /// Reads `;name[=value]` (RFC 3261 §25.1, generic-param). A last semicolon without a parameter is let pass.
    ///
    /// A value that is neither token, host nor quoted string extends to the next semicolon or comma: real
    /// messages carry such values, and nobody but their reader needs to refuse them.
    @inline(__always) mutating func nextParameter() -> ParameterStep {
        skipWhitespace()
        guard !isAtEnd, current != ASCII.comma else { return .end }
        guard take(ASCII.semicolon) else { return .malformed }
        skipWhitespace()
        if isAtEnd { return .end }
        let name = token()
        guard !name.isEmpty else { return .malformed }
        var afterName = current
        if ByteSet.linearWhitespace.contains(afterName) {
            skipWhitespace()
            afterName = current
        }
        if isAtEnd || afterName == ASCII.semicolon || afterName == ASCII.comma {
            return .parameter(SIPParameter(name: name))
        }
        guard afterName == ASCII.equals else { return .malformed }
        advance()
        return readValue(name)
    }

    @inline(__always) private mutating func readValue(_ name: SIPSlice) -> ParameterStep {
        skipWhitespace()
        let start = position
        while true {
            while !isAtEnd, !ByteSet.parameterStops.contains(current) { advance() }
            guard current == ASCII.quote else { break }
            guard skipQuotedString() else { return .malformed }
        }
        return .parameter(SIPParameter(name: name, value: trimmed(from: start)))
    }
}

/// The parameters of a header field value, as one slice that starts at their first semicolon (or is empty).
public struct SIPParameterList: Hashable, Sendable {
    public var slice: SIPSlice

    public init(_ slice: SIPSlice = .empty) { self.slice = slice }

    public var isEmpty: Bool { slice.isEmpty }

    /// The first parameter called `name` in any case; `nil` when there is none.
    ///
    /// - Parameter bytes: The message that the list was cut from.
    public func first(_ name: String, in bytes: RawSpan) -> SIPParameter? {
        var scanner = FieldScanner(bytes, slice)
        while case .parameter(let parameter) = scanner.nextParameter() {
            if bytes.matches(parameter.name, name) { return parameter }
        }
        return nil
    }

    /// Every parameter, in order.
    public func forEach(in bytes: RawSpan, _ body: (SIPParameter) -> Void) {
        var scanner = FieldScanner(bytes, slice)
        while case .parameter(let parameter) = scanner.nextParameter() { body(parameter) }
    }
}
