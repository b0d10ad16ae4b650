import SIPCore
import SansIO
import Testing

@Suite("A REFER that we have sent, RFC 3515")
struct SentReferralTests {
    private static let epoch = MonotonicInstant(nanoseconds: 0)
    private typealias Output = SentReferral.Output

    private func made(wantsSubscription: Bool = true) -> SentReferral {
        var referral = SentReferral(
            to: ReferTarget(uri: "sip:carol@192.0.2.3"), referredBy: "<sip:alice@192.0.2.1>",
            wantsSubscription: wantsSubscription, at: Self.epoch)
        referral.cSeq = 7
        return referral
    }

    private func response(_ status: Int, _ headers: [SIPHeaderField] = []) -> ReceivedResponse {
        ReceivedResponse(status: status, reasonPhrase: "", headers: headers)
    }

    private func notify(
        _ fragment: String?, _ state: String? = "active;expires=60", event: String = "refer;id=7"
    ) -> ReceivedRequest {
        var headers = [SIPHeaderField(name: "Event", value: event)]
        if let state { headers.append(SIPHeaderField(name: "Subscription-State", value: state)) }
        return ReceivedRequest(
            method: "NOTIFY", requestURI: "", from: "", to: "", callID: "", headers: headers,
            body: fragment.map { SIPBody(contentType: "message/sipfrag", bytes: Array($0.utf8)) },
            source: Wire.Side.callee.address)
    }

