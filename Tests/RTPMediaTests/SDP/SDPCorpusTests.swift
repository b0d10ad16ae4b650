import Foundation
import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("Session descriptions that others wrote")
struct SDPCorpusTests {
    @Test("Real descriptions are read with the fields that Wireshark reads; broken ones never trap")
    func corpus() throws {
        guard let folder = try TestData.url("sdp") else { return }
        var accepted = 0
        for row in try TestData.rows(folder.appending(path: "files.csv")) {
            let name = row["file"] ?? ""
            let bytes = try TestData.bytes(folder.appending(path: "files/\(name)"))
            if row["expect"] == "accept" {
                let found = try fields(of: SessionDescription(parsing: bytes))
                for (field, value) in found {
                    let expected = row[field]?.trimmingCharacters(in: .whitespaces)
                    #expect(value == expected, "\(name): \(field)")
                }
                accepted += 1
            }
            exercise(bytes)
        }
        #expect(accepted > 100)
    }

    /// The columns of the table, from our view of the description.
    private func fields(of description: SessionDescription) -> [(String, String)] {
        let lines = description.lines + description.media.flatMap(\.lines)
        func joined(_ parts: [String]) -> String { parts.joined(separator: "|") }
        let connections = lines.filter { $0.type == "c" }.map { line in
            line.value.split(separator: " ")[2].split(separator: "/").first.map(String.init) ?? ""
        }
        let attributes = lines.filter { $0.type == "a" }.map(\.value)
        return [
            ("session_id", description.origin.sessionID),
            ("session_version", description.origin.sessionVersion),
            ("connection", joined(connections)),
            ("media", joined(description.media.map(\.kind))),
            ("ports", joined(description.media.map { "\($0.port)" })),
            ("protos", joined(description.media.map(\.transport))),
            ("codecs", joined(description.media.flatMap(\.rtpMaps).map(\.encodingName))),
            (
                "directions",
                joined(attributes.filter { MediaDirection(rawValue: $0) != nil })
            ),
            (
                "m_lines",
                description.media.map { media in
                    let port = media.portCount > 1 ? "\(media.port)/\(media.portCount)" : "\(media.port)"
                    return "m="
                        + ([media.kind, port, media.transport] + media.formats).joined(separator: " ")
                }.joined(separator: " || ")
            ),
        ]
    }

    @Test("100,000 mutated descriptions are read or refused, and what was read can be written and read again")
    func mutations() throws {
        guard let folder = try TestData.url("sdp/files") else { return }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let corpus = try names.map { try TestData.bytes(folder.appending(path: $0)) }.filter {
            $0.count < 600
        }
        var generator = SeededGenerator(seed: 0x5D9)
        let tokens = [
            "\r\n", "=", "m=audio 5 RTP/AVP 0\n", "a=rtpmap:", "65536", "c=IN IP4 0.0.0.0\n", "/", " ",
        ]
        for _ in 0..<100_000 {
            var bytes = corpus[Int.random(in: 0..<corpus.count, using: &generator)]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0...bytes.count, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
                case 1 where place < bytes.count:
                    bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 2:
                    let end = min(bytes.count, place + Int.random(in: 1...20, using: &generator))
                    bytes.removeSubrange(place..<end)
                case 3:
                    bytes.insert(contentsOf: Array(tokens.randomElement(using: &generator)!.utf8), at: place)
                default: bytes = Array(bytes.prefix(place))
                }
            }
            exercise(bytes)
        }
    }

    /// Everything that looks at bytes of a peer.
    private func exercise(_ bytes: [UInt8]) {
        if let description = try? SessionDescription(parsing: bytes) {
            let again = try? SessionDescription(parsing: description.bytes)
            #expect(again?.media == description.media)
            #expect(again?.origin == description.origin)
            _ = SDPSummary(description)
        }
        let local = SocketAddress(ipv4: 0xC000_0201, port: 4_000)
        var negotiator = AudioNegotiator(capabilities: AudioCapabilities(), localRTP: local, sessionID: 1)
        if let (answer, _) = try? negotiator.answer(to: bytes) {
            let ours = try? SessionDescription(parsing: answer)
            let theirs = try? SessionDescription(parsing: bytes)
            #expect(ours?.media.count == theirs?.media.count)
        }
        _ = negotiator.makeOffer()
        _ = try? negotiator.accept(answer: bytes)
    }
}
