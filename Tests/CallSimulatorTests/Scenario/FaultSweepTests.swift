internal import AgentBridge
internal import CallSimulator
internal import CampaignKit
internal import SansIO
internal import Telephony
internal import Testing

@Suite("Scenarios under faults")
struct FaultSweepTests {
    private func shortCall(_ seed: UInt64 = 1) -> Scenario {
        Scenario(seed: seed).callee(.answers(after: .milliseconds(500)).waits(.milliseconds(300)).hangsUp())
            .challenge(.digest).media(.signallingOnly).agent(SilentAgent())
    }

    @Test("Whichever datagram of a call is lost, the call comes to its one outcome and nothing is left")
    func dropEach() throws {
        let count = try shortCall().run().trace.records.count { $0.event == .sent }
        #expect(count >= 11, "INVITE, 407, ACK, INVITE, 100, 180, 200, ACK, BYE, 200 and RTCP")
        for number in 1...count {
            let report = try shortCall().faults(.drop(number)).run()
            #expect(report.violations.isEmpty, "datagram \(number): \(report)")
            #expect(report.outcome.disposition == .answered, "datagram \(number)")
            #expect(report.outcome.endedBy == .callee, "datagram \(number)")
        }
    }

    @Test("Whichever datagram comes twice, or late, the call is the same")
    func repeatEach() throws {
        let count = try shortCall().run().trace.records.count { $0.event == .sent }
        for number in 1...count {
            let report = try shortCall().faults(
                .duplicate(number, after: .milliseconds(5)), .delay(number, by: .milliseconds(700))
            ).run()
            #expect(report.violations.isEmpty, "datagram \(number): \(report)")
            #expect(report.outcome.disposition == .answered, "datagram \(number)")
        }
    }

    @Test(
        "Two hundred small campaigns over a network that loses, copies and reorders: every rule holds",
        arguments: 0..<8)
    func sweep(block: Int) throws {
        for seed in UInt64(block * 25)..<UInt64(block * 25 + 25) {
            var network = NetworkModel.perfect
            network.latency = .milliseconds(40)
            network.jitter = .milliseconds(15)
            network.loss = [0, 0.05, 0.15, 0.3][Int(seed % 4)]
            network.duplication = 0.1
            network.reorder = 0.1
            var world = WorldConfiguration()
            world.jobOrder = seed % 2 == 0 ? .arrival : .drawn
            var settings = CampaignSettings()
            settings.callsPerMinute = 60
            // Short waits: an idle hour is thousands of looks into the store.
            settings.retry.busyDelay = .seconds(30)
            settings.retry.noAnswerDelay = .seconds(60)
            let report = try CampaignScenario(seed: seed, recipients: 4).settings(settings).network(network)
                .world(world)
                .media(.signallingOnly).agent(SilentAgent(hangsUpAfter: .seconds(2))).run()
            #expect(
                report.violations.isEmpty, "seed \(seed): \(report.violations.map(\.description))")
            #expect(report.campaign.calls.allSatisfy { $0.disposition != nil }, "seed \(seed)")
        }
    }

    @Test("A partition in the middle of a call ends it at its longest duration, and heals without a trace")
    func partition() throws {
        var dialer = DialerConfiguration()
        dialer.maximumDuration = .seconds(30)
        let report = try Scenario().callee(.answers(after: .seconds(1))).dialer(dialer).agent(SilentAgent())
            .faults(.partition(nil, nil, from: .seconds(5), until: .seconds(20))).run()
        #expect(report.violations.isEmpty, "\(report)")
        #expect(report.outcome.timings.talkTime == .seconds(30))
        #expect((report.record?.media?.packetsLost ?? 0) > 700)
    }
}
