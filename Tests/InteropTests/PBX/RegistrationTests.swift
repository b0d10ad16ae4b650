import Foundation
import SIPCore
import SansIO
import SocketDriver
import Telephony
import TestSupport
import Testing

/// A dialer that kamailio knows by its registration.
@Suite("kamailio as registrar", .serialized)
struct RegistrationTests {
    private func configuration(_ handler: any CallHandler) throws -> DialerConfiguration {
        var configuration = DialerConfiguration()
        configuration.localPort = try Stranger.freePort()
        configuration.inbound = InboundPolicy(IncomingCallRouting([.init(.any, handler: handler)]))
        return configuration
    }

    private func trunk(_ pbx: Kamailio, _ transport: SIPTransport = .udp) -> Trunk {
        var trunk = KamailioTests.trunk(pbx, transport)
        trunk.registration = TrunkRegistration()
        return trunk
    }

    @Test(
        "A registration is challenged once, refreshed before it ends, and taken back at the end",
        .timeLimit(.minutes(1)))
    func life() async throws {
        guard let pbx = try Kamailio(longestExpires: 6) else { return }
        let configuration = try configuration(ToneTalk())
        let dialer = Dialer(trunk: trunk(pbx), configuration: configuration)
        try await dialer.serving { dialer in
            let isRegistered = try await eventually { try await dialer.trunks().first?.state == .ready }
            #expect(isRegistered)
            #expect(
                try pbx.contacts(of: "outdial").map {
                    $0.hasPrefix("sip:outdial@127.0.0.1:\(configuration.localPort)")
                }
                    == [true])
            // Longer than the registrar has granted.
            #expect(try await eventually(12) { pbx.lines("registered outdial").count >= 3 })
            #expect(try pbx.contacts(of: "outdial").count == 1)
        }
        #expect(try pbx.contacts(of: "outdial").isEmpty)
        // One Call-ID, CSeq one by one, the challenge included.
        let counts = pbx.lines("registered outdial").compactMap {
            $0.split(separator: " ").last.flatMap { Int($0) }
        }
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 < $1 }, "\(counts)")
    }

    @Test(
        "A phone calls our number at the registrar and the agent answers, with audio both ways",
        .timeLimit(.minutes(1)), arguments: [SIPTransport.udp, .tcp])
    func called(transport: SIPTransport) async throws {
        guard let pbx = try Kamailio(), let phone = try await KamailioTests.phone(pbx) else { return }
        let talk = ToneTalk()
        let dialer = Dialer(trunk: trunk(pbx, transport), configuration: try configuration(talk))
        let statistics = try await dialer.serving { dialer in
            #expect(try await eventually { try !pbx.contacts(of: "outdial").isEmpty })
            try phone.run("dial", "sip:outdial@127.0.0.1:\(pbx.port)")
            #expect(try await eventually(20) { talk.shares.withLock { !$0.isEmpty } })
            return try await dialer.statistics()
        }
        #expect(statistics.inbound.accepted == 1, "\(phone.output) \(pbx.output)")
        #expect(try #require(talk.shares.withLock { $0.first }) > 0.8)
        #expect(BaresipTests.share(of: 1_000, in: try phone.heard()[...], rateHertz: 8_000) > 0.5)
        #expect(pbx.lines("routed BYE").count == 1)
        #expect(pbx.lines("no route set").isEmpty, "\(pbx.output)")
    }
}
