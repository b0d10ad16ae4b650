/// Why bytes are not a session description.
public struct SDPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Byte offset of the fault.
    public var offset: Int
    /// What should have stood there.
    public var expected: String

    public init(offset: Int, expected: String) {
        self.offset = offset
        self.expected = expected
    }

    public var description: String { "at byte \(offset): expected \(expected)" }
}

/// Bounds of ``SDPMessage/parse(_:)`` and ``SessionDescription/init(parsing:limits:)``.
public struct SDPLimits: Hashable, Sendable {
    /// Longest description in bytes; more than 65,535 counts as 65,535.
    public var maximumBytes = 65_535
    /// Most lines.
    public var maximumLines = 4_096
    /// Most `m=` lines.
    public var maximumMedia = 64

    public init() {}
}

extension SDPMessage {
    /// Reads a session description; the one before is forgotten.
    ///
    /// Lines may end with CRLF, LF or CR; empty lines, runs of spaces, missing `s=` and `t=` lines, an `m=` line without
    /// formats and unknown types are tolerated. `v=0` in front, one `o=` line and well-formed `c=` and `m=` lines are not
    /// negotiable.
    ///
    /// - Throws: ``SDPError`` at the first fault, or where a limit is passed; the workspace is empty then.
    public mutating func parse(_ description: RawSpan) throws(SDPError) {
        storage.removeAll(keepingCapacity: true)
        guard description.byteCount <= limits.maximumBytes else {
            contents.removeAll()
            throw SDPError(offset: limits.maximumBytes, expected: "at most \(limits.maximumBytes) bytes")
        }
        description.withUnsafeBytes { storage.append(contentsOf: $0) }
        // The tables move into the parser and back, so that their memory serves every description.
        var tables = Contents()
        swap(&tables, &contents)
        tables.removeAll()
        let (found, failure) = SDPParser(storage.span.bytes, limits, reusing: consume tables).run()
        contents = found
        guard let failure else { return }
        storage.removeAll(keepingCapacity: true)
        contents.removeAll()
        throw failure
    }
}

