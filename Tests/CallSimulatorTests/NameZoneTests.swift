import CallSimulator
import SansIO
import Testing

@Suite("The names of a world")
struct NameZoneTests {
    private static let service = DNSService(priority: 1, weight: 2, port: 5070, target: "a.example")

    private func makeWorld() -> World {
        let world = World(seed: 3)
        world.zone.add("_sip._udp.example", .service(Self.service))
        world.zone.add("a.example", address: "10.0.0.7")
        world.zone.add("www.example", .alias("A.example."))
        return world
    }

    @Test("A question takes the zone's time and brings the records, aliases and volunteered addresses")
    func answers() throws {
        let world = makeWorld()
        let driver = world.makeDriver(host: "10.0.0.1")
        world.zone.setDelay(.milliseconds(70), for: "www.example")
        let (service, alias) = try world.run {
            (
                try await driver.queryDNS("_SIP._udp.example", type: .srv),
                try await driver.queryDNS("www.example", type: .a)
            )
        }
        let address = DNSRecord("a.example", .address(SocketAddress(ipv4: 0x0A00_0007, port: 0)))
        #expect(
            service
                == .records([DNSRecord("_sip._udp.example", .service(Self.service))], additional: [address]))
        #expect(alias == .records([DNSRecord("www.example", .alias("a.example")), address]))
        #expect(world.now == MonotonicInstant(nanoseconds: 90_000_000))
        #expect(world.nameQuestions == 2)
    }

    @Test("Absent names and types, silence, failures and lies each look like themselves")
    func failures() throws {
        let world = makeWorld()
        let driver = world.makeDriver(host: "10.0.0.1")
        let lie = DNSAnswer.records([DNSRecord("x.example", .address(.loopback(port: 0)))])
        world.zone.set(.silent, for: "silent.example")
        world.zone.set(.fails(.serverFailure(code: 2)), for: "broken.example", type: .a)
        world.zone.set(.lies(lie), for: "a.example")
        let answers = try world.run {
            var answers: [DNSAnswer] = []
            for name in ["none.example", "www.example", "silent.example", "broken.example", "a.example"] {
                answers.append(try await driver.queryDNS(name, type: name == "www.example" ? .srv : .a))
            }
            return answers
        }
        #expect(
            answers == [
                .failed(.noSuchName, timeToLive: .seconds(60)), .failed(.noData, timeToLive: .seconds(60)),
                .failed(.timedOut), .failed(.serverFailure(code: 2)), lie,
            ])
    }

    @Test("A zone that changes during a run is seen as it is when the answer leaves")
    func changes() throws {
        let world = makeWorld()
        let driver = world.makeDriver(host: "10.0.0.1")
        world.at(MonotonicInstant(nanoseconds: 1_000_000_000)) {
            world.zone.remove("a.example")
            world.zone.add("a.example", address: "10.0.0.8")
        }
        let hosts = try world.run {
            let before = try await driver.resolve("a.example", port: 1)
            try await driver.sleep(for: .seconds(2))
            return [before, try await driver.resolve("a.example", port: 1)].flatMap(\.self).map(\.host)
        }
        #expect(hosts == ["10.0.0.7", "10.0.0.8"])
    }

    @Test("A cancelled question ends at once and leaves nothing behind")
    func cancelled() throws {
        let world = makeWorld()
        world.zone.set(.silent, for: "silent.example")
        let driver = world.makeDriver(host: "10.0.0.1")
        try world.run {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await driver.queryDNS("silent.example", type: .a) }
                await Task.yield()
                group.cancelAll()
            }
        }
        #expect(world.now.nanoseconds == 0 && world.leaks == LeakReport())
    }
}
