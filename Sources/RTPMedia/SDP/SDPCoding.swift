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

/// Bounds of ``SessionDescription/init(parsing:limits:)``.
public struct SDPLimits: Hashable, Sendable {
    /// Longest description in bytes.
    public var maximumBytes = 65_535
    /// Most lines.
    public var maximumLines = 4_096
    /// Most `m=` lines.
    public var maximumMedia = 64

    public init() {}
}

extension SessionDescription {
    /// Reads a session description.
    ///
    /// Lines may end with CRLF, LF or CR; empty lines, runs of spaces, missing `s=` and `t=` lines, an `m=` line without
    /// formats and unknown types are tolerated. `v=0` in front, one `o=` line and well-formed `c=` and `m=` lines are not
    /// negotiable.
    ///
    /// - Throws: ``SDPError`` at the first fault, or where a limit is passed.
    public init(parsing bytes: [UInt8], limits: SDPLimits = SDPLimits()) throws(SDPError) {
        var parser = SDPParser(bytes: bytes, limits: limits)
        self = try parser.parse()
    }

    /// The description as `application/sdp`, every line ended by CRLF.
    public var bytes: [UInt8] { Array(text.utf8) }

    /// The description as text.
    public var text: String {
        var text = "v=0\r\n"
        text += "o=\(origin.username) \(origin.sessionID) \(origin.sessionVersion) "
        text += "\(origin.networkType) \(origin.addressType) \(origin.address)\r\n"
        text += "s=\(name.flatMap { $0.isEmpty ? nil : $0 } ?? "-")\r\n"
        for line in lines { text += "\(line.type)=\(line.value)\r\n" }
        for media in media {
            let count = media.portCount > 1 ? "/\(media.portCount)" : ""
            text += "m=\(media.kind) \(media.port)\(count) \(media.transport)"
            for format in media.formats { text += " \(format)" }
            text += "\r\n"
            for line in media.lines { text += "\(line.type)=\(line.value)\r\n" }
        }
        return text
    }
}

/// One pass over the bytes of a description.
private struct SDPParser {
    let bytes: [UInt8]
    let limits: SDPLimits
    var position = 0
    var lineCount = 0

    init(bytes: [UInt8], limits: SDPLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func parse() throws(SDPError) -> SessionDescription {
        guard bytes.count <= limits.maximumBytes else {
            throw SDPError(offset: limits.maximumBytes, expected: "at most \(limits.maximumBytes) bytes")
        }
        guard let first = try nextLine(), first.type == UInt8(ascii: "v") else {
            throw SDPError(offset: 0, expected: "v=0")
        }
        guard fields(first.value).map(text) == ["0"] else {
            throw SDPError(offset: first.value.lowerBound, expected: "version 0")
        }
        var origin: SessionDescription.Origin?
        var name: String?
        var session: [SessionDescription.Line] = []
        var media: [MediaDescription] = []
        while let line = try nextLine() {
            switch line.type {
            case UInt8(ascii: "m"):
                guard origin != nil else { throw SDPError(offset: line.start, expected: "o= before m=") }
                guard media.count < limits.maximumMedia else {
                    throw SDPError(offset: line.start, expected: "at most \(limits.maximumMedia) m= lines")
                }
                media.append(try parseMedia(line.value))
            case UInt8(ascii: "o") where media.isEmpty:
                guard origin == nil else { throw SDPError(offset: line.start, expected: "one o= line") }
                origin = try parseOrigin(line.value)
            case UInt8(ascii: "s") where media.isEmpty && name == nil:
                name = text(line.value)
            default:
                if line.type == UInt8(ascii: "c") { try checkConnection(line.value) }
                let kept = SessionDescription.Line(
                    Character(UnicodeScalar(line.type)), text(trimmed(line.value)))
                if media.isEmpty {
                    session.append(kept)
                } else {
                    media[media.count - 1].lines.append(kept)
                }
            }
        }
        guard let origin else { throw SDPError(offset: bytes.count, expected: "o= line") }
        return SessionDescription(origin: origin, name: name, lines: session, media: media)
    }

    // MARK: Lines

    struct RawLine {
        var start: Int
        var type: UInt8
        var value: Range<Int>
    }

    /// The next line that is not empty; `nil` at the end.
    mutating func nextLine() throws(SDPError) -> RawLine? {
        while position < bytes.count, isLineEnd(bytes[position]) { position += 1 }
        guard position < bytes.count else { return nil }
        let start = position
        while position < bytes.count, !isLineEnd(bytes[position]) {
            guard bytes[position] != 0 else { throw SDPError(offset: position, expected: "no NUL") }
            position += 1
        }
        lineCount += 1
        guard lineCount <= limits.maximumLines else {
            throw SDPError(offset: start, expected: "at most \(limits.maximumLines) lines")
        }
        guard isLetter(bytes[start]) else { throw SDPError(offset: start, expected: "a type letter") }
        guard start + 1 < position, bytes[start + 1] == UInt8(ascii: "=") else {
            throw SDPError(offset: start + 1, expected: "=")
        }
        return RawLine(start: start, type: bytes[start], value: start + 2..<position)
    }

    func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A }
    func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The value without the spaces behind it.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var end = range.upperBound
        while end > range.lowerBound, isSpace(bytes[end - 1]) { end -= 1 }
        return range.lowerBound..<end
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The parts of a value between runs of spaces.
    func fields(_ range: Range<Int>) -> [Range<Int>] {
        var fields: [Range<Int>] = []
        var index = range.lowerBound
        while index < range.upperBound {
            while index < range.upperBound, isSpace(bytes[index]) { index += 1 }
            let start = index
            while index < range.upperBound, !isSpace(bytes[index]) { index += 1 }
            if index > start { fields.append(start..<index) }
        }
        return fields
    }

