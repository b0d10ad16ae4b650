import SansIO
import Testing

@Suite("DNS messages, RFC 1035 §4, RFC 2782, RFC 3403")
struct DNSMessageTests {
    /// SRV answer with a compressed owner, a compressed target, an additional address and an OPT record.
    private static let services: [UInt8] = [
        0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 2,
        // _sip._udp.example.com SRV IN
        4, 0x5F, 0x73, 0x69, 0x70, 4, 0x5F, 0x75, 0x64, 0x70, 7, 0x65, 0x78, 0x61, 0x6D, 0x70, 0x6C, 0x65,
        3, 0x63, 0x6F, 0x6D, 0, 0, 33, 0, 1,
        // 10 60 5060 a.example.com
        0xC0, 12, 0, 33, 0, 1, 0, 0, 0x0E, 0x10, 0, 10, 0, 10, 0, 60, 0x13, 0xC4, 1, 0x41, 0xC0, 22,
        // 20 0 5070 b.example.com
        0xC0, 12, 0, 33, 0, 1, 0, 0, 0x0E, 0x10, 0, 10, 0, 20, 0, 0, 0x13, 0xCE, 1, 0x62, 0xC0, 22,
        // a.example.com A 192.0.2.1
        0xC0, 57, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1,
        // OPT
        0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 0,
    ]

    private static let question = DNSQuestion("_sip._udp.example.com", .srv)

    @Test("Compressed names are followed, in the owner and in the data; unknown records are skipped")
    func services() throws {
        let message = try DNSMessage(parsing: Self.services)
        #expect(message.id == 0x1234 && message.isResponse && message.code == 0 && message.offersRecursion)
        #expect(message.question == Self.question)
        #expect(
            message.answers == [
                DNSRecord(
                    "_sip._udp.example.com",
                    .service(DNSService(priority: 10, weight: 60, port: 5060, target: "a.example.com")),
                    timeToLive: .seconds(3600)),
                DNSRecord(
                    "_sip._udp.example.com",
                    .service(DNSService(priority: 20, weight: 0, port: 5070, target: "b.example.com")),
                    timeToLive: .seconds(3600)),
            ])
        #expect(
            message.additional == [
                DNSRecord(
                    "a.example.com", .address(SocketAddress(ipv4: 0xC000_0201, port: 0)),
                    timeToLive: .seconds(60))
            ])
        #expect(
            message.answer(to: Self.question) == .records(message.answers, additional: message.additional))
    }

    @Test("A NAPTR record of RFC 3263 §4.1 is read field by field")
    func rewrites() throws {
        let bytes: [UInt8] =
            [0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0x78, 0, 0, 35, 0, 1, 0, 0, 0, 9, 0, 32]
            + [0, 50, 0, 20, 1, 0x73, 7] + Array("SIP+D2T".utf8) + [0]
            + [4] + Array("_sip".utf8) + [4] + Array("_tcp".utf8) + [5] + Array("a.b+c".utf8) + [0]
        let message = try DNSMessage(parsing: bytes)
        #expect(message.answers.count == 1)
        let rewrite = DNSRewrite(
            order: 50, preference: 20, flags: "S", services: "SIP+D2T", replacement: "_sip._tcp.a\\046b+c")
        #expect(message.answers.first == DNSRecord("x", .rewrite(rewrite), timeToLive: .seconds(9)))
    }

    @Test("A query with the extension of RFC 6891 has these octets")
    func query() throws {
        let query = DNSMessage(id: 0xABCD, question: DNSQuestion("SIP.Example.", .aaaa))
        #expect(
            query.serialized(offersExtension: true) == [
                0xAB, 0xCD, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 1, 3, 0x73, 0x69, 0x70, 7, 0x65, 0x78, 0x61,
                0x6D, 0x70,
                0x6C, 0x65, 0, 0, 28, 0, 1, 0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 0,
            ])
    }

    @Test(
        "A name that cannot be written is no message",
        arguments: [
            "a..b", ".", String(repeating: "x", count: 64), String(repeating: "abc.", count: 64) + "de",
        ])
    func badNames(name: String) {
        #expect(DNSMessage(id: 1, question: DNSQuestion(name + ".", .a)).serialized() == nil)
    }

    /// A response with one A record whose owner is `name`.
    private static func response(owner name: [UInt8]) -> [UInt8] {
        [0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0] + name + [0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4]
    }

    @Test(
        "Names that loop, lie or point forward are refused",
        arguments: [
            ([0xC0, 12], .badPointer),  // itself
            ([0xC0, 14], .badPointer),  // forward
            ([0xFF, 0xFF], .badPointer),  // behind the end
            ([1, 0x61, 0xC0, 12], .badPointer),  // back into the same name: a.a.a…
            ([0x80, 1], .badLabel), ([0x41, 1], .badLabel), ([63, 1], .truncated),
        ] as [([UInt8], DNSParseError.Kind)])
    func hostileNames(name: [UInt8], kind: DNSParseError.Kind) {
        let error = #expect(throws: DNSParseError.self) {
            try DNSMessage(parsing: Self.response(owner: name))
        }
        #expect(error?.kind == kind)
    }

    @Test("A name of 255 octets is read, one of 256 refused")
    func longNames() throws {
        let labels = [[UInt8]](repeating: [63] + [UInt8](repeating: 0x61, count: 63), count: 3).flatMap(
            \.self)
        let longest = labels + [61] + [UInt8](repeating: 0x62, count: 61) + [0]
        #expect(try DNSMessage(parsing: Self.response(owner: longest)).answers.first?.name.utf8.count == 253)
        let tooLong = labels + [62] + [UInt8](repeating: 0x62, count: 62) + [0]
        let error = #expect(throws: DNSParseError.self) {
            try DNSMessage(parsing: Self.response(owner: tooLong))
        }
        #expect(error?.kind == .nameTooLong)
    }

    @Test("Counts that promise more than comes are refused; so is data that does not fill its record")
    func lyingCounts() {
        func kind(_ bytes: [UInt8]) -> DNSParseError.Kind? {
            do throws(DNSParseError) {
                _ = try DNSMessage(parsing: bytes)
                return nil
            } catch {
                return error.kind
            }
        }
        let good = Self.response(owner: [0])
        #expect(kind(good) == nil)
        var bytes = good
        bytes[7] = 2
        #expect(kind(bytes) == .truncated)
        bytes[6] = 255
        #expect(kind(bytes) == .tooManyRecords)
        bytes = good
        bytes[5] = 2
        #expect(kind(bytes) == .tooManyRecords)
        bytes = good
        bytes[22] = 5
        #expect(kind(bytes) == .truncated)
        #expect(kind(bytes + [9]) == .badLength)
        bytes = good
        bytes[22] = 3
        #expect(kind(bytes) == .truncated)
        #expect(kind([]) == .truncated)
    }

    @Test("A truncated message is read as far as it goes")
    func truncated() throws {
        var bytes = Array(Self.services[..<70])
        bytes[2] |= 0x02
        let message = try DNSMessage(parsing: bytes)
        #expect(message.isTruncated && message.answers.count == 1)
    }

    @Test("Any change of up to eight octets, and any cut, gives a message or an error")
    func mutations() {
        var generator = SeededGenerator(seed: 0xD45)
        var refused = 0
        for round in 0..<20_000 {
            var bytes = Self.services
            for _ in 0...round % 8 {
                let index = Int(generator.next() % UInt64(bytes.count))
                bytes[index] = [0xC0, 0xFF, 0, UInt8(truncatingIfNeeded: generator.next())][round % 4]
            }
            if round % 5 == 0 { bytes.removeLast(Int(generator.next() % UInt64(bytes.count))) }
            do throws(DNSParseError) {
                let message = try DNSMessage(parsing: bytes)
                #expect(message.answers.count + message.additional.count <= 65_536)
                _ = message.answer(to: Self.question)
                _ = message.serialized()
            } catch {
                #expect((0...bytes.count).contains(error.offset))
                refused += 1
            }
        }
        #expect((4_000..<20_000).contains(refused))
    }

    @Test("What is written is read again")
    func roundTrip() throws {
        let query = DNSMessage(id: 7, question: DNSQuestion("example.com", .naptr))
        let rewrite = DNSRewrite(
            order: 1, preference: 2, flags: "s", services: "SIPS+D2T", replacement: "_sips._tcp.example.com")
        let six = try #require(SocketAddress(host: "2001:db8::7", port: 0))
        let message = DNSMessage(
            to: query,
            answers: [
                DNSRecord("example.com", .alias("x.example.com")),
                DNSRecord("x.example.com", .rewrite(rewrite), timeToLive: .seconds(5)),
            ], additional: [DNSRecord("y.example.com", .address(six))], negativeTimeToLive: .seconds(11))
        let bytes = try #require(message.serialized())
        #expect(try DNSMessage(parsing: bytes) == message)
    }
}

