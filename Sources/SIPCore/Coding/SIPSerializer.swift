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

    /// The message up to ``writtenEnd``, and room behind it: to append each piece to an array costs three times as much.
    private var bytes: [UInt8]
    private var writtenEnd: Int
    private let start: Int
    private var valueStart = 0
    private var hasControl = false
    private(set) var failure: SIPSerializeError?

    /// Room that is made at once: more than nearly every message needs.
    private static let room = [UInt8](repeating: 0, count: 2_048)

    private init(appendingTo bytes: consuming [UInt8]) {
        start = bytes.count
        writtenEnd = bytes.count
        self.bytes = bytes
        // Element by element this took a fifth of a simulated call's time in debug builds.
        self.bytes.append(contentsOf: Self.room)
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
        // The array has one owner only, or its first write would copy it.
        var serializer = SIPSerializer(appendingTo: consume taken)
        body(&serializer)
        let written = serializer.start..<serializer.writtenEnd
        let tooLarge = SIPSerializeError.messageTooLarge(bytes: written.count)
        let failure = serializer.failure ?? (written.count > maximumMessageBytes ? tooLarge : nil)
        bytes = serializer.takeBytes()
        bytes.removeLast(bytes.count - (failure == nil ? written.upperBound : written.lowerBound))
        if let failure { throw failure }
        return written
    }

    private consuming func takeBytes() -> [UInt8] { bytes }

    /// Copies octets and notes whether a control character is among them; ``endLine(_:)`` then looks closer.
    @inline(__always) private mutating func put(_ source: UnsafeRawBufferPointer) {
        let count = source.count
        if bytes.count &- writtenEnd < count { makeRoom(for: count) }
        var control: UInt64 = 0
        unsafe bytes.withUnsafeMutableBytes { target in
            guard let to = target.baseAddress else { return }
            unsafe Self.copy(source, to: to + writtenEnd, control: &control)
        }
        writtenEnd &+= count
        if control != 0 { hasControl = true }
    }

    /// Eight octets at a time, the last eight overlapping: header fields are too short for `memcpy` to pay.
    ///
    /// - Parameter control: Not zero afterwards when there are octets below a space.
    @inline(__always) private static func copy(
        _ source: UnsafeRawBufferPointer, to: UnsafeMutableRawPointer, control: inout UInt64
    ) {
        let count = source.count
        guard let from = source.baseAddress, count >= 8 else {
            for index in 0..<count {
                let byte = unsafe source[index]
                if byte < 0x20 { control = 1 }
                unsafe to.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
            }
            return
        }
        var index = 0
        while index < count {
            let offset = min(index, count &- 8)
            let word = unsafe from.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            control |= Word.below(0x20, word)
            unsafe to.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
            index &+= 8
        }
    }

    /// Copies octets that need no look.
    private mutating func putUnseen(_ source: UnsafeRawBufferPointer) {
        let count = source.count
        if bytes.count &- writtenEnd < count { makeRoom(for: count) }
        unsafe bytes.withUnsafeMutableBytes { target in
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: target[writtenEnd...])
            unsafe free.copyMemory(from: source)
        }
        writtenEnd &+= count
    }

    private mutating func makeRoom(for count: Int) {
        bytes.append(contentsOf: repeatElement(0, count: max(count, bytes.count - start)))
    }

    /// Starts what ``endLine(_:)`` will look at.
    private mutating func beginValue() {
        valueStart = writtenEnd
        hasControl = false
    }

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
        let first = writtenEnd
        append(uri, of: message)
        checkStartLine(from: first)
        append(" SIP/2.0\r\n")
    }

    /// `SIP/2.0 486 Busy Here`; `reason` replaces the registered phrase.
    public mutating func statusLine(_ status: SIPStatus, reason: String? = nil) {
        append("SIP/2.0 ")
        append(number: status.code)
        append(ASCII.space)
        beginValue()
        append(reason ?? status.reasonPhrase)
        endLine { "reason phrase" }
    }

    private mutating func startLinePart(_ write: (inout SIPSerializer) -> Void) {
        let first = writtenEnd
        write(&self)
        checkStartLine(from: first)
    }

    private mutating func checkStartLine(from first: Int) {
        if !Self.isOneWord(unsafe bytes.span.bytes, first..<writtenEnd) { fail(.invalidStartLine) }
    }

    private static func isOneWord(_ raw: RawSpan, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        while index &+ 8 <= range.upperBound {
            let word = raw.word(index)
            if Word.below(0x21, word) | Word.equal(0x7F, word) != 0 { return false }
            index &+= 8
        }
        while index < range.upperBound {
            if raw.byte(index) <= ASCII.space || raw.byte(index) == 0x7F { return false }
            index &+= 1
        }
        return !range.isEmpty
    }

    // MARK: Header fields

    /// `Name: value`.
    public mutating func header(_ name: SIPHeaderName, _ value: String) {
        let spelling = SIPHeaderName.spellings[Int(name.rawValue)].field
        let (nameCount, span) = (spelling.utf8CodeUnitCount, value.utf8Span.span)
        let count = nameCount &+ span.count &+ 2
        if bytes.count &- writtenEnd < count { makeRoom(for: count) }
        var control: UInt64 = 0
        unsafe bytes.withUnsafeMutableBytes { target in
            guard let base = target.baseAddress else { return }
            let to = unsafe base + writtenEnd
            unsafe to.copyMemory(from: spelling.utf8Start, byteCount: nameCount)
            unsafe span.withUnsafeBytes { unsafe Self.copy($0, to: to + nameCount, control: &control) }
            unsafe to.storeBytes(
                of: ASCII.lineEnd.littleEndian, toByteOffset: count &- 2, as: UInt16.self)
        }
        valueStart = writtenEnd &+ nameCount
        writtenEnd &+= count
        if control != 0, hasLineBreak(valueStart..<writtenEnd &- 2) {
            fail(.lineBreak(field: name.description))
        }
    }

    /// `Name: 70`.
    public mutating func header(_ name: SIPHeaderName, _ value: Int) {
        beginHeader(name)
        append(number: value)
        append("\r\n")
    }

    /// A header field of any name.
    public mutating func header(named name: String, _ value: String) {
        let first = writtenEnd
        append(name)
        for index in first..<writtenEnd where !ByteSet.token.contains(bytes[index]) {
            fail(.invalidName(name))
        }
        if writtenEnd == first { fail(.invalidName(name)) }
        append(": ")
        beginValue()
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
        beginValue()
    }

    /// Ends the header field and checks that its value is one line.
    public mutating func endHeader(_ name: SIPHeaderName) {
        endLine { name.description }
    }

    private mutating func endLine(_ name: () -> String) {
        if hasControl, hasLineBreak(valueStart..<writtenEnd) { fail(.lineBreak(field: name())) }
        append("\r\n")
    }

    private func hasLineBreak(_ range: Range<Int>) -> Bool { bytes[range].contains(where: ASCII.isLineBreak) }

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
        append(raw: body.bytes)
    }

    // MARK: Pieces

    /// Appends text to the value that was begun.
    public mutating func append(_ text: String) {
        // Through the span: asking the UTF-8 view itself for its storage costs two reference counts.
        let span = text.utf8Span.span
        unsafe span.withUnsafeBytes { unsafe put($0) }
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

    /// Appends octets as they are: lines that were checked when they were made, or a body.
    mutating func append(raw octets: [UInt8]) { unsafe octets.withUnsafeBytes { unsafe putUnseen($0) } }

    /// Appends octets as they are.
    mutating func append(raw octets: RawSpan) { unsafe octets.withUnsafeBytes { unsafe putUnseen($0) } }

    mutating func append(_ byte: UInt8) {
        if writtenEnd == bytes.count { makeRoom(for: 1) }
        bytes[writtenEnd] = byte
        writtenEnd &+= 1
    }

    @_disfavoredOverload
    mutating func append(_ text: StaticString) {
        unsafe put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ slice: SIPSlice, of source: RawSpan) {
        let part = source.extracting(source.clamped(slice))
        let first = writtenEnd
        unsafe part.withUnsafeBytes { unsafe put($0) }
        guard hasControl, hasLineBreak(first..<writtenEnd) else { return }
        writtenEnd = first
        append(source.string(slice))
    }

    mutating func fail(_ error: SIPSerializeError) {
        if failure == nil { failure = error }
    }
}
