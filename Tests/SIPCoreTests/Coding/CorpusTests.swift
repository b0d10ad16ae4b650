import Foundation
import SIPCore
import TestSupport
import Testing

/// Parses `octets` into a fresh workspace and hands it to `body`.
func withParsed<Result>(
    _ octets: [UInt8], _ body: (borrowing SIPMessage) throws -> Result
) throws -> Result {
    var message = SIPMessage()
    try message.parse(octets.span.bytes)
    return try body(message)
}

/// The error of parsing `octets`; `nil` when they are accepted.
func parseError(_ octets: [UInt8], limits: SIPParserLimits = SIPParserLimits()) -> SIPParseError? {
    var message = SIPMessage(limits: limits)
    do throws(SIPParseError) {
        try message.parse(octets.span.bytes)
        return nil
    } catch {
        return error
    }
}

@Suite("Real and tortured messages")
struct CorpusTests {
    @Test("Every message of RFC 4475 gets its verdict")
    func torture() throws {
        guard let folder = try TestData.url("sip/rfc4475") else { return }
        for row in try TestData.rows(folder.appending(path: "expected.csv")) {
            let file = try #require(row["file"])
            let error = parseError(try TestData.bytes(folder.appending(path: file)))
            switch row["parse"] {
            case "accept": #expect(error == nil, "\(file): \(row["title"] ?? "")")
            case "reject", "discard": #expect(error != nil, "\(file): \(row["title"] ?? "")")
            default: break
            }
            if row["parse"] == "discard" { #expect(error?.suggestedStatus == nil, "\(file)") }
        }
    }

    @Test("Every real message gives the fields that Wireshark sees in it")
    func realMessages() throws {
        guard let list = try TestData.url("sip/messages.csv") else { return }
        for row in try TestData.rows(list) {
            let file = try #require(row["file"])
            let url = list.deletingLastPathComponent().appending(path: "messages/\(file)")
            let octets = try TestData.bytes(url)
            guard row["expect"] == "accept" else {
                _ = parseError(octets)
                continue
            }
            do {
                try withParsed(octets) { message in compare(message, row, file) }
            } catch {
                Issue.record("\(file): \(error)")
            }
        }
    }

    /// What Wireshark does not see: fields after white space it does not expect, and a Via without transport. It also
    /// keeps white space at the end of a value.
    private static let blindSpots: [String: Set<String>] = [
        "3f419f065553d67d.sip": ["via_count", "top_via_branch"],
        "a1c636c193d525d9.sip": ["from_tag", "to_tag", "via_count", "top_via_branch", "content_length"],
        "adf697221f6582b0.sip": ["top_via_branch"],
        "f8f72bd707e754c1.sip": ["top_via_branch"],
        "47e946397808f294.sip": ["cseq", "cseq_method"],
        "b957a8292c1c0a98.sip": ["cseq_method", "content_length"],
    ]

    private func compare(_ message: borrowing SIPMessage, _ row: [String: String], _ file: String) {
        var found = ["method": "", "request_uri": "", "status": ""]
        if message.isRequest {
            found["method"] = message.method.description
            found["request_uri"] = message.string(message.requestURI.text)
        }
        if let status = message.status { found["status"] = String(status.code) }
        found["call_id"] = message.string(message.callID)
        found["cseq"] = String(message.cSeq.number)
        found["cseq_method"] = message.string(message.cSeq.methodName)
        found["from_tag"] = message.from.tag.map { message.string($0) } ?? ""
        found["to_tag"] = message.to.tag.map { message.string($0) } ?? ""
        found["via_count"] = String(message.viaCount)
        found["content_length"] = message.contentLength.map { String($0) } ?? ""
        // Wireshark lists the first branch of any Via, which need not be the topmost.
        var vias = message.values(of: .via)
        found["top_via_branch"] = ""
        while let via = message.nextVia(&vias) {
            guard let branch = via.branch else { continue }
            found["top_via_branch"] = message.string(branch)
            break
        }
        for (field, value) in found where Self.blindSpots[file]?.contains(field) != true {
            #expect(value == row[field]?.trimmingCharacters(in: .whitespaces), "\(field) of \(file)")
        }
        let body = String(message.body.length)
        #expect(body == message.contentLength.map { String($0) } ?? row["body_bytes"], "\(file)")
    }
}