    // MARK: Typed lines

    func parseOrigin(_ value: Range<Int>) throws(SDPError) -> SessionDescription.Origin {
        let fields = fields(value)
        guard fields.count >= 6 else {
            throw SDPError(offset: value.upperBound, expected: "six fields in o=")
        }
        for field in fields[1...2] { try checkDigits(field, "a number in o=") }
        return SessionDescription.Origin(
            username: text(fields[0]), sessionID: text(fields[1]), sessionVersion: text(fields[2]),
            networkType: text(fields[3]), addressType: text(fields[4]), address: text(fields[5]))
    }

    func checkDigits(_ range: Range<Int>, _ expected: String) throws(SDPError) {
        for index in range where !(0x30...0x39).contains(bytes[index]) {
            throw SDPError(offset: index, expected: expected)
        }
    }

    func checkConnection(_ value: Range<Int>) throws(SDPError) {
        let fields = fields(value)
        guard fields.count >= 3 else {
            throw SDPError(offset: value.upperBound, expected: "network type, address type and address in c=")
        }
        guard bytes[fields[2].lowerBound] != UInt8(ascii: "/") else {
            throw SDPError(offset: fields[2].lowerBound, expected: "an address in c=")
        }
    }

    func parseMedia(_ value: Range<Int>) throws(SDPError) -> MediaDescription {
        let fields = fields(value)
        guard fields.count >= 3 else {
            throw SDPError(offset: value.upperBound, expected: "media, port and protocol in m=")
        }
        let slash = fields[1].first { bytes[$0] == UInt8(ascii: "/") }
        let portRange = fields[1].lowerBound..<(slash ?? fields[1].upperBound)
        guard let port = UInt16(text(portRange)) else {
            throw SDPError(offset: portRange.lowerBound, expected: "a port, 0...65535")
        }
        var portCount = 1
        if let slash {
            guard let count = UInt16(text(slash + 1..<fields[1].upperBound)), count > 0 else {
                throw SDPError(offset: slash + 1, expected: "a number of ports, 1...65535")
            }
            portCount = Int(count)
        }
        return MediaDescription(
            kind: text(fields[0]), port: port, portCount: portCount, transport: text(fields[2]),
            formats: fields[3...].map(text))
    }
}