/// One pass over the bytes of a description.
private struct SDPParser: ~Escapable {
    private let bytes: RawSpan
    private let limits: SDPLimits
    private var position = 0
    private var lineCount = 0
    private var found: SDPMessage.Contents
    private var hasOrigin = false
    /// What is being read: the session first, then one stream after another.
    private var section = SDPMessage.Section()

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, _ limits: SDPLimits, reusing contents: consuming SDPMessage.Contents) {
        self.bytes = bytes
        self.limits = limits
        found = contents
    }

    consuming func run() -> (SDPMessage.Contents, SDPError?) {
        do throws(SDPError) {
            try readVersion()
            while let line = try nextLine() { try read(line) }
            closeSection()
            guard hasOrigin else { throw SDPError(offset: bytes.byteCount, expected: "o= line") }
            return (found, nil)
        } catch {
            return (found, error)
        }
    }

    private mutating func readVersion() throws(SDPError) {
        guard let first = try nextLine(), first.type == UInt8(ascii: "v") else {
            throw SDPError(offset: 0, expected: "v=0")
        }
        var fields = SDPFields(bytes, first.value)
        guard let version = fields.next(), bytes.equals(version, "0"), fields.next() == nil else {
            throw SDPError(offset: first.value.start, expected: "version 0")
        }
    }

    private mutating func read(_ line: RawLine) throws(SDPError) {
        switch line.type {
        case UInt8(ascii: "a"): readAttribute(line)
        case UInt8(ascii: "m"):
            guard hasOrigin else { throw SDPError(offset: line.start, expected: "o= before m=") }
            guard found.media.count < limits.maximumMedia else {
                throw SDPError(offset: line.start, expected: "at most \(limits.maximumMedia) m= lines")
            }
            let next = try readMedia(line.value)
            closeSection()
            found.media.append(next)
        case UInt8(ascii: "o") where found.media.isEmpty:
            guard !hasOrigin else { throw SDPError(offset: line.start, expected: "one o= line") }
            found.origin = try readOrigin(line.value)
            hasOrigin = true
        case UInt8(ascii: "s") where found.media.isEmpty && found.name == nil:
            found.name = line.value
        case UInt8(ascii: "c"):
            try checkConnection(line.value)
            if section.connection == nil { section.connection = found.lines.count }
            keep(line)
        default: keep(line)
        }
    }

    private mutating func keep(_ line: RawLine) {
        found.lines.append(SDPMessage.Line(type: line.type, value: bytes.trimmed(line.value)))
    }

    /// Ends the session part or the stream that was being read.
    private mutating func closeSection() {
        section.endLine = found.lines.count
        if found.media.isEmpty {
            found.session = section
        } else {
            found.media[found.media.count - 1].section = section
        }
        section = SDPMessage.Section(firstLine: found.lines.count, endLine: found.lines.count)
    }

    // MARK: Lines

    private struct RawLine {
        var start: Int
        var type: UInt8
        var value: SDPSlice
    }

    /// The next line that is not empty; `nil` at the end.
    private mutating func nextLine() throws(SDPError) -> RawLine? {
        while position < bytes.byteCount, Self.isLineEnd(bytes.octet(position)) { position &+= 1 }
        guard position < bytes.byteCount else { return nil }
        let start = position
        try skipToLineEnd()
        lineCount += 1
        guard lineCount <= limits.maximumLines else {
            throw SDPError(offset: start, expected: "at most \(limits.maximumLines) lines")
        }
        let type = bytes.octet(start)
        guard (0x61...0x7A).contains(type | 0x20) else {
            throw SDPError(offset: start, expected: "a type letter")
        }
        guard start + 1 < position, bytes.octet(start + 1) == UInt8(ascii: "=") else {
            throw SDPError(offset: start + 1, expected: "=")
        }
        return RawLine(start: start, type: type, value: SDPSlice(start + 2, position))
    }

    /// Eight octets at a time while there are no control characters among them.
    private mutating func skipToLineEnd() throws(SDPError) {
        while position < bytes.byteCount {
            if position &+ 8 <= bytes.byteCount {
                let word = UInt64(
                    littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
                // Marks octets below a space; the lowest mark is exact.
                let marks = (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
                guard marks != 0 else {
                    position &+= 8
                    continue
                }
                position &+= marks.trailingZeroBitCount >> 3
            }
            let octet = bytes.octet(position)
            if Self.isLineEnd(octet) { return }
            guard octet != 0 else { throw SDPError(offset: position, expected: "no NUL") }
            position &+= 1
        }
    }

    @inline(__always) private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A }

    // MARK: Typed lines

    private mutating func readAttribute(_ line: RawLine) {
        let value = bytes.trimmed(line.value)
        var colon = value.start
        while colon < value.end, bytes.octet(colon) != UInt8(ascii: ":") { colon &+= 1 }
        let attribute = SDPAttribute(bytes, SDPSlice(value.start, colon))
        // A direction has no argument; with one it is some other attribute.
        if let direction = attribute.direction, colon == value.end { section.direction = direction }
        found.lines.append(
            SDPMessage.Line(
                type: line.type, attribute: attribute, value: value,
                argument: SDPSlice(min(colon &+ 1, value.end), value.end)))
    }

    private func readOrigin(_ value: SDPSlice) throws(SDPError) -> SDPMessage.Origin {
        var fields = SDPFields(bytes, value)
        guard let username = fields.next(), let sessionID = fields.next(), let version = fields.next(),
            let networkType = fields.next(), let addressType = fields.next(), let address = fields.next()
        else { throw SDPError(offset: value.end, expected: "six fields in o=") }
        try checkDigits(sessionID)
        try checkDigits(version)
        return SDPMessage.Origin(
            username: username, sessionID: sessionID, sessionVersion: version, networkType: networkType,
            addressType: addressType, address: address)
    }

    private func checkDigits(_ slice: SDPSlice) throws(SDPError) {
        for index in slice.start..<slice.end where !bytes.octet(index).isDigit {
            throw SDPError(offset: index, expected: "a number in o=")
        }
    }

    private func checkConnection(_ value: SDPSlice) throws(SDPError) {
        var fields = SDPFields(bytes, value)
        guard fields.next() != nil, fields.next() != nil, let address = fields.next() else {
            throw SDPError(offset: value.end, expected: "network type, address type and address in c=")
        }
        guard bytes.octet(address.start) != UInt8(ascii: "/") else {
            throw SDPError(offset: address.start, expected: "an address in c=")
        }
    }

    private func readMedia(_ value: SDPSlice) throws(SDPError) -> SDPMessage.Media {
        var fields = SDPFields(bytes, value)
        guard let kind = fields.next(), let ports = fields.next(), let transport = fields.next() else {
            throw SDPError(offset: value.end, expected: "media, port and protocol in m=")
        }
        var slash = ports.start
        while slash < ports.end, bytes.octet(slash) != UInt8(ascii: "/") { slash &+= 1 }
        guard let port = bytes.number(SDPSlice(ports.start, slash), maximum: 65_535) else {
            throw SDPError(offset: ports.start, expected: "a port, 0...65535")
        }
        var portCount = 1
        if slash < ports.end {
            let count = bytes.number(SDPSlice(slash + 1, ports.end), maximum: 65_535)
            guard let count, count > 0 else {
                throw SDPError(offset: slash + 1, expected: "a number of ports, 1...65535")
            }
            portCount = count
        }
        return SDPMessage.Media(
            kind: kind, port: UInt16(truncatingIfNeeded: port),
            portCount: UInt16(truncatingIfNeeded: portCount), transport: transport, formats: fields.rest())
    }
}
