private import SansIO

/// Cuts a byte stream (TCP, TLS) into SIP messages (RFC 3261 §18.3) and keep-alives (RFC 5626 §4.4.1).
///
/// Bytes go in as they come, items come out whole. Every octet is looked at a fixed number of times however small the
/// pieces are, and what is kept is bounded by ``Limits``. The messages themselves are for ``SIPMessage/parse(_:)``; here
/// only their ends are found. After an error the stream has lost its frame and has to be closed.
///
/// ```swift
/// framer.append(bytes)
/// while let item = try framer.next() {
///     if case .message(let range) = item { receive(framer.bytes.extracting(range)) }
/// }
/// ```
public struct SIPStreamFramer: Sendable {
    public enum Item: Hashable, Sendable {
        /// A message, start line to body, at this place of ``SIPStreamFramer/bytes`` until the next call.
        case message(Range<Int>)
        /// CRLF between messages: the answer to a ping of ours, or the first half of one (then ``ping`` follows).
        case pong
        /// A second CRLF right after the first: to be answered with CRLF.
        case ping
    }

    /// What one message may have. A stream never holds more than one incomplete message.
    public struct Limits: Hashable, Sendable {
        /// Octets of start line and header fields, the empty line included.
        public var headerBytes = 65_536
        /// Octets of the body.
        public var bodyBytes = 65_535

        public init() {}
    }

    /// Where the stream can no longer be followed, counted from its first octet.
    public struct Failure: Error, Hashable, Sendable {
        public enum Kind: String, Hashable, Sendable {
            /// What stands where a message begins is no text.
            case notSIP
            case headerTooLarge
            /// Without Content-Length nobody knows where the message ends (RFC 3261 §18.3).
            case missingContentLength
            /// No number, or two that differ.
            case invalidContentLength
            case bodyTooLarge
        }

        public var kind: Kind
        public var offset: Int
    }

    private enum State: Hashable, Sendable {
        /// Before a message; whether a CRLF has just been read.
        case between(afterBreak: Bool)
        /// In a header; the next octet to look at, and the last line feed before it if only CR has followed.
        case header(lineFeed: Int?)
        /// The header is complete; the message ends at this index.
        case body(end: Int)
        case failed(Failure)
    }

    public let limits: Limits
    private var buffer: [UInt8] = []
    /// What is before has been handed out.
    private var start = 0
    /// What is before has been looked at.
    private var position = 0
    /// Octets of the stream before the buffer.
    private var dropped = 0
    private var state = State.between(afterBreak: false)

    public init(limits: Limits = Limits()) { self.limits = limits }

    /// Bytes at hand; the ranges of messages lie in them.
    public var bytes: RawSpan {
        @_lifetime(borrow self) get { unsafe buffer.span.bytes }
    }

    /// Whether a message has begun and not ended: the far end owes the rest.
    public var isInMessage: Bool {
        switch state {
        case .between, .failed: false
        case .header, .body: true
        }
    }

    /// Bytes that are held.
    public var count: Int { buffer.count - start }

    /// Adds what has come. Ranges handed out before are void.
    public mutating func append(_ bytes: RawSpan) {
        if case .failed = state { return }
        discard()
        unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
    }

    /// The next item; `nil` until more bytes have come.
    ///
    /// - Throws: ``Failure``, from then on at every call.
    public mutating func next() throws(Failure) -> Item? {
        while true {
            switch state {
            case .between(let afterBreak):
                guard let item = try between(afterBreak) else {
                    if state == .between(afterBreak: afterBreak) || position == buffer.count { return nil }
                    continue
                }
                return item
            case .header(let lineFeed):
                guard try findHeaderEnd(after: lineFeed) else { return nil }
            case .body(let end):
                guard end <= buffer.count else { return nil }
                let message = start..<end
                start = end
                position = end
                state = .between(afterBreak: false)
                return .message(message)
            case .failed(let failure):
                throw failure
            }
        }
    }

    // MARK: Between messages

    /// Reads line breaks; `nil` when a message begins or the bytes are used up.
    private mutating func between(_ afterBreak: Bool) throws(Failure) -> Item? {
        while position < buffer.count {
            switch buffer[position] {
            case ASCII.carriageReturn:
                guard position + 1 < buffer.count else { return nil }
                guard buffer[position + 1] == ASCII.lineFeed else { throw fail(.notSIP, at: position) }
                position += 2
                start = position
                state = .between(afterBreak: !afterBreak)
                return afterBreak ? .ping : .pong
            case ASCII.lineFeed:
                position += 1
                start = position
            case let byte where byte > ASCII.space && byte < 0x7F:
                start = position
                state = .header(lineFeed: nil)
                return nil
            default:
                throw fail(.notSIP, at: position)
            }
        }
        return nil
    }

    // MARK: Header