    @Test("Header fields of the REFER")
    func headers() {
        #expect(
            made().headers == [
                SIPHeaderField(name: "Refer-To", value: "<sip:carol@192.0.2.3>"),
                SIPHeaderField(name: "Referred-By", value: "<sip:alice@192.0.2.1>"),
            ])
        #expect(
            made(wantsSubscription: false).headers.suffix(2) == [
                SIPHeaderField(name: "Refer-Sub", value: "false"),
                SIPHeaderField(name: "Supported", value: "norefersub"),
            ])
    }

    @Test("Accepted, told of progress, done", arguments: [202, 200])
    func success(status: Int) {
        var referral = made()
        var out = Output()
        referral.receive(response(status), at: Self.epoch, into: &out)
        for (text, code) in [
            ("SIP/2.0 100 Trying", 200), ("SIP/2.0 180 Ringing", 200), ("SIP/2.0 200 OK", 200),
        ] {
            #expect(referral.receive(notify: notify(text), at: Self.epoch, into: &out) == code)
        }
        #expect(
            out.events == [
                .accepted, .progressed(status: 100, reason: "Trying"),
                .progressed(status: 180, reason: "Ringing"), .ended(.finished(status: 200, reason: "OK")),
            ])
        #expect(referral.nextDeadline == nil)
        #expect(referral.receive(notify: notify("SIP/2.0 200 OK"), at: Self.epoch, into: &out) == 481)
        #expect(out.events.count == 4)
    }

    @Test("A NOTIFY may overtake the 202")
    func overtaking() {
        var referral = made()
        var out = Output()
        #expect(
            referral.receive(
                notify: notify("SIP/2.0 486 Busy Here", "terminated"), at: Self.epoch, into: &out) == 200)
        referral.receive(response(202), at: Self.epoch, into: &out)
        #expect(out.events == [.accepted, .ended(.finished(status: 486, reason: "Busy Here"))])
    }

    @Test(
        "Without a subscription the outcome stays unknown; a far end that subscribes all the same is listened to"
    )
    func norefersub() {
        var out = Output()
        var quiet = made(wantsSubscription: false)
        quiet.receive(
            response(200, [SIPHeaderField(name: "Refer-Sub", value: "false")]), at: Self.epoch, into: &out)
        #expect(out.events == [.accepted, .ended(.unobserved)])
        var told = made(wantsSubscription: false)
        told.receive(response(202), at: Self.epoch, into: &out)
        #expect(told.state == .accepted)
    }

    @Test("Subscriptions that end without a final status, and NOTIFYs that are none")
    func oddities() {
        var referral = made()
        var out = Output()
        #expect(referral.receive(notify: notify("SIP/2.0 100 T", nil), at: Self.epoch, into: &out) == 400)
        #expect(out.events.isEmpty)
        #expect(
            referral.receive(
                notify: notify(nil, "terminated; reason=noresource"), at: Self.epoch, into: &out) == 200)
        #expect(out.events == [.accepted, .ended(.abandoned(reason: "noresource"))])
        #expect(made().accepts(notify(nil)))
        #expect(made().accepts(notify(nil, event: "REFER")))
        #expect(!made().accepts(notify(nil, event: "refer;id=8")))
        #expect(!made().accepts(notify(nil, event: "presence")))
    }

    @Test(
        "Silence ends it: no NOTIFY 32 s after the 202, none after the time that a NOTIFY gave, three minutes at most"
    )
    func silence() {
        var referral = made()
        var out = Output()
        #expect(referral.nextDeadline == Self.epoch.advanced(by: .seconds(180)))
        referral.receive(response(202), at: Self.epoch, into: &out)
        #expect(referral.nextDeadline == Self.epoch.advanced(by: .seconds(32)))
        _ = referral.receive(notify: notify("SIP/2.0 100 T"), at: Self.epoch, into: &out)
        #expect(referral.nextDeadline == Self.epoch.advanced(by: .seconds(92)))
        _ = referral.receive(notify: notify(nil, "active;expires=99999999"), at: Self.epoch, into: &out)
        #expect(referral.nextDeadline == Self.epoch.advanced(by: .seconds(180)))
        referral.fire(at: Self.epoch.advanced(by: .seconds(179)), into: &out)
        #expect(referral.state == .accepted)
        referral.fire(at: Self.epoch.advanced(by: .seconds(180)), into: &out)
        #expect(out.events.last == .ended(.timedOut))
    }

    @Test("Every state with every input ends once at most", arguments: SentReferral.State.allCases)
    func table(state: SentReferral.State) {
        /// Expected state and number of events, in the order of the inputs.
        let rows: [SentReferral.State: [(SentReferral.State, Int)]] = [
            .pending: [
                (.accepted, 1), (.over, 1), (.over, 1), (.over, 1), (.accepted, 2), (.over, 2), (.over, 2),
                (.over, 1),
            ],
            .accepted: [
                (.accepted, 0), (.over, 1), (.over, 1), (.over, 1), (.accepted, 1), (.over, 1), (.over, 1),
                (.over, 1),
            ],
            .over: Array(repeating: (.over, 0), count: 8),
        ]
        let inputs: [(inout SentReferral, inout Output) -> Void] = [
            { $0.receive(self.response(202), at: Self.epoch, into: &$1) },
            { $0.receive(self.response(603), at: Self.epoch, into: &$1) },
            { $0.receive(.timedOut, into: &$1) },
            { $0.sessionEnded(into: &$1) },
            { _ = $0.receive(notify: self.notify("SIP/2.0 180 R"), at: Self.epoch, into: &$1) },
            { _ = $0.receive(notify: self.notify("SIP/2.0 200 OK"), at: Self.epoch, into: &$1) },
            { _ = $0.receive(notify: self.notify(nil, "terminated"), at: Self.epoch, into: &$1) },
            { $0.fire(at: Self.epoch.advanced(by: .seconds(600)), into: &$1) },
        ]
        for (index, input) in inputs.enumerated() {
            var referral = made()
            var out = Output()
            if state != .pending { referral.receive(response(202), at: Self.epoch, into: &out) }
            if state == .over { referral.sessionEnded(into: &out) }
            #expect(referral.state == state)
            out.removeAll()
            input(&referral, &out)
            let expected = rows[state]?[index]
            #expect(referral.state == expected?.0, "input \(index)")
            #expect(out.events.count == expected?.1, "input \(index): \(out.events)")
        }
    }
}

@Suite("A REFER that we were sent, RFC 3515, RFC 4488")
struct ReceivedReferralTests {
    private static let epoch = MonotonicInstant(nanoseconds: 0)
    private typealias Output = ReceivedReferral.Output

    private func refer(_ fields: [(String, String)]) -> ReceivedRequest {
        var request = ReceivedRequest(
            method: "REFER", requestURI: "", from: "", to: "", callID: "",
            headers: fields.map { SIPHeaderField(name: $0.0, value: $0.1) }, source: Wire.Side.caller.address)
        request.cSeqNumber = 9
        return request
    }

    private func made(_ extra: [(String, String)] = []) throws -> ReceivedReferral {
        try ReceivedReferral(refer([("r", "<sip:carol@192.0.2.3>"), ("Referred-By", "<sip:a@b>")] + extra))
    }

