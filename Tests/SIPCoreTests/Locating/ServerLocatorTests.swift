import SIPCore
import SansIO
import Testing

@Suite("Locating servers, RFC 3263 §4")
struct ServerLocatorTests {
    private static func service(
        _ name: String, _ target: String, _ port: UInt16, priority: UInt16 = 1, weight: UInt16 = 0
    ) -> DNSRecord {
        DNSRecord(
            name, .service(DNSService(priority: priority, weight: weight, port: port, target: target)))
    }

    private static func rewrite(
        _ order: UInt16, _ preference: UInt16, _ services: String, _ replacement: String, flags: String = "s"
    ) -> DNSRecord {
        DNSRecord(
            "example.com",
            .rewrite(
                DNSRewrite(
                    order: order, preference: preference, flags: flags, services: services,
                    replacement: replacement)))
    }

    private static func address(_ name: String, _ text: String) -> DNSRecord {
        guard let address = SocketAddress(host: text, port: 0) else { preconditionFailure("no literal") }
        return DNSRecord(name, .address(address))
    }

    /// The records of RFC 3263 §4.1 and §4.2, with addresses.
    private static let example = [
        rewrite(50, 50, "SIPS+D2T", "_sips._tcp.example.com"),
        rewrite(90, 50, "SIP+D2T", "_sip._tcp.example.com"),
        rewrite(100, 50, "SIP+D2U", "_sip._udp.example.com"),
        rewrite(10, 1, "SIP+D2S", "_sip._sctp.example.com"),
        rewrite(1, 1, "SIP+D2U", "elsewhere.example.com", flags: "u"),
        service("_sip._tcp.example.com", "server1.example.com", 5060, weight: 1),
        service("_sip._tcp.example.com", "server2.example.com", 5070, priority: 2),
        service("_sip._udp.example.com", "server2.example.com", 5060),
        service("_sips._tcp.example.com", "server1.example.com", 5061),
        address("server1.example.com", "192.0.2.1"), address("server1.example.com", "2001:db8::1"),
        address("server2.example.com", "192.0.2.2"), address("example.com", "192.0.2.80"),
    ]

    /// Answers a locator from records until it has no more questions.
    private func run(
        _ request: ServerQuery, _ records: [DNSRecord], faults: [DNSQuestion: DNSFailure] = [:],
        seed: UInt64 = 1
    ) -> (targets: Result<[SIPTarget], LocatingFailure>, questions: [String]) {
        var locator = ServerLocator(request)
        var asked: [String] = []
        while let question = locator.questions.first {
            #expect(asked.count < 100, "it ends")
            asked.append(question.description)
            let named = records.filter { $0.name == question.name }
            let found = named.filter { $0.type == question.type || $0.type == .cname }
            let answer: DNSAnswer =
                if let fault = faults[question] { .failed(fault) } else if !found.isEmpty {
                    .records(found)
                } else {
                    .failed(named.isEmpty ? .noSuchName : .noData)
                }
            locator.receive(answer, to: question)
        }
        #expect(locator.isDone)
        var generator = SeededGenerator(seed: seed)
        let targets = Result { () throws(LocatingFailure) in try locator.result(using: &generator) }
        return (targets, asked)
    }

    private func texts(_ targets: Result<[SIPTarget], LocatingFailure>) -> [String] {
        ((try? targets.get()) ?? []).map { "\($0.transport) \($0.address)" }
    }

    @Test("An address literal is asked nobody about; its port and transport have defaults")
    func literals() {
        let plain = run(ServerQuery(host: "192.0.2.7"), [])
        #expect(texts(plain.targets) == ["udp 192.0.2.7:5060"] && plain.questions.isEmpty)
        let six = run(
            ServerQuery(host: "[2001:db8::7]", port: 5080, transport: .tcp, supported: [.udp, .tcp]), [])
        #expect(texts(six.targets) == ["tcp [2001:db8::7]:5080"])
        let secure = run(ServerQuery(host: "192.0.2.7", isSecure: true, supported: [.tls]), [])
        #expect(texts(secure.targets) == ["tls 192.0.2.7:5061"])
    }

