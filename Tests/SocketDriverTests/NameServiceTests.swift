import SansIO
import Testing
import TestSupport

@testable import SocketDriver

@Suite("Name service", .timeLimit(.minutes(1)))
struct NameServiceTests {
    private static let address = DNSRecord("sip.example", .address(SocketAddress(ipv4: 0xC000_0207, port: 0)))

    /// Asks a server of the test's own.
    private func ask(
        _ name: String, _ type: DNSRecordType, patience: Duration = .seconds(5),
        answer: @escaping @Sendable (DNSMessage) -> TestNameServer.Reply
    ) async throws -> DNSAnswer {
        let host = try SocketDriver()
        let server = TestNameServer(driver: host, answer: answer)
        let driver = try SocketDriver(nameServers: [try await server.start()], namePatience: patience)
        let result = try await driver.queryDNS(name, type: type)
        await server.stop()
        return result
    }

    @Test("Records come back with their times")
    func records() async throws {
        let service = DNSRecord(
            "_sip._udp.example", .service(DNSService(priority: 1, weight: 2, port: 3, target: "sip.example")),
            timeToLive: .seconds(77))
        let answer = try await ask("_SIP._udp.example.", .srv) { query in
            .message(DNSMessage(to: query, answers: [service], additional: [Self.address]))
        }
        #expect(answer == .records([service], additional: [Self.address]))
    }

    @Test("With a name server of the caller's, a host name resolves through it")
    func resolves() async throws {
        let server = TestNameServer(driver: try SocketDriver(), records: [Self.address])
        let driver = try SocketDriver(nameServers: [try await server.start()])
        #expect(try await driver.resolve("sip.example", port: 5060).map(\.description) == ["192.0.2.7:5060"])
        await #expect(throws: DriverError.self) { try await driver.resolve("other.example", port: 5060) }
        #expect(Set(await server.questions.map(\.type)) == [.a, .aaaa])
        await server.stop()
    }

    @Test("No such name, no data and a server's failure are told apart")
    func failures() async throws {
        for (code, failure) in [
            (UInt8(3), DNSFailure.noSuchName), (0, .noData), (2, .serverFailure(code: 2)),
        ] {
            let answer = try await ask("sip.example", .a) { query in
                .message(DNSMessage(to: query, code: code, negativeTimeToLive: code == 2 ? nil : .seconds(9)))
            }
            #expect(answer == .failed(failure, timeToLive: code == 2 ? nil : .seconds(9)))
        }
    }

    @Test("A silent server is given up after the driver's patience")
    func silence() async throws {
        let start = System.now
        let answer = try await ask("sip.example", .a, patience: .milliseconds(200)) { _ in .silence }
        #expect(answer == .failed(.timedOut))
        #expect(start.duration(to: System.now) >= .milliseconds(190))
    }

    @Test(
        "Answers with another id or to another question are passed over; nonsense under the right id is told")
    func lies() async throws {
        let forged = try await ask("sip.example", .a, patience: .milliseconds(200)) { query in
            var answer = DNSMessage(to: query, answers: [Self.address])
            answer.id &+= 1
            return .message(answer)
        }
        #expect(forged == .failed(.timedOut))
        let other = try await ask("sip.example", .a, patience: .milliseconds(200)) { query in
            var answer = DNSMessage(to: query, answers: [Self.address])
            answer.question = DNSQuestion("evil.example", .a)
            return .message(answer)
        }
        #expect(other == .failed(.timedOut))
        let looping = try await ask("sip.example", .a) { query in
            .bytes([
                UInt8(query.id >> 8), UInt8(query.id & 255), 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12,
            ])
        }
        #expect(looping == .failed(.malformed(DNSParseError(.badPointer, at: 12))))
    }

    @Test("A port where nobody serves is told as unreachable, and the next server is asked")
    func closedPort() async throws {
        let server = TestNameServer(driver: try SocketDriver(), records: [Self.address])
        let open = try await server.start()
        let closed = SocketAddress.loopback(port: 9)
        let driver = try SocketDriver(nameServers: [closed, open])
        #expect(try await driver.queryDNS("sip.example", type: .a) == .records([Self.address]))
        await server.stop()
        let alone = try SocketDriver(nameServers: [closed])
        #expect(try await alone.queryDNS("sip.example", type: .a) == .failed(.unreachable))
    }

    @Test("A server from before the extension mechanism is asked again without it")
    func formatError() async throws {
        let asked = Locked(0)
        let answer = try await ask("sip.example", .a) { query in
            let isFirst = asked.withLock { count in
                count += 1
                return count == 1
            }
            return .message(
                DNSMessage(to: query, code: isFirst ? 1 : 0, answers: isFirst ? [] : [Self.address]))
        }
        #expect(answer == .records([Self.address]))
    }

    @Test("A name that is none is not asked for")
    func badName() async throws {
        let answer = try await ask("a..b", .a) { _ in .silence }
        #expect(answer == .failed(.noSuchName))
    }

    @Test("Silent questions do not hold up others, and cancelling one ends it at once")
    func manyLanes() async throws {
        let server = TestNameServer(driver: try SocketDriver()) { query in
            query.question?.name == "sip.example"
                ? .message(DNSMessage(to: query, answers: [Self.address])) : .silence
        }
        let driver = try SocketDriver(nameServers: [try await server.start()], namePatience: .seconds(50))
        try await withThrowingTaskGroup(of: DNSAnswer.self) { group in
            for number in 0..<5 {
                group.addTask { try await driver.queryDNS("silent\(number).example", type: .a) }
            }
            let answer = try await driver.queryDNS("sip.example", type: .a)
            #expect(answer == .records([Self.address]))
            group.cancelAll()
            while let result = await group.nextResult() {
                #expect(throws: CancellationError.self) { try result.get() }
            }
        }
        await server.stop()
    }

    @Test("The hosts file names addresses by family; a name that it knows has no others")
    func hostsFile() {
        let text =
            "127.0.0.1 localhost\n# 9.9.9.9 commented\n::1\tip6-localhost Box  # here\r\n10.0.0.1 box.\nrubbish x"
        func answer(_ name: String, _ type: DNSRecordType) -> DNSAnswer? {
            HostsFile.answer(to: DNSQuestion(name, type), in: text)
        }
        let four = DNSRecord(
            "box", .address(SocketAddress(ipv4: 0x0A00_0001, port: 0)), timeToLive: .seconds(30))
        #expect(answer("BOX", .a) == .records([four]))
        #expect(answer("localhost", .aaaa) == .failed(.noData, timeToLive: .seconds(30)))
        #expect(answer("commented", .a) == nil && answer("x", .a) == nil)
    }

    @Test("The system's own sources know localhost")
    func localhost() async throws {
        let answer = try await SocketDriver().queryDNS("localhost", type: .a)
        guard case .records(let records, _) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(records.contains { $0.value == .address(.loopback(port: 0)) })
    }
}
