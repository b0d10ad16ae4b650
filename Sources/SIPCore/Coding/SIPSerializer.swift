/// Why a message cannot be written: a mistake on our side of the wire.
public enum SIPSerializeError: Error, Hashable, Sendable {
    /// A value holds CR or LF, with which it would become more than one header field.
    case lineBreak(field: String)
    /// A header field's name is no token.
    case invalidName(String)
    /// A method or URI with white space or control characters in it, or an empty one.
    case invalidStartLine
    /// The message has more octets than a datagram can carry.
    case messageTooLarge(bytes: Int)
}

/// Writes one message at the end of a byte array, piece by piece, in the order of the calls.
///
/// A value that would inject a header field fails the whole message: the first error is kept and thrown at the end,
/// and the array is as it was before. With a warm array nothing is allocated.
///
/// ```swift
/// let range = try SIPSerializer.append(to: &effects.bytes) { message in
///     message.requestLine(.options, uri: "sip:example.com")
///     message.header(.maxForwards, 70)
///     …
///     message.end()
/// }
/// ```
public struct SIPSerializer: ~Copyable {
    /// The largest message, in octets: what fits a UDP datagram on IPv4.
    public static let maximumMessageBytes = 65_507

    var bytes: [UInt8]
    private let start: Int
    private var valueStart = 0
    private(set) var failure: SIPSerializeError?

    private init(appendingTo bytes: consuming [UInt8]) {
        start = bytes.count
        self.bytes = bytes
    }

    /// Appends the message that `body` writes to `bytes`.
    ///
    /// - Returns: The octets of the message within `bytes`.
    /// - Throws: ``SIPSerializeError``; then `bytes` is unchanged.
    public static func append(
        to bytes: inout [UInt8], _ body: (inout SIPSerializer) -> Void
    ) throws(SIPSerializeError) -> Range<Int> {
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        var serializer = SIPSerializer(appendingTo: taken)
        // The array has one owner only, or its first append would copy it.
        taken = []
        body(&serializer)
        let start = serializer.start
        let failure = serializer.failure
        bytes = serializer.takeBytes()
        let count = bytes.count - start
        let tooLarge = SIPSerializeError.messageTooLarge(bytes: count)
        if let failure = failure ?? (count > maximumMessageBytes ? tooLarge : nil) {
            bytes.removeLast(count)
            throw failure
        }
        return start..<bytes.count
    }

    private consuming func takeBytes() -> [UInt8] { bytes }

    // MARK: Start line

    /// `INVITE sip:… SIP/2.0`.
    public mutating func requestLine(_ method: SIPMethod, uri: String) {
        startLinePart { $0.append(method.description) }
        append(ASCII.space)
        startLinePart { $0.append(uri) }
        append(" SIP/2.0\r\n")
    }

    /// A request line whose URI is a slice of another message.
    public mutating func requestLine(_ method: SIPMethod, uri: SIPSlice, of message: borrowing SIPMessage) {
        startLinePart { $0.append(method.description) }
        append(ASCII.space)
        let first = bytes.count
        append(uri, of: message)
        checkStartLine(from: first)
        append(" SIP/2.0\r\n")
    }

    /// `SIP/2.0 486 Busy Here`; `reason` replaces the registered phrase.
    public mutating func statusLine(_ status: SIPStatus, reason: String? = nil) {
        append("SIP/2.0 ")
        append(number: status.code)
        append(ASCII.space)
        valueStart = bytes.count
        append(reason ?? status.reasonPhrase)
        endLine { "reason phrase" }
    }

    private mutating func startLinePart(_ write: (inout SIPSerializer) -> Void) {
        let first = bytes.count
        write(&self)
        checkStartLine(from: first)
    }

    private mutating func checkStartLine(from first: Int) {
        if !Self.isOneWord(bytes.span, from: first) { fail(.invalidStartLine) }
    }

    private static func isOneWord(_ span: Span<UInt8>, from first: Int) -> Bool {
        let raw = unsafe span.bytes
        var index = first
        while index &+ 8 <= raw.byteCount {
            let word = raw.word(index)
            if Word.below(0x21, word) | Word.equal(0x7F, word) != 0 { return false }
            index &+= 8
        }
        while index < raw.byteCount {
            if raw.byte(index) <= ASCII.space || raw.byte(index) == 0x7F { return false }
            index &+= 1
        }
        return first < raw.byteCount
    }

