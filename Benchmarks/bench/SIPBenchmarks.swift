import RTPMedia
import SIPCore
import SansIO

/// Octets to structure: `sip.parse.*`.
let parseSuite = Suite(name: "sip.parse") { try parseFigures() }

func parseFigures() throws -> [Measurement] {
    var figures: [Measurement] = []
    for fixture in SIPFixture.allCases {
        figures.append(try parse(fixture))
        if fixture == .invite { figures.append(try parseWithDescription(fixture)) }
    }
    figures.append(parseGarbage())
    for figure in figures {
        try BenchmarkFault.check(figure.allocations == 0, "\(figure.name) allocates: \(figure.allocations)")
    }
    return figures
}

/// Messages that break in the middle, and octets that never were one.
private func parseGarbage() -> Measurement {
    var generator = SeededGenerator(seed: 4)
    var datagrams: [[UInt8]] = []
    for index in 0..<64 {
        var bytes = SIPFixture.allCases[index % SIPFixture.allCases.count].bytes
        if index % 4 == 3 {
            bytes = bytes.map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        } else {
            for _ in 0..<8 {
                bytes[Int(generator.next() % 300)] = UInt8(truncatingIfNeeded: generator.next())
            }
        }
        datagrams.append(bytes)
    }
    let workspace = Workspace()
    return measure("sip.parse.garbage", per: datagrams.count, note: "damaged messages and noise") {
        for datagram in datagrams { try? workspace.message.parse(datagram.span.bytes) }
    }
}

/// Strings to octets, as a user agent writes: `sip.serialise.*`.
let serialiseSuite = Suite(name: "sip.serialise") { try SIPFixture.allCases.map(serialise) }

/// A parsed message to octets, as other libraries print theirs: `sip.print.*`.
let printSuite = Suite(name: "sip.print") { try SIPFixture.allCases.map(printParsed) }

/// The workspaces of a user agent and of what reads its descriptions.
private final class Workspace {
    var message = SIPMessage()
    var description = SDPMessage()
}

/// The octets of a message's body.
func bodyBytes(of message: borrowing SIPMessage) -> [UInt8] {
    message.bytes(of: message.body).withUnsafeBytes { Array($0) }
}

private func parseBody(of message: borrowing SIPMessage, into description: inout SDPMessage) throws {
    try description.parse(message.bytes(of: message.body))
}

private func parse(_ fixture: SIPFixture) throws -> Measurement {
    let bytes = fixture.bytes
    let workspace = Workspace()
    try workspace.message.parse(bytes.span.bytes)
    return measure(
        "sip.parse.\(fixture.rawValue)",
        note: "\(bytes.count) bytes, \(workspace.message.headerCount) headers"
    ) {
        try? workspace.message.parse(bytes.span.bytes)
    }
}

/// The description is read where it lies, into a workspace of its own.
private func parseWithDescription(_ fixture: SIPFixture) throws -> Measurement {
    let bytes = fixture.bytes
    let workspace = Workspace()
    func parse() throws {
        try workspace.message.parse(bytes.span.bytes)
        try parseBody(of: workspace.message, into: &workspace.description)
    }
    try parse()
    let formats = workspace.description.text(workspace.description.media(at: 0).formats)
    try BenchmarkFault.check(formats == "0 8 9 96 101", "the description was not understood")
    return measure("sip.parse.\(fixture.rawValue)+sdp", note: "and its description, formats \(formats)") {
        try? parse()
    }
}

/// A message as its parts: what a user agent has in hand when it writes one.
private struct MessageParts {
    struct Header {
        var name: SIPHeaderName
        var text: String
        /// Set where the value is a number.
        var number: Int?
    }

    var method = SIPMethod.invite
    var requestURI: String?
    var status = SIPStatus.ok
    var headers: [Header] = []
    var body: SIPBody?

    init(of message: borrowing SIPMessage) {
        if message.isRequest {
            method = message.method
            requestURI = message.string(message.requestURI.text)
        }
        if let status = message.status { self.status = status }
        for index in 0..<message.headerCount {
            let slot = message.header(at: index)
            // Written with the body.
            guard slot.id != .contentType, slot.id != .contentLength else { continue }
            let text = message.string(slot.value)
            headers.append(Header(name: slot.id, text: text, number: Int(text)))
        }
        if !message.body.isEmpty {
            body = SIPBody(contentType: "application/sdp", bytes: bodyBytes(of: message))
        }
    }

    func append(to bytes: inout [UInt8]) throws(SIPSerializeError) {
        _ = try SIPSerializer.append(to: &bytes) { message in
            if let requestURI {
                message.requestLine(method, uri: requestURI)
            } else {
                message.statusLine(status)
            }
            // Through the span: an array's elements are retained when they are read.
            let headers = headers.span
            for index in headers.indices {
                if let number = headers[index].number {
                    message.header(headers[index].name, number)
                } else {
                    message.header(headers[index].name, headers[index].text)
                }
            }
            message.end(body)
        }
    }
}

func serialise(_ fixture: SIPFixture) throws -> Measurement {
    let workspace = Workspace()
    try workspace.message.parse(fixture.bytes.span.bytes)
    let parts = MessageParts(of: workspace.message)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(2_048)
    try parts.append(to: &bytes)
    try BenchmarkFault.check(bytes == fixture.bytes, "\(fixture.rawValue) was written differently")
    return measure("sip.serialise.\(fixture.rawValue)", note: "\(bytes.count) bytes") {
        bytes.removeAll(keepingCapacity: true)
        try? parts.append(to: &bytes)
    }
}

func printParsed(_ fixture: SIPFixture) throws -> Measurement {
    let workspace = Workspace()
    try workspace.message.parse(fixture.bytes.span.bytes)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4_096)
    _ = try SIPSerializer.append(to: &bytes) { $0.copy(workspace.message) }
    try BenchmarkFault.check(bytes == fixture.bytes, "\(fixture.rawValue) was printed differently")
    return measure("sip.print.\(fixture.rawValue)", note: "\(bytes.count) bytes") {
        bytes.removeAll(keepingCapacity: true)
        _ = try? SIPSerializer.append(to: &bytes) { $0.copy(workspace.message) }
    }
}
