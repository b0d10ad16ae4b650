import CallSimulator
import SIPCore
import SansIO
import Telephony
import Testing

@Suite("The dialer is called without an offer")
struct LateOfferCallTests {
    @Test(
        "Our offer goes into the first reliable response, the answer comes in the PRACK, and audio flows both ways",
        arguments: [(IncomingAcceptance.Alerting.ringing, 180), (.earlyMedia, 183)],
        [Duration.zero, .seconds(2)])
    func reliable(alerting: (IncomingAcceptance.Alerting, Int), prepareTime: Duration) throws {
        let (report, sent, heard) = try call(.required, alerting: alerting.0, prepareTime: prepareTime)
        let (status, bodies) = (alerting.1, Self.bodies(of: sent))
        #expect(report.provisional == [status])
        #expect(report.status == 200)
        #expect(report.end == .callerHungUp)
        #expect(report.loudFrames > 40)
        #expect(heard > 4_000)
        #expect(
            bodies == ["\(status) INVITE": true, "200 PRACK": false, "200 INVITE": false, "200 BYE": false])
        #expect(sent.contains { $0.hasPrefix("SIP/2.0 \(status)") && $0.contains("\r\nRequire: 100rel\r\n") })
    }

    @Test("Who does not insist on reliable responses hears it ring at once; our offer is in the 200")
    func plain() throws {
        let (report, sent, heard) = try call(.supported, alerting: .ringing, prepareTime: .seconds(2))
        #expect(report.provisional == [180])
        #expect(report.status == 200)
        #expect(report.loudFrames > 40)
        #expect(heard > 4_000)
        #expect(Self.bodies(of: sent) == ["180 INVITE": false, "200 INVITE": true, "200 BYE": false])
    }

    private func call(
        _ reliability: InviteOptions.Reliability, alerting: IncomingAcceptance.Alerting, prepareTime: Duration
    ) throws -> (SimulatedCaller.Report, sent: [String], heard: Int) {
        let heard = Locked(0)
        let world = InboundWorld(alerting: alerting, answersAfter: .seconds(3), prepareTime: prepareTime) {
            call in
            try await call.answered()
            try await call.audio.write([Int16](repeating: 9_000, count: 16_000))
            while let samples = await call.audio.read() {
                heard.withLock { $0 += samples.count { $0.magnitude > 1_000 } }
            }
        }
        var script = SimulatedCaller.Script()
        script.offersLate = true
        script.reliability = reliability
        let report = try world.call(script)
        #expect(world.observer.records.first?.outcome.disposition == .answered)
        #expect(world.world.leaks.isEmpty, "\(world.world.leaks)")
        return (report, world.observer.figures.withLock { $0.sent }, heard.withLock { $0 })
    }

    /// Which responses above 100 there were, and whether they had a session description.
    private static func bodies(of sent: [String]) -> [String: Bool] {
        var bodies: [String: Bool] = [:]
        for message in sent where message.hasPrefix("SIP/2.0 ") && !message.hasPrefix("SIP/2.0 100") {
            let cSeq = message.split(separator: "\r\n").first { $0.hasPrefix("CSeq:") }
            let method = cSeq?.split(separator: " ").last ?? "?"
            bodies["\(message.dropFirst(8).prefix(3)) \(method)"] = message.contains("\r\nm=audio ")
        }
        return bodies
    }
}
