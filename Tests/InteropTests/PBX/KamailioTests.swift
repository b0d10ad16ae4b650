import Foundation
import SIPCore
import SansIO
import SocketDriver
import Telephony
import TestSupport
import Testing

/// Calls out through kamailio: digest, record-routing, failover.
@Suite("kamailio as proxy", .serialized)
struct KamailioTests {
    static func trunk(_ pbx: Kamailio, name: String = "pbx", _ transport: SIPTransport = .udp) -> Trunk {
        Trunk(
            name: name, host: "127.0.0.1", port: transport == .tls ? pbx.securePort : pbx.port,
            domain: "pbx.test",
            credentials: SIPCredentials(username: "outdial", password: Kamailio.password),
            numbers: ["+15550100"], transport: transport)
    }

    /// A phone that is registered with `pbx` as `phone`.
    static func phone(_ pbx: Kamailio, _ transport: SIPTransport = .udp) async throws -> Baresip? {
        let account =
            "<sip:phone@127.0.0.1:\(pbx.port)\(transport == .udp ? "" : ";transport=tcp")>;regint=60"
            + ";auth_user=phone;auth_pass=\(Kamailio.password)"
        guard let phone = try Baresip(account: account) else { return nil }
        let isRegistered = try await eventually { try !pbx.contacts(of: "phone").isEmpty }
        try #require(isRegistered, "\(phone.output) \(pbx.output)")
        return phone
    }

    @Test(
        "Through a record-routing proxy with digest: audio both ways, ACK and BYE along the route, from either end",
        .timeLimit(.minutes(1)),
        arguments: [
            (SIPTransport.udp, CallParty.callee), (.tcp, .callee), (.udp, .us), (.tcp, .us),
        ])
    func calls(transport: SIPTransport, endedBy: CallParty) async throws {
        // The phone speaks the other transport: the proxy stands between the two.
        guard let pbx = try Kamailio(),
            let phone = try await Self.phone(pbx, transport == .udp ? .tcp : .udp)
        else { return }
        let dialer = Dialer(trunk: Self.trunk(pbx, transport))
        let result = try await dialer.serving { dialer in
            try await dialer.call(CallRequest(to: "sip:phone@pbx.test", ringTimeout: .seconds(10))) { call in
                try await call.answered()
                let share = try await ToneTalk.talk(on: call)
                if endedBy == .callee {
                    try phone.run("hangup")
                    try? await call.sleep(for: .seconds(10))
                }
                return share
            }
        }
        #expect(
            result.outcome.disposition == .answered, "\(result.outcome.cause) \(phone.output) \(pbx.output)")
        #expect(result.outcome.endedBy == endedBy)
        #expect(BaresipTests.share(of: 1_000, in: try phone.heard()[...], rateHertz: 8_000) > 0.5)
        if endedBy == .us { #expect(try #require(result.value) > 0.8) }
        #expect(pbx.lines("relayed INVITE").count == 1)
        #expect(pbx.lines("routed ACK").count == 1)
        #expect(pbx.lines("routed BYE").count == 1)
        #expect(pbx.lines("no route set").isEmpty, "\(pbx.output)")
    }

    @Test("A wrong password ends as forbidden, and nobody is called", .timeLimit(.minutes(1)))
    func wrongPassword() async throws {
        guard let pbx = try Kamailio() else { return }
        var trunk = Self.trunk(pbx)
        trunk.credentials = SIPCredentials(username: "outdial", password: "guess")
        let result = try await Dialer(trunk: trunk).serving { dialer in
            try await dialer.call(CallRequest(to: "sip:phone@pbx.test")) { try await $0.answered() }
        }
        #expect(result.outcome.disposition == .forbidden)
        #expect(result.outcome.cause.sipStatus == 407)
        #expect(pbx.lines("relayed").isEmpty)
    }

    @Test(
        "Servers of one name: a dead one and one that answers 503 are passed over within the same attempt",
        .timeLimit(.minutes(1)))
    func serversInTheDNS() async throws {
        guard let overloaded = try Kamailio(isOverloaded: true), let good = try Kamailio(),
            let phone = try await Self.phone(good)
        else { return }
        let dead = try Stranger.freePort()
        let host = DNSRecord("node.pbx.test", .address(.loopback(port: 0)))
        let services = [dead, overloaded.port, good.port].enumerated().map { index, port in
            DNSRecord(
                "_sip._udp.pbx.test",
                .service(
                    DNSService(
                        priority: UInt16(index), weight: 1, port: port, target: "node.pbx.test")))
        }
        let names = TestNameServer(driver: try SocketDriver(), records: services + [host])
        let address = try await names.start()
        var trunk = Self.trunk(good)
        trunk.host = "pbx.test"
        trunk.port = nil
        var configuration = DialerConfiguration()
        configuration.serverTimeout = .seconds(2)
        let dialer = Dialer(
            trunk: trunk, configuration: configuration, driver: try SocketDriver(nameServers: [address]))
        let (result, status) = try await dialer.serving { dialer in
            let result = try await dialer.call(
                CallRequest(to: "sip:phone@pbx.test", ringTimeout: .seconds(10))
            ) { call in
                try await call.answered()
                try await call.sleep(for: .milliseconds(300))
            }
            return (result, try await dialer.trunks())
        }
        await names.stop()
        #expect(
            result.outcome.disposition == .answered, "\(result.outcome.cause) \(phone.output) \(good.output)")
        #expect(overloaded.lines("overloaded INVITE").count == 1)
        #expect(good.lines("relayed INVITE").count == 1)
        #expect(good.lines("routed BYE").count == 1)
        #expect(status.first?.attempts == 1)
        #expect(status.first?.consecutiveFaults == 0)
    }

    @Test(
        "Two trunks: the call that one answers with 503 goes over the other, and the first rests as it asked for",
        .timeLimit(.minutes(1)))
    func twoTrunks() async throws {
        guard let overloaded = try Kamailio(isOverloaded: true), let good = try Kamailio(),
            let phone = try await Self.phone(good)
        else { return }
        let first = Self.trunk(overloaded, name: "first")
        var second = Self.trunk(good, name: "second")
        second.priority = 1
        let dialer = Dialer(trunks: [first, second])
        let (result, status) = try await dialer.serving { dialer in
            let result = try await dialer.call(
                CallRequest(to: "sip:phone@pbx.test", ringTimeout: .seconds(10))
            ) { call in
                try await call.answered()
                var routes: [String] = []
                for await event in call.events {
                    if case .routed(let trunk) = event.kind { routes.append(trunk) }
                    if case .answered = event.kind { break }
                }
                return routes
            }
            return (result, try await dialer.trunks())
        }
        #expect(
            result.outcome.disposition == .answered, "\(result.outcome.cause) \(phone.output) \(good.output)")
        #expect(result.value == ["first", "second"])
        #expect(status[0].lastFault?.contains("503") == true)
        #expect(status[1].attempts == 1)
        #expect(good.lines("routed BYE").count == 1)
    }
}
