extension SIPMessageFields {
    /// The first of the header fields without which nothing is a SIP message; `nil` when all are there.
    fileprivate var firstMissing: SIPHeaderName? {
        if !hasSeen(.via) { return .via }
        if !hasSeen(.from) { return .from }
        if !hasSeen(.to) { return .to }
        if !hasSeen(.callID) { return .callID }
        return hasSeen(.cSeq) ? nil : .cSeq
    }

    /// Whether a response can be made: a request other than ACK whose Via was understood and whose From, To,
    /// Call-ID and CSeq are there to be copied.
    var isAnswerable: Bool { kind == .request && methodCode != .ack && firstMissing == nil }

    func hasSeen(_ name: SIPHeaderName) -> Bool { seen >> UInt64(name.rawValue & 63) & 1 != 0 }
}

extension SIPParser {
    /// Gives structure to the header fields that every user agent uses, and checks what holds between them.
    mutating func readFields() {
        for index in slots.indices {
            let slot = slots[index]
            do throws(SIPParseError) {
                try Self.read(slot, bytes, &fields)
            } catch {
                note(SIPParseError(error.kind, at: error.byteOffset, header: slot.id))
            }
        }
        guard firstError == nil else { return }
        if let name = fields.firstMissing {
            note(SIPParseError(.missingHeader, at: fields.headerEnd, header: name))
            return
        }
        guard fields.kind == .request, !bytes.equals(fields.methodName, bytes, fields.cSeq.methodName) else {
            return
        }
        // Between the other methods the request line alone decides what happens; INVITE, ACK and CANCEL differ in
        // their transactions, so there a second opinion is a fault (RFC 4475 §3.1.2.17).
        if fields.methodCode.belongsToInvite || fields.cSeq.methodCode.belongsToInvite {
            note(SIPParseError(.methodMismatch, at: fields.cSeq.methodName.start, header: .cSeq))
        }
    }

    @inline(__always) private static func read(
        _ slot: SIPHeaderSlot, _ bytes: RawSpan, _ fields: inout SIPMessageFields
    ) throws(SIPParseError) {
        // The names of the fields with structure come first in the table of names.
        guard slot.id != .unknown, slot.id.rawValue <= SIPHeaderName.recordRoute.rawValue else { return }
        var scanner = FieldScanner(bytes, slot.value)
        switch slot.id {
        case .via:
            try readVias(&scanner, &fields)
        case .from:
            try fields.noteSingle(slot)
            try readAddress(&scanner, into: &fields.from)
        case .to:
            try fields.noteSingle(slot)
            try readAddress(&scanner, into: &fields.to)
        case .callID:
            try fields.noteSingle(slot)
            fields.callID = try readCallID(&scanner, slot.value)
        case .cSeq:
            try fields.noteSingle(slot)
            fields.cSeq = try scanner.readCSeq()
        case .maxForwards:
            try fields.noteSingle(slot)
            fields.maxForwards = UInt8(truncatingIfNeeded: try scanner.readNumber(upTo: 255))
        case .contentLength:
            try fields.noteSingle(slot)
            fields.contentLength = UInt32(truncatingIfNeeded: try scanner.readNumber(upTo: 0x7FFF_FFFF))
        case .contentType:
            try fields.noteSingle(slot)
            if !slot.value.isEmpty { fields.contentType = try scanner.readMediaType() }
        case .contact:
            try readContacts(&scanner, &fields)
        default:
            try readRoutes(&scanner, slot, &fields)
        }
    }

    private static func readVias(
        _ scanner: inout FieldScanner, _ fields: inout SIPMessageFields
    ) throws(SIPParseError) {
        repeat {
            scanner.skipListSeparators()
            let via = try scanner.readVia()
            if fields.viaCount == 0 {
                fields.topVia = via
                fields.markSeen(.via)
            }
            fields.viaCount += 1
            scanner.skipListSeparators()
        } while !scanner.isAtEnd
    }

    /// From and To: one value with a scheme.
    private static func readAddress(
        _ scanner: inout FieldScanner, into address: inout NameAddress
    ) throws(SIPParseError) {
        try scanner.readNameAddress(into: &address)
        guard scanner.isAtEnd, !address.uri.schemeName.isEmpty else {
            throw SIPParseError(
                .malformedValue, at: scanner.isAtEnd ? address.uri.text.start : scanner.position)
        }
    }

    private static func readCallID(
        _ scanner: inout FieldScanner, _ value: SIPSlice
    ) throws(SIPParseError) -> SIPSlice {
        while !scanner.isAtEnd, scanner.current > ASCII.space { scanner.advance() }
        guard scanner.isAtEnd, !value.isEmpty else {
            throw SIPParseError(.malformedValue, at: scanner.position)
        }
        return value
    }

    private static func readContacts(
        _ scanner: inout FieldScanner, _ fields: inout SIPMessageFields
    ) throws(SIPParseError) {
        scanner.skipListSeparators()
        if scanner.current == ASCII.asterisk, scanner.position &+ 1 == scanner.end {
            fields.hasWildcardContact = true
            return
        }
        while !scanner.isAtEnd {
            let address = try scanner.readNameAddress()
            if fields.contact == nil { fields.contact = address }
            scanner.skipListSeparators()
        }
    }

    private static func readRoutes(
        _ scanner: inout FieldScanner, _ slot: SIPHeaderSlot, _ fields: inout SIPMessageFields
    ) throws(SIPParseError) {
        scanner.skipListSeparators()
        while !scanner.isAtEnd {
            let address = try scanner.readNameAddress()
            if slot.id == .route, fields.firstRoute == nil { fields.firstRoute = address }
            scanner.skipListSeparators()
        }
    }
}

extension SIPMessageFields {
    @inline(__always) mutating func markSeen(_ name: SIPHeaderName) {
        seen |= 1 << UInt64(name.rawValue & 63)
    }

    /// Refuses the second of a header field that may stand once (RFC 4475 §3.3.8).
    @inline(__always) mutating func noteSingle(_ slot: SIPHeaderSlot) throws(SIPParseError) {
        guard !hasSeen(slot.id) else { throw SIPParseError(.duplicateHeader, at: slot.name.start) }
        markSeen(slot.id)
    }
}

extension FieldScanner {
    /// Skips white space and commas: empty elements of a list count for nothing (RFC 4475 §3.1.1.1, RFC 9110 §5.6.1).
    @inline(__always) mutating func skipListSeparators() {
        while !isAtEnd, current == ASCII.comma || ByteSet.linearWhitespace.contains(current) { advance() }
    }
}