    @Test("An explicit port leads to addresses alone")
    func port() {
        let found = run(ServerQuery(host: "server1.example.com", port: 5090), Self.example)
        #expect(texts(found.targets) == ["udp [2001:db8::1]:5090", "udp 192.0.2.1:5090"])
        #expect(found.questions == ["AAAA server1.example.com", "A server1.example.com"])
    }

    @Test("NAPTR order decides among the transports that we speak; SRV priority and both families follow")
    func rewrites() {
        let found = run(ServerQuery(host: "Example.COM.", supported: [.udp, .tcp]), Self.example)
        #expect(
            texts(found.targets) == [
                "tcp [2001:db8::1]:5060", "tcp 192.0.2.1:5060", "tcp 192.0.2.2:5070", "udp 192.0.2.2:5060",
            ])
        #expect(found.questions.first == "NAPTR example.com")
        #expect((try? found.targets.get().first?.host) == "example.com")
        let udp = run(ServerQuery(host: "example.com"), Self.example)
        #expect(texts(udp.targets) == ["udp 192.0.2.2:5060"])
        #expect(
            udp.questions == ["NAPTR example.com", "SRV _sip._udp.example.com"]
                + ["AAAA", "A"].map { "\($0) server2.example.com" })
    }

    @Test("sips: takes services over TLS alone, and nothing where we have no TLS")
    func secure() {
        let found = run(
            ServerQuery(host: "example.com", isSecure: true, supported: [.udp, .tcp, .tls]), Self.example)
        #expect(texts(found.targets) == ["tls [2001:db8::1]:5061", "tls 192.0.2.1:5061"])
        let none = run(
            ServerQuery(host: "example.com", isSecure: true, supported: [.udp, .tcp]), Self.example)
        #expect(none.targets == .failure(.notSupported) && none.questions.isEmpty)
        let plain = run(
            ServerQuery(host: "new.example", isSecure: true, supported: [.udp, .tls]),
            [Self.address("new.example", "192.0.2.3")])
        #expect(texts(plain.targets) == ["tls 192.0.2.3:5061"])
    }

    @Test("A transport in the URI goes straight to its SRV records")
    func transport() {
        let found = run(
            ServerQuery(host: "example.com", transport: .tcp, supported: [.udp, .tcp]), Self.example)
        #expect(found.questions.first == "SRV _sip._tcp.example.com")
        #expect(texts(found.targets).allSatisfy { $0.hasPrefix("tcp ") } && texts(found.targets).count == 3)
        #expect(
            run(ServerQuery(host: "example.com", transport: .tls), Self.example).targets
                == .failure(.notSupported))
    }

    @Test(
        "Without NAPTR each transport's SRV name is asked, in our order; without those the host's addresses")
    func fallback() {
        let services = Self.example.filter { $0.type != .naptr }
        let found = run(ServerQuery(host: "example.com", supported: [.udp, .tcp]), services)
        #expect(texts(found.targets).first == "udp 192.0.2.2:5060" && texts(found.targets).count == 4)
        let bare = run(
            ServerQuery(host: "example.com", supported: [.udp, .tcp]),
            Self.example.filter { $0.name == "example.com" && $0.type == .a })
        #expect(texts(bare.targets) == ["udp 192.0.2.80:5060"])
        #expect(
            bare.questions == [
                "NAPTR example.com", "SRV _sip._udp.example.com", "SRV _sip._tcp.example.com",
                "AAAA example.com", "A example.com",
            ])
    }

    @Test("A target of the root says that the service is not offered: the host's own address is no way round")
    func notOffered() {
        let records = [
            Self.service("_sip._udp.example.com", ".", 0), Self.address("example.com", "192.0.2.80"),
        ]
        #expect(run(ServerQuery(host: "example.com"), records).targets == .failure(.notOffered))
    }

    @Test("Addresses that come along are used without asking")
    func additional() throws {
        var locator = ServerLocator(ServerQuery(host: "example.com", transport: .udp))
        let services = [Self.service("_sip._udp.example.com", "a.example", 5060)]
        locator.receive(
            .records(
                services,
                additional: [Self.address("a.example", "192.0.2.5"), Self.address("b.example", "192.0.2.6")]),
            to: DNSQuestion("_sip._udp.example.com", .srv))
        #expect(locator.isDone)
        var generator = SeededGenerator(seed: 1)
        #expect(try locator.result(using: &generator).map(\.address.description) == ["192.0.2.5:5060"])
    }

    @Test("An alias that the server did not follow is followed; a circle of them ends")
    func aliases() {
        let records = [
            DNSRecord("www.example", .alias("b.example")), DNSRecord("b.example", .alias("c.example")),
            Self.address("c.example", "192.0.2.9"),
        ]
        let found = run(ServerQuery(host: "www.example", port: 5060, families: [.ipv4]), records)
        #expect(texts(found.targets) == ["udp 192.0.2.9:5060"])
        #expect(found.questions == ["A www.example", "A b.example", "A c.example"])
        let circle = [
            DNSRecord("a.example", .alias("b.example")), DNSRecord("b.example", .alias("a.example")),
        ]
        #expect(run(ServerQuery(host: "a.example", port: 1), circle).targets.isFailure)
        let itself = [DNSRecord("a.example", .alias("a.example"))]
        #expect(run(ServerQuery(host: "a.example"), itself).targets.isFailure)
    }

    @Test("Silence to one question does not keep the others from being asked")
    func silence() {
        let naptr = DNSQuestion("example.com", .naptr)
        let bare = [Self.address("example.com", "192.0.2.80")]
        var locator = ServerLocator(ServerQuery(host: "example.com"))
        locator.receive(.failed(.timedOut), to: naptr)
        #expect(
            locator.questions.map(\.description) == [
                "SRV _sip._udp.example.com", "AAAA example.com", "A example.com",
            ])
        let found = run(ServerQuery(host: "example.com"), bare, faults: [naptr: .timedOut])
        #expect(texts(found.targets) == ["udp 192.0.2.80:5060"])
    }

    @Test(
        "What the DNS could not say is in the failure",
        arguments: [DNSFailure.timedOut, .serverFailure(code: 2), .unreachable])
    func failures(failure: DNSFailure) {
        let questions = ["naptr": DNSRecordType.naptr, "a": .a, "aaaa": .aaaa].values.map {
            DNSQuestion("example.com", $0)
        }
        let faults = Dictionary(
            uniqueKeysWithValues: (questions + [DNSQuestion("_sip._udp.example.com", .srv)]).map {
                ($0, failure)
            })
        #expect(
            run(ServerQuery(host: "example.com"), [], faults: faults).targets
                == .failure(.noAddress(failure)))
        #expect(run(ServerQuery(host: "none.example"), []).targets == .failure(.noAddress(.noSuchName)))
    }

    @Test("Endless zones are read only to a bound")
    func bounds() throws {
        let services = (0..<500).map {
            Self.service("_sip._udp.example.com", "host\($0).example", 5060, priority: UInt16($0))
        }
        let addresses = (0..<500).flatMap { host in
            (1..<20).map { Self.address("host\(host).example", "10.0.\(host % 250).\($0)") }
        }
        let found = run(ServerQuery(host: "example.com", transport: .udp), services + addresses)
        #expect(try found.targets.get().count == ServerLocator.maximumTargets)
        #expect(found.questions.count <= 33)
    }

    @Test("A URI says where to: port, transport, sips and maddr; what is no SIP URI says nothing")
    func uris() {
        let all: [SIPTransport] = [.udp, .tcp, .tls]
        #expect(
            ServerQuery(uri: "<sip:proxy.example:5070;transport=TCP;lr>;x=y", supported: all)
                == ServerQuery(host: "proxy.example", port: 5070, transport: .tcp, supported: all))
        #expect(
            ServerQuery(uri: "sips:bob@example.com") == ServerQuery(host: "example.com", isSecure: true))
        #expect(ServerQuery(uri: "sip:bob@example.com;maddr=192.0.2.4")?.host == "192.0.2.4")
        #expect(ServerQuery(uri: "sip:[2001:db8::1]")?.host == "2001:db8::1")
        for text in ["tel:+15550100", "sip:a@b;transport=sctp", "<sip:a@b", ""] {
            #expect(ServerQuery(uri: text) == nil)
        }
    }
}

