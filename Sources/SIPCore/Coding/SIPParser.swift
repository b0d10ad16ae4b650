private import SansIO

extension SIPMessage {
    /// Parses one datagram (RFC 3261 §7, §18.3).
    ///
    /// Line ends before the start line are skipped. Lines end in CRLF; a bare line feed is let pass. Octets beyond
    /// Content-Length are dropped, fewer are an error. After a failure the workspace still holds what was readable:
    /// when the error suggests a status, Via, From, To, Call-ID and CSeq are there to be copied into the response.
    ///
    /// - Throws: The first ``SIPParseError`` found; its offset counts from the start of `datagram`.
    public mutating func parse(_ datagram: RawSpan) throws(SIPParseError) {
        var start = 0
        while start < datagram.byteCount, ASCII.isLineBreak(datagram.byte(start)) { start &+= 1 }
        guard start < datagram.byteCount else {
            reset()
            throw SIPParseError(.empty, at: 0)
        }
        guard storage.replace(with: datagram.extracting(start..<datagram.byteCount)) else {
            reset()
            throw SIPParseError(.messageTooLarge, at: limits.maximumMessageBytes)
        }
        // The table moves into the parser and back, so that its memory serves every message.
        var table: [SIPHeaderSlot] = []
        swap(&table, &slots)
        table.removeAll(keepingCapacity: true)
        var error: SIPParseError?
        (slots, fields, error) = SIPParser(storage.bytes, limits, reusing: consume table).run()
        guard var error else { return }
        error.byteOffset += start
        if fields.isAnswerable { error.suggestedStatus = error.status }
        throw error
    }
}