    /// Looks for the empty line from where the last look ended.
    ///
    /// - Returns: Whether the end of the message is known now.
    private mutating func findHeaderEnd(after lineFeed: Int?) throws(Failure) -> Bool {
        var lineFeed = lineFeed
        let limit = min(buffer.count, start + limits.headerBytes)
        while position < limit {
            if lineFeed == nil {
                position = Self.index(of: ASCII.lineFeed, in: buffer.span, from: position, to: limit)
                guard position < limit else { break }
                lineFeed = position
                position += 1
                continue
            }
            let byte = buffer[position]
            position += 1
            if byte == ASCII.lineFeed {
                let length = try contentLength(in: start..<position)
                state = .body(end: position + length)
                return true
            }
            if byte != ASCII.carriageReturn { lineFeed = nil }
        }
        if position == start + limits.headerBytes { throw fail(.headerTooLarge, at: position) }
        state = .header(lineFeed: lineFeed)
        return false
    }

    /// Content-Length of a complete header, in long or compact form; each line is looked at once.
    private mutating func contentLength(in header: Range<Int>) throws(Failure) -> Int {
        var found: Int?
        var line = header.lowerBound
        while line < header.upperBound {
            let end = Self.index(of: ASCII.lineFeed, in: buffer.span, from: line, to: header.upperBound)
            if let value = Self.contentLengthValue(in: buffer.span, from: line, to: end) {
                let length = try number(from: value, to: header.upperBound)
                if let found, found != length { throw fail(.invalidContentLength, at: value) }
                found = length
            }
            line = end + 1
        }
        guard let found else { throw fail(.missingContentLength, at: header.upperBound) }
        guard found <= limits.bodyBytes else { throw fail(.bodyTooLarge, at: header.upperBound) }
        return found
    }

    /// Where the value begins if this line is a Content-Length.
    private static func contentLengthValue(in bytes: Span<UInt8>, from line: Int, to end: Int) -> Int? {
        guard line < end else { return nil }
        let first = ASCII.lowercased(bytes[line])
        var index: Int
        if first == UInt8(ascii: "l") {
            index = line + 1
        } else {
            let name: StaticString = "content-length"
            guard first == UInt8(ascii: "c"), line + name.utf8CodeUnitCount <= end else { return nil }
            for offset in 0..<name.utf8CodeUnitCount {
                guard unsafe ASCII.lowercased(bytes[line + offset]) == name.utf8Start[offset] else {
                    return nil
                }
            }
            index = line + name.utf8CodeUnitCount
        }
        while index < end, bytes[index] == ASCII.space || bytes[index] == ASCII.tab { index += 1 }
        return index < end && bytes[index] == ASCII.colon ? index + 1 : nil
    }

    /// A decimal number alone in a value that ends with its line, folds apart.
    private mutating func number(from value: Int, to end: Int) throws(Failure) -> Int {
        var index = value
        var number = 0
        var digits = 0
        var isOver = false
        while index < end {
            let byte = buffer[index]
            if ASCII.isDigit(byte), !isOver {
                number = min(number * 10 + Int(byte - ASCII.zero), 1 << 40)
                digits += 1
            } else if byte == ASCII.lineFeed {
                // A line that goes on with white space belongs to the value.
                guard index + 1 < end, buffer[index + 1] == ASCII.space || buffer[index + 1] == ASCII.tab
                else { break }
            } else if byte == ASCII.space || byte == ASCII.tab || byte == ASCII.carriageReturn {
                isOver = digits > 0
            } else {
                throw fail(.invalidContentLength, at: index)
            }
            index += 1
        }
        guard digits > 0 else { throw fail(.invalidContentLength, at: value) }
        return number
    }

    // MARK: Buffer

    private static func index(of byte: UInt8, in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        let raw = unsafe bytes.bytes
        var index = start
        while index &+ 8 <= end {
            let marks = Word.equal(byte, raw.word(index))
            if marks != 0 { return index &+ marks.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < end, raw.byte(index) != byte { index &+= 1 }
        return index
    }

    /// Gives up what was handed out: at once when that is everything, else once it is the greater part.
    private mutating func discard() {
        guard start > 0, start * 2 >= buffer.count else { return }
        let count = start
        if start == buffer.count {
            // An idle stream keeps little: there may be thousands.
            buffer.removeAll(keepingCapacity: buffer.capacity <= 4_096)
        } else {
            buffer.removeSubrange(..<start)
        }
        dropped += count
        start = 0
        position -= count
        switch state {
        case .header(let lineFeed?): state = .header(lineFeed: lineFeed - count)
        case .body(let end): state = .body(end: end - count)
        case .between, .header, .failed: break
        }
    }

    private mutating func fail(_ kind: Failure.Kind, at index: Int) -> Failure {
        let failure = Failure(kind: kind, offset: dropped + index)
        state = .failed(failure)
        return failure
    }
}