extension Result {
    fileprivate var isFailure: Bool { if case .failure = self { true } else { false } }
}

@Suite("The order of SRV records, RFC 2782")
struct ServiceOrderTests {
    /// First targets of 10,000 draws over literal addresses.
    private func firsts(_ services: [DNSService]) throws -> [String: Int] {
        var locator = ServerLocator(ServerQuery(host: "example.com", transport: .udp))
        locator.receive(
            .records(services.map { DNSRecord("_sip._udp.example.com", .service($0)) }),
            to: DNSQuestion("_sip._udp.example.com", .srv))
        var generator = SeededGenerator(seed: 0x2782)
        var counts: [String: Int] = [:]
        for _ in 0..<10_000 {
            let targets = try locator.result(using: &generator)
            #expect(targets.count == services.count)
            counts[targets[0].address.host, default: 0] += 1
        }
        return counts
    }

    @Test("Weights share out the first place; records without weight get next to nothing beside others")
    func weights() throws {
        let counts = try firsts([
            DNSService(priority: 1, weight: 60, port: 1, target: "192.0.2.1"),
            DNSService(priority: 1, weight: 30, port: 1, target: "192.0.2.2"),
            DNSService(priority: 1, weight: 9, port: 1, target: "192.0.2.3"),
            DNSService(priority: 1, weight: 0, port: 1, target: "192.0.2.4"),
            DNSService(priority: 2, weight: 65_535, port: 1, target: "192.0.2.5"),
        ])
        #expect((5_800...6_200).contains(counts["192.0.2.1"] ?? 0))
        #expect((2_800...3_200).contains(counts["192.0.2.2"] ?? 0))
        #expect((700...1_100).contains(counts["192.0.2.3"] ?? 0))
        #expect((40...180).contains(counts["192.0.2.4"] ?? 0))
        #expect(counts["192.0.2.5"] == nil)
    }

