import Foundation
import SIPCore
import SansIO
import TestSupport
import Testing

@Suite("Robustness against changed messages")
struct MutationTests {
    private static let ownSeeds: [[UInt8]] = [
        request(
            "Contact: \"x\" <sip:a@[2001:db8::1]:5060;lr?a=b>;q=0.5, <tel:+1-2>",
            "Route: <sip:p;lr>,\r\n <sip:q>",
            "Authorization: Digest username=\"a\\\"\", realm=\"r\", nonce=\"n\", uri=\"u\", response=\"0\", qop=auth, "
                + "nc=00000001, cnonce=\"c\"", "RAck: 1 2 INVITE", "x: 90;refresher=uac", "Timestamp: 1.5",
            "Reason: Q.850;cause=16;text=\"t\"", "Warning: 300 a \"b\"", "Content-Type: a/b;c=\"d\"",
            "Content-Length: 3", body: "abc"),
        Array(
            """
            SIP/2.0 401 Unauthorized\r
            v: SIP / 2.0 / UDP h:5060 ;branch=z9hG4bKx;rport=1;received=192.0.2.1, SIP/2.0/TCP i;ttl=3\r
            f: sip:a@b;tag=c\r
            t: "d" <sip:e@f;g=h>;tag=i\r
            i: j@k\r
            CSeq: 1 REGISTER\r
            WWW-Authenticate: Digest realm="r", nonce="n", qop="auth,auth-int", Basic realm="x"\r
            Proxy-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256\r
            Record-Route: <sip:p;lr>\r
            m: *\r
            l: 0\r
            \r

            """.utf8),
    ]

    @Test("100,000 mutations of real and own messages are read through every accessor, and nothing traps")
    func mutations() throws {
        var seeds = Self.ownSeeds
        if let folder = try TestData.url("sip") {
            for row in try TestData.rows(folder.appending(path: "messages.csv")) {
                let octets = try TestData.bytes(folder.appending(path: "messages/\(row["file"] ?? "")"))
                if octets.count < 1_500 { seeds.append(octets) }
            }
            for row in try TestData.rows(folder.appending(path: "rfc4475/expected.csv")) {
                let octets = try TestData.bytes(folder.appending(path: "rfc4475/\(row["file"] ?? "")"))
                if octets.count < 1_500 { seeds.append(octets) }
            }
        }
        var generator = SeededGenerator(seed: 4475)
        var message = SIPMessage()
        var reparsed = SIPMessage()
        var written: [UInt8] = []
        var accepted = 0
        for round in 0..<100_000 {
            var octets = seeds[Int(generator.next() % UInt64(seeds.count))]
            let other = seeds[Int(generator.next() % UInt64(seeds.count))]
            for _ in 0...Int(generator.next() % 4) { Self.mutate(&octets, other, &generator) }
            let error = Self.parse(octets, into: &message)
            if let error {
                #expect(error.byteOffset <= octets.count, "round \(round)")
                // What a response copies must be readable although the request is wrong.
                if error.suggestedStatus != nil { _ = message.text(of: .to) }
                continue
            }
            accepted += 1
            Self.readEverything(message)
            written.removeAll(keepingCapacity: true)
            _ = try SIPSerializer.append(to: &written) { $0.copy(message) }
            let second = Self.parse(written, into: &reparsed)
            #expect(second == nil, "round \(round): \(second.map { "\($0)" } ?? "")")
            #expect(reparsed.headerCount >= message.headerCount, "round \(round)")
        }
        // Both verdicts must be met often, or the mutations test nothing.
        #expect(accepted > 10_000 && accepted < 90_000, "\(accepted)")
    }

    private static func parse(_ octets: [UInt8], into message: inout SIPMessage) -> SIPParseError? {
        do throws(SIPParseError) {
            try message.parse(octets.span.bytes)
            return nil
        } catch {
            return error
        }
    }

    private static let interesting = Array("\r\n \t;,<>\"@:=?%[]\\/*0\0\u{7F}".utf8) + [0xFF, 0x80]

    private static func mutate(_ octets: inout [UInt8], _ other: [UInt8], _ generator: inout SeededGenerator)
    {
        guard !octets.isEmpty else { return }
        let place = Int(generator.next() % UInt64(octets.count))
        switch generator.next() % 8 {
        case 0: octets[place] ^= 1 << UInt8(generator.next() % 8)
        case 1: octets.removeLast(octets.count - place)
        case 2: octets.insert(interesting[Int(generator.next() % UInt64(interesting.count))], at: place)
        case 3: octets[place] = interesting[Int(generator.next() % UInt64(interesting.count))]
        case 4: octets.remove(at: place)
        case 5:
            let end = min(octets.count, place + Int(generator.next() % 40))
            octets.removeSubrange(place..<end)
        case 6:
            let start = Int(generator.next() % UInt64(max(1, other.count)))
            let end = min(other.count, start + Int(generator.next() % 80))
            if start < end { octets.insert(contentsOf: other[start..<end], at: place) }
        default:
            let end = min(octets.count, place + 60)
            octets.insert(contentsOf: octets[place..<end], at: place)
        }
    }

    private static func readEverything(_ message: borrowing SIPMessage) {
        _ = SIPMessageSummary(message)
        _ = (message.expires, message.retryAfter, message.rSeq, message.rAck, message.timestamp)
        _ = (message.sessionExpires, message.minimumSessionExpires, message.reasons(), message.warnings())
        for header in [SIPHeaderName.contact, .route, .recordRoute, .pAssertedIdentity, .from, .to] {
            var cursor = message.values(of: header)
            while let address = message.nextAddress(&cursor) {
                _ = message.unquoted(address.displayName)
                if let user = address.uri.user { _ = message.unescaped(user) }
                _ = address.uri.parameter("transport", in: message.bytes)
                _ = address.parameters.first("q", in: message.bytes)
                let uri = message.requestURI
                _ = address.uri.isEquivalent(in: message.bytes, to: uri, in: message.bytes)
            }
        }
        var vias = message.values(of: .via)
        while let via = message.nextVia(&vias) { _ = via.hasUniqueBranch(in: message.bytes) }
        _ = message.list(of: .allow)
        for header in [SIPHeaderName.wwwAuthenticate, .proxyAuthenticate] {
            for challenge in DigestChallenge.all(in: message, header) { _ = challenge.headerValue }
        }
        if let text = message.text(of: .authorization) { _ = DigestAuthorization.parse(text)?.headerValue }
    }
}
