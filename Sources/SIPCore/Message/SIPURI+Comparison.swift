extension SIPURI {
    /// Whether two URIs are equivalent by RFC 3261 §19.1.4.
    ///
    /// Scheme, host, parameter and header names are compared in any case, user and password exactly, `%` escapes as the
    /// characters they stand for. A `user`, `ttl`, `method`, `maddr` or `transport` parameter in one URI only makes
    /// them differ; any other counts only when both have it. Headers must all be in both. URIs other than `sip` and `sips`
    /// are compared octet by octet.
    ///
    /// - Parameters:
    ///   - bytes: The message that this URI was cut from.
    ///   - otherBytes: The message that `other` was cut from.
    public func isEquivalent(in bytes: RawSpan, to other: SIPURI, in otherBytes: RawSpan) -> Bool {
        guard scheme == other.scheme else { return false }
        guard isSIP else { return bytes.equals(text, otherBytes, other.text) }
        let pair = URIPair(left: bytes, right: otherBytes)
        return port == other.port && pair.areEqual(user, other.user)
            && pair.areEqual(password, other.password)
            && pair.areEqual(host, other.host, ignoringCase: true)
            && pair.parametersAgree(parameters, other.parameters)
            && URIPair(left: otherBytes, right: bytes).parametersAgree(other.parameters, parameters)
            && pair.headersAgree(headers, other.headers)
            && URIPair(left: otherBytes, right: bytes).headersAgree(other.headers, headers)
    }
}

/// Two messages whose URIs are compared.
private struct URIPair: ~Escapable {
    let left: RawSpan
    let right: RawSpan

    @_lifetime(copy left, copy right)
    init(left: RawSpan, right: RawSpan) {
        self.left = left
        self.right = right
    }

    func areEqual(_ first: SIPSlice?, _ second: SIPSlice?) -> Bool {
        guard let first, let second else { return first == nil && second == nil }
        return areEqual(first, second, ignoringCase: false)
    }

    /// With `%` escapes resolved on both sides.
    func areEqual(_ first: SIPSlice, _ second: SIPSlice, ignoringCase: Bool) -> Bool {
        let (one, two) = (left.clamped(first), right.clamped(second))
        var (index, other) = (one.lowerBound, two.lowerBound)
        while index < one.upperBound, other < two.upperBound {
            let (byte, length) = left.escapedByte(index, one.upperBound)
            let (otherByte, otherLength) = right.escapedByte(other, two.upperBound)
            let isEqual =
                ignoringCase ? ASCII.lowercased(byte) == ASCII.lowercased(otherByte) : byte == otherByte
            guard isEqual else { return false }
            index += length
            other += otherLength
        }
        return index == one.upperBound && other == two.upperBound
    }

    /// Whether every parameter on the left fits what is on the right.
    func parametersAgree(_ first: SIPSlice, _ second: SIPSlice) -> Bool {
        var scanner = FieldScanner(left, first)
        while let parameter = scanner.nextURIParameter() {
            if let partner = find(parameter.name, in: second) {
                guard areEqual(parameter.value ?? .empty, partner.value ?? .empty, ignoringCase: true) else {
                    return false
                }
            } else if mattersAlone(parameter.name) {
                return false
            }
        }
        return true
    }

    private func mattersAlone(_ name: SIPSlice) -> Bool {
        left.matches(name, lowercase: "user") || left.matches(name, lowercase: "ttl")
            || left.matches(name, lowercase: "method") || left.matches(name, lowercase: "maddr")
            || left.matches(name, lowercase: "transport")
    }

    private func find(_ name: SIPSlice, in list: SIPSlice) -> SIPParameter? {
        var scanner = FieldScanner(right, list)
        while let candidate = scanner.nextURIParameter() {
            if areEqual(name, candidate.name, ignoringCase: true) { return candidate }
        }
        return nil
    }

    /// Whether every header on the left is on the right, with the same value.
    func headersAgree(_ first: SIPSlice, _ second: SIPSlice) -> Bool {
        var scanner = FieldScanner(left, first)
        while let header = scanner.nextURIHeader() {
            var others = FieldScanner(right, second)
            var isFound = false
            while let candidate = others.nextURIHeader() {
                if areEqual(header.name, candidate.name, ignoringCase: true),
                    areEqual(header.value ?? .empty, candidate.value ?? .empty, ignoringCase: false)
                {
                    isFound = true
                }
            }
            if !isFound { return false }
        }
        return true
    }
}

extension FieldScanner {
    /// Reads `name=value` of a URI's headers, which ampersands divide.
    fileprivate mutating func nextURIHeader() -> SIPParameter? {
        let ampersand = UInt8(ascii: "&")
        while !isAtEnd {
            let start = position
            var equals = -1
            while !isAtEnd, current != ampersand {
                if equals < 0, current == ASCII.equals { equals = position }
                advance()
            }
            let stop = position
            _ = take(ampersand)
            guard stop > start else { continue }
            guard equals >= 0 else { return SIPParameter(name: SIPSlice(start, stop)) }
            return SIPParameter(name: SIPSlice(start, equals), value: SIPSlice(equals &+ 1, stop))
        }
        return nil
    }
}
