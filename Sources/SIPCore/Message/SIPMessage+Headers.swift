/// A place in the values of one header field, commas and repeated fields alike (RFC 3261 §7.3.1).
///
/// It holds positions only, so it costs nothing to make: `var routes = message.values(of: .route)` and
/// `while let value = message.next(&routes) { … }`.
public struct SIPValueCursor: Hashable, Sendable {
    let header: SIPHeaderName
    var slot = 0
    /// Where the next value of the slot starts; -1 before the slot has been entered.
    var position = -1

    init(header: SIPHeaderName) { self.header = header }
}

extension SIPMessage {
    /// Number of header fields.
    public var headerCount: Int { slots.count }

    /// The header field at `index`, `0..<headerCount`, in the order of the message.
    public func header(at index: Int) -> SIPHeaderSlot { slots[index] }

    /// The first header field called `name`; `nil` when there is none.
    public func firstHeader(_ name: SIPHeaderName) -> SIPHeaderSlot? {
        for slot in slots where slot.id == name { return slot }
        return nil
    }

    /// The value of the first header field called `name`.
    public func value(of name: SIPHeaderName) -> SIPSlice? { firstHeader(name)?.value }

    /// The value of the first header field called `name`, in any case, known to the library or not.
    public func value(named name: String) -> SIPSlice? {
        let id = SIPHeaderName(name)
        if id != .unknown { return value(of: id) }
        let bytes = bytes
        for slot in slots where slot.id == .unknown && bytes.matches(slot.name, name) { return slot.value }
        return nil
    }

    /// The first value of `name` as text, unfolded; `nil` when the field is absent.
    public func text(of name: SIPHeaderName) -> String? { value(of: name).map { string($0) } }

    /// Every header field as text, in order; values unfolded.
    public func headerFields() -> [SIPHeaderField] {
        slots.map { SIPHeaderField(name: bytes.rawString($0.name), value: bytes.string($0.value)) }
    }

    // MARK: Lists

    /// A cursor over the values of a header field whose grammar is a list.
    public func values(of name: SIPHeaderName) -> SIPValueCursor { SIPValueCursor(header: name) }

    /// The next value, trimmed; `nil` after the last. Commas inside quotes and angle brackets do not divide.
    public func next(_ cursor: inout SIPValueCursor) -> SIPSlice? {
        while cursor.slot < slots.count {
            let slot = slots[cursor.slot]
            if slot.id == cursor.header {
                let bytes = bytes
                var scanner = FieldScanner(bytes, slot.value)
                if cursor.position >= 0 { scanner.position = min(cursor.position, scanner.end) }
                if let value = scanner.nextListElement(bracketed: slot.id != .via) {
                    cursor.position = scanner.position
                    return value
                }
            }
            cursor.slot += 1
            cursor.position = -1
        }
        return nil
    }

    /// The next value as an address; values that are none are passed over.
    public func nextAddress(_ cursor: inout SIPValueCursor) -> NameAddress? {
        while let value = next(&cursor) {
            if let address = try? NameAddress.parse(bytes, value) { return address }
        }
        return nil
    }

    /// The next Via; values that are none are passed over.
    public func nextVia(_ cursor: inout SIPValueCursor) -> Via? {
        while let value = next(&cursor) {
            if let via = try? Via.parse(bytes, value) { return via }
        }
        return nil
    }

    /// Whether a list of tokens (Allow, Supported, Require, …) holds `token`, in any case.
    public func contains(_ token: String, in name: SIPHeaderName) -> Bool {
        var cursor = values(of: name)
        while let value = next(&cursor) {
            if bytes.matches(value, token) { return true }
        }
        return false
    }

    /// The values of a list as text, in order.
    public func list(of name: SIPHeaderName) -> [String] {
        var values: [String] = []
        var cursor = self.values(of: name)
        while let value = next(&cursor) { values.append(string(value)) }
        return values
    }

    /// Route or Record-Route as text, in the order of the message: the material of a route set (RFC 3261 §12.1).
    public func routeSet(_ name: SIPHeaderName = .recordRoute) -> [String] { list(of: name) }
}

extension FieldScanner {
    /// The next element of a comma-separated list; `nil` at the end. Empty elements are passed over.
    ///
    /// - Parameter bracketed: Whether angle brackets enclose URIs, whose commas do not divide. Via has none.
    mutating func nextListElement(bracketed: Bool) -> SIPSlice? {
        skipListSeparators()
        guard !isAtEnd else { return nil }
        let start = position
        var isBracketed = false
        while !isAtEnd {
            let byte = current
            if byte == ASCII.quote {
                // Without a closing quote the rest of the value is one element.
                _ = skipQuotedString()
                continue
            }
            if byte == ASCII.less { isBracketed = bracketed }
            if byte == ASCII.greater { isBracketed = false }
            if byte == ASCII.comma, !isBracketed { break }
            advance()
        }
        return trimmed(from: start)
    }
}
