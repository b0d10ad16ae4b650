@testable internal import CallSimulator
internal import CampaignKit
internal import SansIO
internal import Telephony
internal import Testing

@Suite("Each rule objects to a sequence that breaks it, and to no other")
struct InvariantRuleTests {
    private static let caller = SocketAddress(ipv4: 0x0A00_0001, port: 5_070)
    private static let callee = SocketAddress(ipv4: 0x0A00_0002, port: 5_060)

    private static func message(
        _ start: String, cSeq: String, branch: String = "b1", toTag: String? = nil, audioPort: Int? = nil
    ) -> String {
        let body = audioPort.map { "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio \($0) RTP/AVP 0\r\n" } ?? ""
        return start + "\r\nVia: SIP/2.0/UDP 10.0.0.1:5070;branch=\(branch);rport\r\n"
            + "From: <sip:1@a>;tag=f\r\nTo: <sip:2@b>\(toTag.map { ";tag=\($0)" } ?? "")\r\n"
            + "Call-ID: x\r\nCSeq: \(cSeq)\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
    }

    private static func sighting(
        _ text: String, _ moment: SIPSighting.Moment, byCaller: Bool, at milliseconds: Int64
    ) throws -> SIPSighting {
        let bytes = Array(text.utf8)
        let glance = SIPGlance(bytes.span.bytes)
        return SIPSighting(
            moment: moment, time: .init(nanoseconds: milliseconds * 1_000_000),
            message: try #require(glance), source: byCaller ? caller : callee,
            destination: byCaller ? callee : caller)
    }

    private static let invite = message("INVITE sip:2@b SIP/2.0", cSeq: "1 INVITE", audioPort: 4_000)
    private static let ok = message("SIP/2.0 200 OK", cSeq: "1 INVITE", toTag: "t", audioPort: 6_000)
    private static let busy = message("SIP/2.0 486 Busy Here", cSeq: "1 INVITE", toTag: "t")
    private static let bye = message("BYE sip:2@b SIP/2.0", cSeq: "2 BYE", branch: "b3", toTag: "t")

    private func violations(_ body: (inout InvariantLedger) throws -> Void) rethrows -> [Invariant] {
        var ledger = InvariantLedger()
        try body(&ledger)
        return ledger.violations.map(\.invariant)
    }

