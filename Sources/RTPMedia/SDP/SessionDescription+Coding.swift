extension SessionDescription {
    /// Reads a session description as ``SDPMessage/parse(_:)`` does, into values that can be kept and changed.
    ///
    /// - Throws: ``SDPError`` at the first fault, or where a limit is passed.
    public init(parsing bytes: [UInt8], limits: SDPLimits = SDPLimits()) throws(SDPError) {
        var message = SDPMessage(limits: limits)
        try message.parse(bytes.span.bytes)
        self.init(message)
    }

    /// A copy of what a workspace holds.
    public init(_ message: borrowing SDPMessage) {
        func line(_ line: SDPMessage.Line) -> Line {
            Line(Character(UnicodeScalar(line.type)), message.text(line.value))
        }
        let origin = message.origin
        self.init(
            origin: Origin(
                username: message.text(origin.username), sessionID: message.text(origin.sessionID),
                sessionVersion: message.text(origin.sessionVersion),
                networkType: message.text(origin.networkType),
                addressType: message.text(origin.addressType), address: message.text(origin.address)),
            name: message.name.map { message.text($0) },
            lines: message.contents.session.lines.map { line(message.contents.lines[$0]) },
            media: message.contents.media.map { media in
                var description = MediaDescription(media, of: message)
                description.lines = media.section.lines.map { line(message.contents.lines[$0]) }
                return description
            })
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

extension MediaDescription {
    /// The `m=` line alone.
    init(_ media: SDPMessage.Media, of message: borrowing SDPMessage) {
        var fields = SDPFields(message.bytes, media.formats)
        var formats: [String] = []
        while let format = fields.next() { formats.append(message.text(format)) }
        self.init(
            kind: message.text(media.kind), port: media.port, portCount: Int(media.portCount),
            transport: message.text(media.transport), formats: formats)
    }
}