    private func notify(_ state: String, _ line: String) -> ReceivedReferral.Send {
        .notify(
            headers: [
                SIPHeaderField(name: "Event", value: "refer;id=9"),
                SIPHeaderField(name: "Subscription-State", value: state),
            ],
            body: SIPBody(contentType: "message/sipfrag;version=2.0", bytes: Array("\(line)\r\n".utf8)))
    }

    @Test("Not exactly one readable Refer-To is answered 400")
    func malformed() throws {
        for fields in [
            [], [("Refer-To", "x")], [("Refer-To", "<sip:a@b>"), ("Refer-To", "<sip:c@d>")],
            [("Refer-To", "<sip:a@b>, <sip:c@d>")],
        ] {
            #expect(throws: ReceivedReferral.Fault.malformed) { try ReceivedReferral(refer(fields)) }
        }
        #expect(ReceivedReferral.Fault.malformed.status == 400)
        let referral = try made()
        #expect(referral.target.uri == "sip:carol@192.0.2.3")
        #expect(referral.referredBy == "<sip:a@b>")
    }

    @Test("202 and 100 at once; one NOTIFY at a time; of the rest the latest; a final status ends it")
    func notifies() throws {
        var referral = try made()
        var out = Output()
        referral.accept(at: Self.epoch, into: &out)
        #expect(
            out.sends == [
                .respond(status: 202, headers: []), notify("active;expires=180", "SIP/2.0 100 Trying"),
            ])
        out.removeAll()
        let later = Self.epoch.advanced(by: .seconds(10))
        referral.progress(status: 180, at: later, into: &out)
        referral.progress(status: 183, at: later, into: &out)
        #expect(out.isEmpty)
        referral.notifyAnswered(status: 200, at: later, into: &out)
        referral.progress(status: 486, reason: "Busy", at: later, into: &out)
        referral.progress(status: 200, at: later, into: &out)
        referral.notifyAnswered(status: 200, at: later, into: &out)
        referral.notifyAnswered(status: 200, at: later, into: &out)
        #expect(
            out.sends == [
                notify("active;expires=170", "SIP/2.0 183 Session Progress"),
                notify("terminated;reason=noresource", "SIP/2.0 486 Busy"),
            ])
        #expect(out.events.isEmpty)
        #expect(referral.nextDeadline == nil)
    }

    @Test("A sender that asks not to be told gets 200 with Refer-Sub: false, and nothing more")
    func norefersub() throws {
        var referral = try made([("Refer-Sub", "false")])
        var out = Output()
        referral.accept(at: Self.epoch, into: &out)
        referral.progress(status: 200, at: Self.epoch, into: &out)
        #expect(
            out.sends == [
                .respond(status: 200, headers: [SIPHeaderField(name: "Refer-Sub", value: "false")])
            ])
    }

    @Test("Refused: the status given, 603 without one")
    func refused() throws {
        for (given, sent) in [(603, 603), (202, 300), (486, 486), (9_999, 699)] {
            var referral = try made()
            var out = Output()
            referral.refuse(status: given, into: &out)
            referral.accept(at: Self.epoch, into: &out)
            #expect(out.sends == [.respond(status: sent, headers: [])])
            #expect(referral.state == .over)
        }
    }

    @Test("A NOTIFY that is refused or not answered ends the telling", arguments: [481, 500, nil])
    func unsubscribed(status: Int?) throws {
        var referral = try made()
        var out = Output()
        referral.accept(at: Self.epoch, into: &out)
        out.removeAll()
        referral.notifyAnswered(status: status, at: Self.epoch, into: &out)
        referral.progress(status: 200, at: Self.epoch, into: &out)
        #expect(out.sends.isEmpty)
        #expect(out.events == [.unsubscribed])
        #expect(referral.nextDeadline == nil)
    }

    @Test("After its time the subscription is ended with a last NOTIFY")
    func expiry() throws {
        var referral = try made()
        var out = Output()
        referral.accept(at: Self.epoch, into: &out)
        referral.notifyAnswered(status: 200, at: Self.epoch, into: &out)
        out.removeAll()
        let end = try #require(referral.nextDeadline)
        #expect(end == Self.epoch.advanced(by: .seconds(180)))
        referral.fire(at: end, into: &out)
        #expect(out.sends == [notify("terminated;reason=timeout", "SIP/2.0 100 Trying")])
        #expect(out.events == [.unsubscribed])
        referral.progress(status: 200, at: end, into: &out)
        referral.sessionEnded(into: &out)
        #expect(out.sends.count == 1 && out.events.count == 1)
    }
}
