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

    private func compare(_ message: borrowing SIPMessage, _ row: [String: String], _ file: String) {
        let method = row["method"] ?? ""
        let status = message.status.map { String($0.code) } ?? ""
        let uri = message.isRequest ? message.string(message.requestURI.text) : ""
        #expect((message.isRequest ? message.method.description : "") == method, "\(file)")
        #expect(status == row["status"], "\(file)")
        #expect(uri == row["request_uri"], "\(file)")
        let callID = message.string(message.callID)
        #expect(callID == row["call_id"], "\(file)")
        let fromTag = message.from.tag.map { message.string($0) } ?? ""
        let toTag = message.to.tag.map { message.string($0) } ?? ""
        // Wireshark keeps a space after the tag, which belongs to no token.
        #expect(fromTag == row["from_tag"]?.trimmingCharacters(in: .whitespaces), "\(file)")
        #expect(toTag == row["to_tag"]?.trimmingCharacters(in: .whitespaces), "\(file)")
        let viaCount = message.viaCount
        #expect(String(viaCount) == row["via_count"], "\(file)")
        // Wireshark does not read these fields when white space stands before the colon, nor tokens like !x.
        if let sequence = row["cseq"], !sequence.isEmpty {
            #expect(String(message.cSeq.number) == sequence, "\(file)")
        }
        if let sequenceMethod = row["cseq_method"], !sequenceMethod.isEmpty {
            #expect(message.string(message.cSeq.methodName) == sequenceMethod, "\(file)")
        }
        if let length = row["content_length"], !length.isEmpty {
            #expect(message.contentLength.map { String($0) } == length, "\(file)")
        }
        // Wireshark lists the first branch of any Via, which need not be the topmost.
        var branches: [String] = []
        var vias = message.values(of: .via)
        while let via = message.nextVia(&vias) {
            if let branch = via.branch { branches.append(message.string(branch)) }
        }
        #expect((branches.first ?? "") == row["top_via_branch"], "\(file)")
        let body = Int(message.body.length)
        let expected = message.contentLength.map { String($0) } ?? row["body_bytes"]
        #expect(String(body) == expected, "\(file)")
    }
}