    // MARK: Header fields

    /// `Name: value`.
    public mutating func header(_ name: SIPHeaderName, _ value: String) {
        beginHeader(name)
        append(value)
        endHeader(name)
    }

    /// `Name: 70`.
    public mutating func header(_ name: SIPHeaderName, _ value: Int) {
        beginHeader(name)
        append(number: value)
        append("\r\n")
    }

    /// A header field of any name.
    public mutating func header(named name: String, _ value: String) {
        let first = bytes.count
        append(name)
        for index in first..<bytes.count where !ByteSet.token.contains(bytes[index]) {
            fail(.invalidName(name))
        }
        if bytes.count == first { fail(.invalidName(name)) }
        append(": ")
        valueStart = bytes.count
        append(value)
        endLine { name }
    }

    /// Header fields as text, in order.
    public mutating func headers(_ fields: [SIPHeaderField]) {
        for field in fields { header(named: field.name, field.value) }
    }

    /// Writes the name; any number of `append` calls for the value and ``endHeader(_:)`` follow.
    public mutating func beginHeader(_ name: SIPHeaderName) {
        append(SIPHeaderName.spellings[Int(name.rawValue)].field)
        valueStart = bytes.count
    }

    /// Ends the header field and checks that its value is one line.
    public mutating func endHeader(_ name: SIPHeaderName) {
        endLine { name.description }
    }

    private mutating func endLine(_ name: () -> String) {
        if Self.hasLineBreak(bytes.span, from: valueStart) { fail(.lineBreak(field: name())) }
        append("\r\n")
    }

    private static func hasLineBreak(_ span: Span<UInt8>, from start: Int) -> Bool {
        let raw = unsafe span.bytes
        var index = start
        while index &+ 8 <= raw.byteCount {
            let word = raw.word(index)
            // Ordinary text has no control characters and needs no second look.
            if Word.below(0x20, word) != 0,
                Word.equal(ASCII.carriageReturn, word) | Word.equal(ASCII.lineFeed, word) != 0
            {
                return true
            }
            index &+= 8
        }
        while index < raw.byteCount {
            if ASCII.isLineBreak(raw.byte(index)) { return true }
            index &+= 1
        }
        return false
    }

    // MARK: End

    /// Ends a message without body: `Content-Length: 0` and the empty line.
    public mutating func end() {
        append("Content-Length: 0\r\n\r\n")
    }

    /// Ends a message with `body`: Content-Type, Content-Length, the empty line and the octets.
    public mutating func end(_ body: SIPBody?) {
        guard let body else {
            end()
            return
        }
        header(.contentType, body.contentType)
        header(.contentLength, body.bytes.count)
        append("\r\n")
        bytes.append(contentsOf: body.bytes)
    }

    // MARK: Pieces

    /// Appends text to the value that was begun.
    public mutating func append(_ text: String) {
        // Through the span: appending the UTF-8 view itself costs two reference counts and a slower copy.
        let span = text.utf8Span.span
        unsafe span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    /// Appends a slice of a parsed message, folds replaced by one space.
    public mutating func append(_ slice: SIPSlice, of message: borrowing SIPMessage) {
        append(slice, of: message.bytes)
    }

    /// Appends a decimal number.
    public mutating func append(number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        let magnitude = number.magnitude
        var divisor: UInt = 1
        while magnitude / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(ASCII.zero &+ UInt8(truncatingIfNeeded: magnitude / divisor % 10))
            divisor /= 10
        }
    }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    @_disfavoredOverload
    mutating func append(_ text: StaticString) {
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ slice: SIPSlice, of source: RawSpan) {
        let part = source.extracting(source.clamped(slice))
        let first = bytes.count
        unsafe part.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        guard Self.hasLineBreak(bytes.span, from: first) else { return }
        bytes.removeLast(bytes.count - first)
        append(source.string(slice))
    }

    mutating func fail(_ error: SIPSerializeError) {
        if failure == nil { failure = error }
    }
}