    @Test("Weights as large as they can be do not overflow")
    func largeWeights() throws {
        let services = (1...32).map {
            DNSService(priority: 1, weight: .max, port: 1, target: "192.0.2.\($0)")
        }
        #expect(try firsts(services).values.allSatisfy { (200...430).contains($0) })
    }
}

@Suite("Keeping answers, RFC 1035 §7.4, RFC 2308")
struct DNSCacheTests {
    private let now = MonotonicInstant(nanoseconds: 1_000_000_000)
    private let question = DNSQuestion("example.com", .a)

    private func answer(_ seconds: Int64) -> DNSAnswer {
        .records([DNSRecord("example.com", .address(.loopback(port: 0)), timeToLive: .seconds(seconds))])
    }

    @Test("An answer is kept for the least time of its records, and a time of zero not at all")
    func expiry() {
        var cache = DNSCache()
        cache.store(answer(60), to: question, at: now)
        #expect(cache.answer(to: question, at: now.advanced(by: .milliseconds(59_999))) == answer(60))
        #expect(cache.answer(to: question, at: now.advanced(by: .seconds(60))) == nil)
        cache.store(answer(0), to: question, at: now)
        #expect(cache.answer(to: question, at: now) == nil && cache.count == 0)
        cache.store(answer(Int64(Int32.max)), to: question, at: now)
        #expect(cache.expiry(of: question, at: now) == now.advanced(by: .seconds(86_400)))
    }

    @Test("A no is kept for its own time, a fault for a few seconds")
    func negative() {
        var cache = DNSCache()
        cache.store(.failed(.noSuchName, timeToLive: .seconds(90)), to: question, at: now)
        #expect(cache.expiry(of: question, at: now) == now.advanced(by: .seconds(90)))
        cache.store(.failed(.timedOut), to: question, at: now)
        #expect(cache.expiry(of: question, at: now) == now.advanced(by: .seconds(5)))
    }

    @Test("At its capacity the answer that expires first makes room")
    func capacity() {
        var cache = DNSCache(capacity: 3)
        for (name, seconds) in [("a", 50), ("b", 10), ("c", 30), ("d", 40)] as [(String, Int64)] {
            cache.store(answer(seconds), to: DNSQuestion(name, .a), at: now)
        }
        #expect(cache.count == 3)
        #expect(
            ["a", "b", "c", "d"].map { cache.answer(to: DNSQuestion($0, .a), at: now) != nil } == [
                true, false, true, true,
            ])
    }
}