/// One pass over one message: start line, header lines, structure of the common fields, body.
///
/// The first error is kept and the pass goes on, since a response to a bad request needs the good fields.
struct SIPParser: ~Escapable {
    let bytes: RawSpan
    let limits: SIPParserLimits
    var slots: [SIPHeaderSlot]
    var fields = SIPMessageFields()
    var firstError: SIPParseError?

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, _ limits: SIPParserLimits, reusing slots: consuming [SIPHeaderSlot]) {
        self.bytes = bytes
        self.limits = limits
        self.slots = slots
    }

    consuming func run() -> ([SIPHeaderSlot], SIPMessageFields, SIPParseError?) {
        readStartLine()
        readHeaderLines()
        readFields()
        // Spaces too many in the request line (RFC 4475 §3.1.2.8, §3.1.2.9): CSeq confirms that the first word is a
        // method, so it is a request, and 400 can be said.
        if fields.kind == .none, fields.hasSeen(.cSeq), !fields.methodName.isEmpty,
            bytes.equals(fields.methodName, bytes, fields.cSeq.methodName)
        {
            fields.kind = .request
        }
        if firstError == nil { delimitBody() }
        return (slots, fields, firstError)
    }

    mutating func note(_ error: SIPParseError) {
        if firstError == nil { firstError = error }
    }

    /// Content-Length decides, else the datagram's end (RFC 3261 §18.3).
    private mutating func delimitBody() {
        let available = bytes.byteCount - fields.headerEnd
        var length = available
        if let announced = fields.contentLength {
            guard announced <= available else {
                let offset = slots.first { $0.id == .contentLength }?.value.start
                note(SIPParseError(.truncatedBody, at: offset ?? fields.headerEnd, header: .contentLength))
                return
            }
            length = Int(announced)
        }
        guard length <= limits.maximumBodyBytes else {
            note(SIPParseError(.bodyTooLarge, at: fields.headerEnd))
            return
        }
        fields.body = SIPSlice(fields.headerEnd, fields.headerEnd + length)
    }

    // MARK: Start line

    private mutating func readStartLine() {
        let (lineEnd, next) = Self.lineEnd(bytes, from: 0)
        fields.headerEnd = next
        fields.startLine = SIPSlice(0, lineEnd)
        guard !Self.isBareReturn(bytes, lineEnd, next) else {
            note(SIPParseError(.bareCarriageReturn, at: lineEnd))
            return
        }
        var scanner = FieldScanner(bytes, from: 0, to: lineEnd)
        do throws(SIPParseError) {
            if Self.startsWithVersion(bytes, lineEnd) {
                try Self.readStatusLine(&scanner, &fields)
            } else {
                try Self.readRequestLine(&scanner, &fields, limits)
            }
        } catch {
            note(error)
        }
    }

    /// A method is a token and has no slash, so `SIP/` decides between the two kinds.
    private static func startsWithVersion(_ bytes: RawSpan, _ end: Int) -> Bool {
        end >= 4 && bytes.matches(SIPSlice(0, 4), lowercase: "sip/")
    }

    private static func readRequestLine(
        _ line: inout FieldScanner, _ fields: inout SIPMessageFields, _ limits: SIPParserLimits
    ) throws(SIPParseError) {
        let method = line.token()
        guard !method.isEmpty, line.take(ASCII.space) else {
            throw SIPParseError(.malformedStartLine, at: line.position)
        }
        fields.methodName = method
        fields.methodCode = SIPMethod.Code(line.bytes, method)
        let uriStart = line.position
        while !line.isAtEnd, line.current != ASCII.space { line.advance() }
        let uri = SIPSlice(uriStart, line.position)
        guard line.take(ASCII.space), !uri.isEmpty else {
            throw SIPParseError(.malformedStartLine, at: line.position)
        }
        // From here on the line is a request's, so that a wrong version or URI can be answered.
        try readVersion(&line) { fields.kind = .request }
        guard uri.length <= limits.maximumURIBytes else { throw SIPParseError(.uriTooLong, at: uriStart) }
        var scanner = FieldScanner(line.bytes, uri)
        do throws(SIPParseError) {
            fields.requestURI = try scanner.readURI()
        } catch {
            throw SIPParseError(.invalidRequestURI, at: error.byteOffset)
        }
        guard !fields.requestURI.schemeName.isEmpty else {
            throw SIPParseError(.invalidRequestURI, at: uriStart)
        }
        guard fields.requestURI.headers.isEmpty else {
            throw SIPParseError(.invalidRequestURI, at: fields.requestURI.headers.start)
        }
    }

    private static func readStatusLine(
        _ line: inout FieldScanner, _ fields: inout SIPMessageFields
    ) throws(SIPParseError) {
        fields.kind = .response
        line.position = 4
        _ = line.read(while: .host)
        guard line.bytes.equals(SIPSlice(4, line.position), "2.0") else {
            throw SIPParseError(.unsupportedVersion, at: 4)
        }
        guard line.take(ASCII.space) else { throw SIPParseError(.malformedStartLine, at: line.position) }
        let codeStart = line.position
        guard let code = line.number() else { throw SIPParseError(.malformedStartLine, at: codeStart) }
        guard line.position - codeStart == 3, (100...699).contains(code) else {
            throw SIPParseError(.invalidStatusCode, at: codeStart)
        }
        fields.statusCode = Int(code)
        guard line.isAtEnd || line.take(ASCII.space) else {
            throw SIPParseError(.malformedStartLine, at: line.position)
        }
        fields.reasonPhrase = SIPSlice(line.position, line.end)
    }

    /// `SIP/2.0` at the end of the request line; spaces after it are let pass (RFC 4475 §3.1.2.10).
    private static func readVersion(
        _ line: inout FieldScanner, whenSIP: () -> Void
    ) throws(SIPParseError) {
        let start = line.position
        let name = line.token()
        guard line.bytes.matches(name, lowercase: "sip"), line.take(ASCII.slash) else {
            throw SIPParseError(.malformedStartLine, at: start)
        }
        let version = line.token()
        let isTwo = line.bytes.equals(version, "2.0")
        while line.take(ASCII.space) {}
        guard line.isAtEnd, !version.isEmpty else {
            throw SIPParseError(.malformedStartLine, at: line.position)
        }
        whenSIP()
        guard isTwo else { throw SIPParseError(.unsupportedVersion, at: start) }
    }

    // MARK: Header lines

    /// Cuts the header section into fields. Goes on after a bad line, since a response needs the good ones.
    private mutating func readHeaderLines() {
        let count = bytes.byteCount
        let table = SIPHeaderNameTable.shared
        var position = fields.headerEnd
        while position < count {
            let first = bytes.byte(position)
            if ASCII.isLineBreak(first) {
                let (end, next) = Self.lineEnd(bytes, from: position)
                if end == position, !Self.isBareReturn(bytes, end, next) {
                    fields.headerEnd = next
                    return
                }
            }
            let lineStart = position
            let (id, nameSlice, colon) = fieldName(table, from: position)
            let isField = !nameSlice.isEmpty
            let (value, next, bareReturn) = Self.fieldValue(bytes, from: isField ? colon &+ 1 : colon)
            position = next
            if let bareReturn {
                note(SIPParseError(.bareCarriageReturn, at: bareReturn))
            }
            guard isField else {
                note(SIPParseError(.malformedHeader, at: colon))
                continue
            }
            guard next &- lineStart <= limits.maximumHeaderBytes else {
                note(SIPParseError(.headerTooLong, at: lineStart))
                continue
            }
            guard slots.count < limits.maximumHeaders else {
                note(SIPParseError(.tooManyHeaders, at: lineStart))
                fields.headerEnd = count
                return
            }
            slots.append(SIPHeaderSlot(id: id, name: nameSlice, value: value))
        }
        fields.headerEnd = count
        note(SIPParseError(.missingHeaderEnd, at: count))
    }

    /// The name of the field that starts at `start`, and its colon; an empty name and where it goes wrong when there
    /// is none.
    @inline(__always) private func fieldName(
        _ table: SIPHeaderNameTable, from start: Int
    ) -> (id: SIPHeaderName, name: SIPSlice, colon: Int) {
        // Nearly every name is in the table, with its colon directly after it: those need no look at each octet.
        let near = min(start &+ 24, bytes.byteCount)
        let colon = FieldScanner(bytes, from: start, to: near).index(of: ASCII.colon)
        if colon < near {
            let name = SIPSlice(start, colon)
            let id = table.lookUp(bytes, name)
            if id != .unknown { return (id, name, colon) }
        }
        var scanner = FieldScanner(bytes, from: start, to: bytes.byteCount)
        let name = scanner.token()
        while ASCII.isWhitespace(scanner.current) { scanner.advance() }
        guard scanner.current == ASCII.colon, !name.isEmpty else {
            return (.unknown, .empty, scanner.position)
        }
        return (table.lookUp(bytes, name), name, scanner.position)
    }

    /// The value from `start` to the end of its last line, trimmed; where the next field starts; and the place of
    /// a carriage return that ends no line.
    @inline(__always) private static func fieldValue(
        _ bytes: RawSpan, from start: Int
    ) -> (value: SIPSlice, next: Int, bareReturn: Int?) {
        let count = bytes.byteCount
        var bareReturn: Int?
        var lineStart = start
        var end: Int
        var next: Int
        while true {
            (end, next) = lineEnd(bytes, from: lineStart)
            if isBareReturn(bytes, end, next) {
                if bareReturn == nil { bareReturn = end }
                lineStart = next
                continue
            }
            guard next < count, ASCII.isWhitespace(bytes.byte(next)) else { break }
            lineStart = next
        }
        var lower = start
        while lower < end, ByteSet.linearWhitespace.contains(bytes.byte(lower)) { lower &+= 1 }
        while end > lower, ByteSet.linearWhitespace.contains(bytes.byte(end &- 1)) { end &-= 1 }
        return (SIPSlice(lower, end), next, bareReturn)
    }

    /// Whether what ``lineEnd(_:from:)`` found is a carriage return without line feed.
    @inline(__always) private static func isBareReturn(_ bytes: RawSpan, _ end: Int, _ next: Int) -> Bool {
        next == end &+ 1 && bytes.byte(end) == ASCII.carriageReturn
    }

    /// Where the line from `start` on ends, and where the next one starts. A carriage return without line feed
    /// ends the search too: then `next` is the octet after it.
    @inline(__always) private static func lineEnd(_ bytes: RawSpan, from start: Int) -> (end: Int, next: Int)
    {
        let count = bytes.byteCount
        var position = start
        while true {
            // Eight octets at a time: a set high bit marks an octet below 0x20, and the lowest mark is exact.
            while position &+ 8 <= count {
                let marks = Word.below(0x20, bytes.word(position))
                if marks != 0 {
                    position &+= marks.trailingZeroBitCount >> 3
                    break
                }
                position &+= 8
            }
            guard position < count else { return (count, count) }
            let byte = bytes.byte(position)
            if byte == ASCII.carriageReturn {
                let next = position &+ 1
                let isPair = next < count && bytes.byte(next) == ASCII.lineFeed
                return (position, isPair ? next &+ 1 : next)
            }
            if byte == ASCII.lineFeed { return (position, position &+ 1) }
            position &+= 1
        }
    }
}
