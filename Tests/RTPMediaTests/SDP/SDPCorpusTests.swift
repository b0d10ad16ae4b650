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

extension SDPCorpusTests {
    /// What becomes of an offer of the corpus.
    private static func result(
        of name: String, _ policy: MediaSecurityPolicy, codecs: [AudioCodecKind] = AudioCodecKind.allCases
    ) throws -> String {
        guard let folder = try TestData.url("sdp/files") else { return "no test data" }
        let bytes = try TestData.bytes(folder.appending(path: "\(name).sdp"))
        var capabilities = AudioCapabilities(codecs: codecs)
        capabilities.security = policy
        capabilities.cryptoSuites = CryptoSuite.allCases
        var negotiator = AudioNegotiator(
            capabilities: capabilities, localRTP: SocketAddress(ipv4: 0xC000_0201, port: 4_000),
            sessionID: 1,
            keyring: SRTPKeyring(secret: [UInt8](repeating: 7, count: SRTPKeyring.byteCount)))
        do {
            let agreed = try negotiator.answer(to: bytes).negotiated
            return
                "\(agreed.codec.rawValue)@\(agreed.sendPayloadType) \(agreed.crypto?.suite.rawValue ?? "clear")"
        } catch {
            return "\(error)"
        }
    }

    @Test("Every description of the corpus is answered or refused with a typed error, under every policy")
    func everyOffer() throws {
        guard let folder = try TestData.url("sdp/files") else { return }
        var answered: [MediaSecurityPolicy: Int] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            for policy in MediaSecurityPolicy.allCases {
                let result = try Self.result(of: String(name.dropLast(4)), policy)
                if result.contains("@") {
                    answered[policy, default: 0] += 1
                    #expect(policy != .required || !result.hasSuffix("clear"), "\(name)")
                }
            }
        }
        #expect(answered[.off, default: 0] > 100)
        #expect(answered[.optional, default: 0] > answered[.off, default: 0])
        #expect(answered[.required, default: 0] > 10)
    }

    @Test(
        "Choices made on offers of real stacks",
        arguments: [
            // pjsip offers keys on RTP/AVP: everybody's choice.
            ("0301b8959ac33d23", MediaSecurityPolicy.off, "PCMU@0 clear"),
            ("0301b8959ac33d23", .optional, "PCMU@0 AES_CM_128_HMAC_SHA1_80"),
            ("0301b8959ac33d23", .required, "PCMU@0 AES_CM_128_HMAC_SHA1_80"),
            // rtpengine's RTP/SAVP with tag 7.
            ("faca739a6d8466df", .optional, "PCMA@8 AES_CM_128_HMAC_SHA1_80"),
            ("faca739a6d8466df", .off, "the far end insists on encryption (SRTP), which is off"),
            // A browser of before DTLS: RTP/SAVPF, the first suite is the short one.
            ("ace4b6dfffbc7bb8", .required, "opus@111 AES_CM_128_HMAC_SHA1_32"),
            // A browser of today: keys by DTLS are not ours.
            ("0ba3d54f0709673c", .optional, "no audio stream"),
            // An unknown suite beside RTP/AVP is as good as none.
            ("9716ec57f51dfd9a", .optional, "PCMU@0 clear"),
            // GCM with a key too short for it, then a line that is right.
            ("23bc3efff03b0b0d", .required, "PCMU@0 AES_CM_128_HMAC_SHA1_80"),
        ])
    func realOffers(name: String, policy: MediaSecurityPolicy, expected: String) throws {
        let result = try Self.result(of: name, policy)
        if result != "no test data" { #expect(result == expected) }
    }
}