    @Test("A glance reads what the rules need")
    func glance() throws {
        let bytes = Array(Self.invite.utf8)
        let glance = SIPGlance(bytes.span.bytes)
        let message = try #require(glance)
        #expect(message.isRequest && message.method == "INVITE" && message.user == "2")
        #expect(
            message.callID == "x" && message.branch == "b1" && message.fromTag == "f" && message.toTag == "")
        #expect(message.cSeq == 1 && message.audioPort == 4_000)
        let rtp: [UInt8] = [0x80] + [UInt8](repeating: 0, count: 20)
        let media = SIPGlance(rtp.span.bytes)
        #expect(media == nil)
    }

    @Test(
        "ACK: missing, from the wrong layer, or for nothing",
        arguments: [
            (final: "200", branch: "b2", isFine: true), ("200", "b1", false), ("486", "b1", true),
            ("486", "b2", false), ("200", "", false), ("", "b2", false),
        ])
    func acknowledgement(final: String, branch: String, isFine: Bool) throws {
        let found = try violations { ledger in
            var rule = AcknowledgementRule()
            rule.see(try Self.sighting(Self.invite, .sent, byCaller: true, at: 0), into: &ledger)
            if !final.isEmpty {
                let text = final == "200" ? Self.ok : Self.busy
                rule.see(try Self.sighting(text, .delivered, byCaller: false, at: 1), into: &ledger)
            }
            if !branch.isEmpty {
                let ack = Self.message("ACK sip:2@b SIP/2.0", cSeq: "1 ACK", branch: branch, toTag: "t")
                rule.see(try Self.sighting(ack, .sent, byCaller: true, at: 2), into: &ledger)
            }
            rule.finish(at: .init(nanoseconds: 9), into: &ledger)
        }
        #expect(found == (isFine ? [] : [.acknowledgement]))
    }

    @Test(
        "A response that comes when its transaction is over need not be acknowledged",
        arguments: [(Int64(32_000), false), (32_001, true)])
    func lateResponse(at time: Int64, isFine: Bool) throws {
        let found = try violations { ledger in
            var rule = AcknowledgementRule()
            rule.see(try Self.sighting(Self.invite, .sent, byCaller: true, at: 0), into: &ledger)
            rule.see(try Self.sighting(Self.busy, .delivered, byCaller: false, at: time), into: &ledger)
            rule.finish(at: .init(nanoseconds: 9), into: &ledger)
        }
        #expect(found == (isFine ? [] : [.acknowledgement]))
    }

    @Test(
        "CSeq: what may follow INVITE 1",
        arguments: [
            ("BYE", 2, "b2", true), ("BYE", 1, "b2", false), ("BYE", 0, "b2", false), ("ACK", 1, "b2", true),
            ("ACK", 2, "b2", false), ("CANCEL", 1, "b1", true), ("CANCEL", 3, "b1", false),
            ("INVITE", 1, "b1", true), ("INVITE", 2, "b1", false),
        ])
    func commandSequence(method: String, cSeq: Int, branch: String, isFine: Bool) throws {
        let found = try violations { ledger in
            var rule = CommandSequenceRule()
            rule.see(try Self.sighting(Self.invite, .sent, byCaller: true, at: 0), into: &ledger)
            let next = Self.message("\(method) sip:2@b SIP/2.0", cSeq: "\(cSeq) \(method)", branch: branch)
            rule.see(try Self.sighting(next, .sent, byCaller: true, at: 1), into: &ledger)
        }
        #expect(found == (isFine ? [] : [.commandSequence]))
    }

    @Test("An ended dialog: retransmissions and crossing BYEs may pass, new requests may not")
    func endedDialog() throws {
        func afterBye(_ method: String, branch: String, byCaller: Bool, heardAt: Int64?, at time: Int64)
            throws
            -> [Invariant]
        {
            try violations { ledger in
                var rule = EndedDialogRule()
                rule.see(try Self.sighting(Self.bye, .sent, byCaller: true, at: 10), into: &ledger)
                if let heardAt {
                    rule.see(
                        try Self.sighting(Self.bye, .delivered, byCaller: true, at: heardAt), into: &ledger)
                }
                let next = Self.message(
                    "\(method) sip:1@a SIP/2.0", cSeq: "9 \(method)", branch: branch, toTag: "t")
                rule.see(try Self.sighting(next, .sent, byCaller: byCaller, at: time), into: &ledger)
            }
        }
        #expect(try afterBye("BYE", branch: "b3", byCaller: true, heardAt: nil, at: 500) == [])
        #expect(try afterBye("INFO", branch: "b9", byCaller: true, heardAt: nil, at: 10) == [.endedDialog])
        #expect(try afterBye("BYE", branch: "b9", byCaller: false, heardAt: nil, at: 11) == [])
        #expect(try afterBye("BYE", branch: "b9", byCaller: false, heardAt: 11, at: 11) == [])
        #expect(try afterBye("BYE", branch: "b9", byCaller: false, heardAt: 11, at: 12) == [.endedDialog])
        #expect(try afterBye("ACK", branch: "b9", byCaller: true, heardAt: nil, at: 12) == [])
    }

    @Test("A BYE that came is answered")
    func byeAnswered() throws {
        let answer = Self.message("SIP/2.0 200 OK", cSeq: "2 BYE", branch: "b3", toTag: "t")
        for isAnswered in [true, false] {
            let found = try violations { ledger in
                var rule = ByeAnsweredRule()
                rule.see(try Self.sighting(Self.bye, .delivered, byCaller: true, at: 1))
                if isAnswered { rule.see(try Self.sighting(answer, .sent, byCaller: false, at: 1)) }
                rule.finish(at: .init(nanoseconds: 9), into: &ledger)
            }
            #expect(found == (isAnswered ? [] : [.byeAnswered]))
        }
    }

    // MARK: Media

    private static func packet(
        _ sequence: UInt16, _ stamp: UInt32, type: UInt8 = 0, source: UInt8 = 1, sample: UInt8 = 0xFF
    ) -> [UInt8] {
        var bytes: [UInt8] = [0x80, type, UInt8(sequence >> 8), UInt8(sequence & 255)]
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: stamp >> UInt32(shift))) }
        return bytes + [0, 0, 0, source] + [UInt8](repeating: sample, count: type == 101 ? 4 : 160)
    }

    @Test("A stream: sequence by one, stamps by the samples, events share theirs, wraps are fine")
    func stream() {
        func judge(_ packets: [[UInt8]], gap: Int64 = 20) -> [Invariant] {
            violations { ledger in
                var rule = StreamRule()
                for (index, packet) in packets.enumerated() {
                    let time = MonotonicInstant(nanoseconds: Int64(index) * gap * 1_000_000)
                    rule.see(packet.span.bytes, at: time, into: &ledger)
                }
            }
        }
        #expect(judge([Self.packet(65_535, 4_294_967_200), Self.packet(0, 64)]) == [])
        #expect(judge([Self.packet(7, 0), Self.packet(9, 160)]) == [.rtpSequence])
        #expect(judge([Self.packet(7, 0), Self.packet(7, 160)]) == [.rtpSequence])
        #expect(judge([Self.packet(7, 0), Self.packet(8, 160, source: 2)]) == [.rtpSequence])
        #expect(judge([Self.packet(7, 0), Self.packet(8, 161)]) == [.rtpTimestamp])
        #expect(judge([Self.packet(7, 0), Self.packet(8, 320)], gap: 40) == [])
        let event = [
            Self.packet(1, 0), Self.packet(2, 160, type: 101), Self.packet(3, 160, type: 101),
            Self.packet(4, 480),
        ]
        #expect(judge(event) == [])
        #expect(
            judge([Self.packet(1, 0), Self.packet(2, 160, type: 101), Self.packet(3, 200, type: 101)]) == [
                .rtpTimestamp
            ])
    }

    @Test("RTP between both descriptions and the end, and not outside")
    func window() throws {
        let rtp = Self.caller.with(port: 4_000)
        func judge(from source: SocketAddress, _ steps: (inout MediaRules) throws -> Void, at time: Int64)
            rethrows -> [Invariant]
        {
            try violations { ledger in
                var rules = MediaRules()
                try steps(&rules)
                let packet = Self.packet(1, 0)
                rules.see(
                    packet.span.bytes, from: source, at: .init(nanoseconds: time * 1_000_000), into: &ledger)
            }
        }
        func offer(_ rules: inout MediaRules) throws {
            rules.see(try Self.sighting(Self.invite, .sent, byCaller: true, at: 0))
        }
        func answer(_ rules: inout MediaRules) throws {
            try offer(&rules)
            rules.see(try Self.sighting(Self.ok, .delivered, byCaller: false, at: 1))
        }
        func end(_ rules: inout MediaRules) throws {
            try answer(&rules)
            rules.see(try Self.sighting(Self.bye, .sent, byCaller: true, at: 100))
        }
        #expect(try judge(from: rtp, offer, at: 1) == [.rtpWindow])
        #expect(try judge(from: rtp, answer, at: 1) == [])
        #expect(try judge(from: rtp.with(port: 4_002), answer, at: 1) == [.rtpWindow])
        #expect(try judge(from: rtp, end, at: 120) == [])
        #expect(try judge(from: rtp, end, at: 121) == [.rtpWindow])
    }

    @Test("Barge-in: speech for 60 ms more, then silence", arguments: [(60, true), (80, false)])
    func bargeIn(last: Int64, isFine: Bool) {
        let found = violations { ledger in
            var rule = BargeInRule()
            rule.bargedIn(at: .init(nanoseconds: 0))
            for time in stride(from: Int64(0), through: 200, by: 20) {
                let packet = Self.packet(1, 0, sample: time <= last ? 0x21 : 0xFF)
                rule.see(packet.span.bytes, at: .init(nanoseconds: time * 1_000_000), into: &ledger)
            }
        }
        #expect(found == (isFine ? [] : [.bargeIn]))
    }

    // MARK: Outcomes and campaigns

    @Test("One outcome: not none, not two, not two that differ")
    func outcome() {
        let outcome = CallOutcome(id: "a", disposition: .busy, endedBy: .callee)
        let end = CallEvent(instant: .init(nanoseconds: 1), kind: .ended(outcome))
        func record(_ outcome: CallOutcome) -> CallRecord {
            CallRecord(id: "a", sipCallID: "x", to: "1", from: "2", outcome: outcome)
        }
        func judge(_ ends: Int, _ records: [CallOutcome]) -> [Invariant] {
            violations { ledger in
                var rule = OutcomeRule()
                rule.see(
                    CallEvent(instant: .init(nanoseconds: 0), kind: .ringing(status: 180)), of: "a",
                    into: &ledger)
                for _ in 0..<ends { rule.see(end, of: "a", into: &ledger) }
                for outcome in records { rule.see(record(outcome), at: .init(nanoseconds: 2), into: &ledger) }
                rule.finish(at: .init(nanoseconds: 3), into: &ledger)
            }
        }
        #expect(judge(1, [outcome]) == [])
        #expect(judge(0, []) == [.oneOutcome])
        #expect(judge(1, []) == [.oneOutcome])
        #expect(judge(1, [outcome, outcome]) == [.oneOutcome])
        #expect(judge(2, [outcome]).contains(.oneOutcome))
        var other = outcome
        other.disposition = .answered
        #expect(judge(1, [other]) == [.oneOutcome])
    }

    @Test("Pace: at most so many at once and in any minute")
    func pace() {
        func judge(concurrency: Int, perMinute: Int) -> [Invariant] {
            violations { ledger in
                var rule = PaceRule(callsPerMinute: perMinute, maximumConcurrency: concurrency)
                for second in [Int64(0), 20, 40, 60] {
                    rule.started(at: .init(nanoseconds: second * 1_000_000_000), into: &ledger)
                    if second == 20 { rule.ended() }
                }
            }
        }
        #expect(judge(concurrency: 3, perMinute: 3) == [])
        #expect(judge(concurrency: 2, perMinute: 3) == [.concurrency])
        #expect(judge(concurrency: 3, perMinute: 2) == [.rate, .rate])
    }

    @Test(
        "Hours are those of the recipient's own clock",
        arguments: [
            ("America/New_York", true), ("Europe/Berlin", false), ("UTC", false), ("Nowhere/At_All", false),
        ])
    func hours(timeZone: String, isFine: Bool) throws {
        let window = try #require(CallingHours.Window("09:00-17:00"))
        let found = violations { ledger in
            var rule = HoursRule(hours: CallingHours([.thursday: [window]]), timeZone: "UTC")
            // Thursday 2026-01-15, 17:00 UTC: noon in New York.
            rule.started(
                in: timeZone, at: .init(secondsSinceEpoch: 1_768_496_400), .init(nanoseconds: 0),
                into: &ledger)
        }
        #expect(found == (isFine ? [] : [.callingHours]))
    }

    @Test("A recipient: not too often, not twice at once, not against their will")
    func recipient() {
        let now = MonotonicInstant(nanoseconds: 0)
        func judge(_ ends: [CallDisposition?], doNotCall: Set<String> = []) -> [Invariant] {
            violations { ledger in
                var rule = RecipientRule(maximumAttempts: 2, doNotCall: doNotCall)
                for end in ends {
                    rule.started("1", at: now, into: &ledger)
                    if let end { rule.ended("1", end) }
                }
            }
        }
        #expect(judge([.busy, .busy]) == [])
        #expect(judge([.busy, .busy, .busy]) == [.attemptCap])
        #expect(judge([.trunkFault, .busy, .busy]) == [])
        #expect(judge([nil, .busy]) == [.twiceAtOnce])
        #expect(judge([.busy], doNotCall: ["1"]) == [.doNotCall])
    }
}
