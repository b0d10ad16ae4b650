import RTPMedia
import SIPCore
import SansIO

/// Octets to structure: `sip.parse.*`.
let parseSuite = Suite(name: "sip.parse") {
    var figures: [Measurement] = []
    for fixture in SIPFixture.allCases {
        figures.append(try parse(fixture))
        if fixture == .invite { figures.append(try parseWithDescription(fixture)) }
    }
    return figures
}

/// Structure to octets: `sip.serialise.*`.
let serialiseSuite = Suite(name: "sip.serialise") { try SIPFixture.allCases.map(serialise) }

/// One message workspace, as the user agent holds it.
private final class Workspace {
    var message = SIPMessage()
}

/// The octets of a message's body.
func bodyBytes(of message: borrowing SIPMessage) -> [UInt8] {
    message.bytes(of: message.body).withUnsafeBytes { Array($0) }
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

/// The description is copied out of the message and parsed whole, as it is when a call is answered.
private func parseWithDescription(_ fixture: SIPFixture) throws -> Measurement {
    let bytes = fixture.bytes
    let workspace = Workspace()
    func parse() throws -> SessionDescription {
        try workspace.message.parse(bytes.span.bytes)
        return try SessionDescription(parsing: bodyBytes(of: workspace.message))
    }
    let formats = try parse().media.first?.formats.count
    try BenchmarkFault.check(formats == 5, "the description was not understood")
    return measure("sip.parse.\(fixture.rawValue)+sdp", note: "and its description, \(formats ?? 0) formats")
    {
        blackHole(try? parse())
    }
}

/// A message as its parts: what a user agent has in hand when it writes one.
private struct MessageParts {
    enum Value {
        case text(String)
        case number(Int)
    }

    var method = SIPMethod.invite
    var requestURI: String?
    var status = SIPStatus.ok
    var headers: [(name: SIPHeaderName, value: Value)] = []
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
            headers.append((slot.id, Int(text).map { .number($0) } ?? .text(text)))
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
            for header in headers {
                switch header.value {
                case .text(let text): message.header(header.name, text)
                case .number(let number): message.header(header.name, number)
                }
            }
            message.end(body)
        }
    }
}

private func serialise(_ fixture: SIPFixture) throws -> Measurement {
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
