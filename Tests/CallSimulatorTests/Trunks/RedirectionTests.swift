import CallSimulator
import SIPCore
import SansIO
import Telephony
import Testing

@Suite("Redirections of a trunk, in virtual time")
struct RedirectionTests {
    /// A dialer whose trunk redirects every call; the callee is found in the world's zone.
    private func call(
        to contact: String, status: Int = 302, policy: RedirectionPolicy?
    ) throws -> (outcome: CallOutcome, callee: [PeerCallReport], faults: Int?) {
        let world = InboundWorld(
            routing: IncomingCallRouting { _ in
                status == 302 ? .redirect(to: [contact]) : .reject(status: status)
            }, changeTrunk: { $0.allowedSources = [AddressRange("10.0.0.50")!] })
        world.world.zone.add("elsewhere.example", address: "10.0.0.3")
        var configuration = LoopbackPeer.Configuration()
        configuration.address = SocketAddress(host: "10.0.0.3", port: 5_060)!
        configuration.media = .signallingOnly
        let callee = LoopbackPeer(
            driver: world.world.makeDriver(host: "10.0.0.3"),
            callee: CalleeScript(steps: [.ring(.seconds(1)), .answer]), configuration: configuration)
        var trunk = Trunk(name: "redirecting", host: "10.0.0.1", port: 5_060)
        trunk.redirections = policy
        let dialer = Dialer(trunk: trunk, driver: world.world.makeDriver(host: "10.0.0.50"))
        let (outcome, faults) = try world.run { driver in
            try await callee.start()
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dialer.run() }
                let result = try await dialer.call(CallRequest(to: "+15550123")) { call in
                    try await call.answered()
                    try await driver.sleep(for: .seconds(1))
                }
                let faults = try await dialer.trunks().first?.faults
                await dialer.shutDown()
                try await group.waitForAll()
                await callee.stop()
                return (result.outcome, faults)
            }
        }
        return (outcome, callee.reports, faults)
    }

    @Test("A redirection to a host name is resolved and followed where the trunk allows it")
    func followed() throws {
        let (outcome, callee, _) = try call(
            to: "sip:+15550999@elsewhere.example", policy: RedirectionPolicy())
        #expect(outcome.disposition == .answered)
        #expect(callee.count == 1)
    }

    @Test("A redirection to a name that leads nowhere, or that is not followed, is no fault of the trunk's")
    func notFollowed() throws {
        for (contact, policy) in [
            ("sip:+15550999@nowhere.example", RedirectionPolicy()), ("sip:+15550999@elsewhere.example", nil),
        ] {
            let (outcome, callee, faults) = try call(to: contact, policy: policy)
            #expect(outcome.disposition == .noAnswer)
            #expect(outcome.cause.sipStatus == 302)
            #expect(callee.isEmpty)
            #expect(faults == 0)
        }
    }
}