@Suite("Answers to questions, RFC 2308")
struct DNSAnswerTests {
    private let query = DNSMessage(id: 7, question: DNSQuestion("www.example", .a))
    private let address = DNSRecord.Value.address(SocketAddress(ipv4: 0xC000_0201, port: 0))

    @Test("Aliases are followed to the records; other records in the answer are ignored")
    func aliases() {
        let chain = [
            DNSRecord("www.example", .alias("b.example")), DNSRecord("b.example", .alias("c.example")),
            DNSRecord("c.example", address),
        ]
        let stray = DNSRecord("evil.example", address)
        let message = DNSMessage(to: query, answers: [stray] + chain)
        #expect(message.answer(to: DNSQuestion("www.example", .a)) == .records(chain))
    }

    @Test("Aliases in a circle end")
    func circle() {
        let circle = [
            DNSRecord("www.example", .alias("b.example")), DNSRecord("b.example", .alias("www.example")),
        ]
        let answer = DNSMessage(to: query, answers: circle).answer(to: DNSQuestion("www.example", .a))
        guard case .records(let records, _) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(records.count == DNSMessage.maximumAliases)
    }

    @Test(
        "Each way to say no has its own name",
        arguments: [
            (UInt8(3), DNSFailure.noSuchName), (0, .noData), (2, .serverFailure(code: 2)),
            (5, .serverFailure(code: 5)),
        ])
    func failures(code: UInt8, failure: DNSFailure) {
        let message = DNSMessage(
            to: query, code: code, negativeTimeToLive: code == 2 || code == 5 ? nil : .seconds(60))
        let answer = message.answer(to: DNSQuestion("www.example", .a))
        #expect(answer.failure == failure)
        #expect(answer.failure?.isAuthoritative == (code == 3 || code == 0))
    }

    @Test("A response to another question, or a query, is no answer")
    func wrongQuestion() {
        let message = DNSMessage(to: query, answers: [DNSRecord("www.example", address)])
        let notTheAnswer = DNSFailure.malformed(DNSParseError(.notTheAnswer, at: 0))
        #expect(message.answer(to: DNSQuestion("www.example", .aaaa)).failure == notTheAnswer)
        #expect(query.answer(to: DNSQuestion("www.example", .a)).failure == notTheAnswer)
    }
}
