import Foundation
import RTPMedia
import SIPCore
import SansIO
import TestSupport
import Testing

@testable import Telephony

@Suite("Metrics")
struct MetricsTests {
    @Test("The text of a few families, to the byte")
    func text() {
        var histogram = MetricHistogram(bounds: [0.5, 1])
        for value in [0.5, 0.7, 30, .nan] { histogram.record(value) }
        let text = PrometheusText.render(
            [
                MetricFamily(
                    "calls_total", .counter, help: "Calls\\ of\nall",
                    samples: [.init([.init("who", "a\"b\\c\nd")], 3), .init([], 0.25)]),
                MetricFamily("setup_seconds", help: "Setup.", histogram: histogram),
            ], labels: [.init("role", "dialer")])
        #expect(
            text == #"""
                # HELP calls_total Calls\\ of\nall
                # TYPE calls_total counter
                calls_total{role="dialer",who="a\"b\\c\nd"} 3
                calls_total{role="dialer"} 0.25
                # HELP setup_seconds Setup.
                # TYPE setup_seconds histogram
                setup_seconds_bucket{role="dialer",le="0.5"} 1
                setup_seconds_bucket{role="dialer",le="1"} 2
                setup_seconds_bucket{role="dialer",le="+Inf"} 3
                setup_seconds_sum{role="dialer"} 31.2
                setup_seconds_count{role="dialer"} 3

                """#)
    }

    @Test("The check can fail: what is not the format is refused")
    func checkFails() {
        for text in [
            "calls 1", "calls 1\n", "# TYPE calls counter\ncalls x\n", "# TYPE calls counter\ncalls{a=1} 1\n",
            "# TYPE calls counter\ncalls 1\ncalls 1\n", "# TYPE 1a counter\n1a 1\n",
            "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
            "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
        ] {
            #expect(throws: ExpositionCheck.Fault.self, "\(text)") { try ExpositionCheck(text) }
        }
    }

    private static func record(
        _ id: String, _ disposition: CallDisposition, status: Int?, ringing: Int64? = nil,
        answered: Int64? = nil,
        ended: Int64
    ) -> CallRecord {
        func at(_ seconds: Int64) -> WallClockInstant { WallClockInstant(secondsSinceEpoch: 1_000 + seconds) }
        var record = CallRecord(
            id: CallID(id), sipCallID: id, to: "+15551234567", from: "+15550100",
            outcome: CallOutcome(
                id: CallID(id), disposition: disposition, cause: CallCause(sipStatus: status),
                answeredBy: answered == nil ? nil : .human, endedBy: .callee,
                timings: CallTimings(
                    dialed: at(0), ringing: ringing.map(at), answered: answered.map(at), ended: at(ended))))
        if answered != nil {
            var media = MediaStatistics()
            media.packetsReceived = 98
            media.packetsLost = 2
            media.packetsSent = 100
            media.jitterMilliseconds = 4
            media.inboundQuality = VoiceQuality(
                source: .measured, rFactor: 88, mosListening: 4.3, mosConversational: 4.25, lossRate: 0.02,
                discardRate: 0, oneWayDelayMilliseconds: 80)
            media.rejections = MediaRejections()
            media.rejections?.stranger = 7
            record.media = media
        }
        return record
    }

    @Test("Calls are counted by disposition, status, fault and time, and nothing names a person")
    func calls() throws {
        let metrics = MetricsObserver(labels: [.init("role", "test")])
        for id in ["a", "b", "c", "d"] {
            metrics.call(
                CallID(id),
                did: CallEvent(instant: MonotonicInstant(nanoseconds: 0), kind: .dialing(sipCallID: id)))
        }
        metrics.callEnded(Self.record("a", .answered, status: 200, ringing: 1, answered: 4, ended: 64))
        metrics.callEnded(Self.record("b", .busy, status: 486, ended: 2))
        metrics.callEnded(Self.record("c", .trunkFault, status: nil, ended: 32))
        metrics.publish(
            [MetricFamily("outdial_x", .gauge, help: "X.", samples: [.init([.init("campaign", "one")], 1)])],
            as: "one")
        metrics.publish(
            [MetricFamily("outdial_x", .gauge, help: "X.", samples: [.init([.init("campaign", "two")], 2)])],
            as: "two")
        let text = metrics.text
        let check = try ExpositionCheck(text)
        func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
            check.value(name, labels.merging(["role": "test"]) { $1 })
        }
        #expect(value("outdial_calls_dialed_total") == 4)
        #expect(value("outdial_calls_active") == 1)
        #expect(value("outdial_calls_ended_total", ["disposition": "answered"]) == 1)
        #expect(value("outdial_calls_ended_total", ["disposition": "blocked"]) == 0)
        #expect(value("outdial_calls_fault_total", ["fault": "carrier"]) == 1)
        #expect(value("outdial_sip_final_responses_total", ["class": "4xx", "code": "486"]) == 1)
        #expect(value("outdial_sip_final_responses_total", ["class": "none", "code": "0"]) == 1)
        #expect(value("outdial_answer_seizure_ratio") == 1.0 / 3)
        #expect(value("outdial_call_setup_seconds_sum") == 4)
        #expect(value("outdial_post_dial_delay_seconds_bucket", ["le": "0.5"]) == 0)
        #expect(value("outdial_post_dial_delay_seconds_bucket", ["le": "1"]) == 1)
        #expect(value("outdial_call_duration_seconds_sum") == 60)
        #expect(value("outdial_rtp_loss_ratio_bucket", ["le": "0.01"]) == 0)
        #expect(value("outdial_call_mos_inbound_bucket", ["le": "4.2"]) == 0)
        #expect(value("outdial_call_mos_inbound_bucket", ["le": "4.34"]) == 1)
        #expect(value("outdial_call_mos_outbound_count") == 0)
        #expect(value("outdial_rtp_rejected_total", ["reason": "stranger"]) == 7)
        #expect(value("outdial_rtp_rejected_total", ["reason": "malformed"]) == 0)
        #expect(value("outdial_rtp_loss_ratio_bucket", ["le": "0.02"]) == 1)
        #expect(value("outdial_rtp_jitter_seconds_bucket", ["le": "0.005"]) == 1)
        #expect(value("outdial_x", ["campaign": "two"]) == 2)
        #expect(!text.contains("1555"), "a phone number")
    }

    @Test("A call over three trunks is one call, and calls to us are counted apart")
    func failoverAndInbound() throws {
        let metrics = MetricsObserver()
        func see(_ id: String, _ kind: CallEvent.Kind) {
            metrics.call(CallID(id), did: CallEvent(instant: MonotonicInstant(nanoseconds: 0), kind: kind))
        }
        for sipCallID in ["x", "y", "z"] { see("a", .dialing(sipCallID: sipCallID)) }
        see("b", .dialing(sipCallID: "b"))
        for id in ["in-1", "in-2"] { see(id, .incoming(sipCallID: id)) }
        var inbound = Self.record("in-1", .answered, status: 200, answered: 4, ended: 64)
        inbound.direction = .inbound
        metrics.callEnded(inbound)
        metrics.callEnded(Self.record("a", .busy, status: 486, ended: 2))
        let check = try ExpositionCheck(metrics.text)
        #expect(check.value("outdial_calls_dialed_total", [:]) == 2)
        #expect(check.value("outdial_calls_active", [:]) == 1)
        #expect(check.value("outdial_calls_failed_over_total", [:]) == 2)
        #expect(check.value("outdial_answer_seizure_ratio", [:]) == 0)
        #expect(check.value("outdial_calls_ended_total", ["disposition": "answered"]) == 0)
        #expect(check.value("outdial_incoming_calls_total", [:]) == 2)
        #expect(check.value("outdial_incoming_calls_active", [:]) == 1)
        #expect(check.value("outdial_incoming_calls_ended_total", ["disposition": "answered"]) == 1)
    }

    @Test("Trunks have a state, faults and a registration, and no more lines than trunks that are known")
    func trunks() throws {
        let metrics = MetricsObserver()
        metrics.trunk("a", did: .changed(.open))
        metrics.trunk("a", did: .fault("503"))
        metrics.trunk("a", did: .registered(until: WallClockInstant(secondsSinceEpoch: 1)))
        metrics.trunk("b", did: .probed(TrunkProbe(sipStatus: 200, roundTrip: .milliseconds(20))))
        let check = try ExpositionCheck(metrics.text)
        #expect(check.value("outdial_trunk_state", ["trunk": "a", "state": "open"]) == 1)
        #expect(check.value("outdial_trunk_state", ["trunk": "a", "state": "ready"]) == 0)
        #expect(check.value("outdial_trunk_faults_total", ["trunk": "a"]) == 1)
        #expect(check.value("outdial_trunk_registered", ["trunk": "a"]) == 1)
        #expect(check.value("outdial_trunk_registered", ["trunk": "b"]) == nil)
        #expect(check.value("outdial_trunk_round_trip_seconds", ["trunk": "b"]) == 0.02)
        for index in 0..<2_000 { metrics.trunk("t\(index)", did: .changed(.ready)) }
        #expect(try ExpositionCheck(metrics.text).samples.count < 3_500)
    }

    @Test("The number of lines is bounded, whatever the far end answers")
    func cardinality() throws {
        let metrics = MetricsObserver()
        for status in -5..<2_000 {
            metrics.callEnded(Self.record("c", .declined, status: status, ended: 1))
        }
        for source in 0..<1_000 {
            metrics.publish(
                [MetricFamily("y", .gauge, help: "Y.", samples: [.init([.init("s", "\(source)")], 1)])],
                as: "\(source)")
        }
        #expect(try ExpositionCheck(metrics.text).samples.count < 900)
    }

    @Test("A real call's figures, the dialer's own among them, stand in a file that is replaced as a whole")
    func file() async throws {
        let folder = try TemporaryFolder()
        let metrics = MetricsObserver()
        let path = folder.path("outdial.prom")
        try await withDialer(observers: [metrics]) { dialer, _ in
            let driver = try Dialer.makeDriver()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await metrics.export(dialer, to: path, every: .seconds(3_600), driver: driver)
                }
                _ = try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
                metrics.sample(try await dialer.statistics())
                group.cancelAll()
                try await group.waitForAll()
            }
        }
        let check = try ExpositionCheck(String(contentsOfFile: path, encoding: .utf8))
        #expect(check.value("outdial_calls_ended_total", ["disposition": "answered"]) == 1)
        #expect((check.value("outdial_sip_messages_total", ["direction": "sent"]) ?? 0) >= 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("")) == ["outdial.prom"])
        await #expect(throws: FileError.self) {
            let driver = try Dialer.makeDriver()
            let dialer = Dialer(trunk: Trunk(name: "t", host: "127.0.0.1"), driver: driver)
            try await metrics.export(dialer, to: "/no/such/folder/x.prom", driver: driver)
        }
    }
}
