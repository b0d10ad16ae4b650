import SIPCore
import SansIO
import Testing

@Suite("Session refresh, RFC 4028")
struct SessionRefreshTests {
    private func call(
        interval: Duration? = .seconds(90), refresher: SIPSessionExpires.Refresher? = nil,
        callee: UserAgent.Configuration = .init()
    ) throws -> (Wire, InviteSessionID) {
        let wire = Wire(callee: callee)
        wire.onCallee = { wire, event in
            switch event {
            case .incoming(let session, _), .reinvited(let session, _):
                wire.respond(session, 200, body: "answer")
            default: break
            }
        }
        wire.onCaller = { wire, event in
            if case .reinvited(let session, _) = event {
                wire.respond(session, 200, body: "answer", on: .caller)
            }
        }
        var request = Wire.request()
        request.options = InviteOptions(sessionInterval: interval, refresher: refresher)
        let session = try wire.call(request)
        wire.run(for: .seconds(1))
        return (wire, session)
    }

    private func header(_ name: String, of datagram: String, _ wire: Wire) -> String? {
        wire.datagrams.first { $0.name == datagram }.flatMap { Scripted.header(name, of: $0.text) }
    }

    @Test("The caller refreshes by UPDATE at half the interval, and the call lives on")
    func callerRefreshes() throws {
        let (wire, session) = try call()
        #expect(header("Session-Expires", of: "INVITE", wire) == "90")
        #expect(header("Session-Expires", of: "200 INVITE", wire) == "90;refresher=uac")
        #expect(header("Require", of: "200 INVITE", wire) == "timer")
        wire.run(for: .seconds(599))
        let updates = wire.datagrams.filter { $0.name == "UPDATE" }
        #expect(updates.count == 13)
        #expect(updates.allSatisfy { $0.from == .caller })
        #expect(header("Session-Expires", of: "UPDATE", wire) == "90;refresher=uac")
        #expect(header("Session-Expires", of: "200 UPDATE", wire) == "90;refresher=uac")
        #expect(header("Content-Length", of: "UPDATE", wire) == "0")
        let gaps = zip(updates, updates.dropFirst()).map { $0.time.duration(to: $1.time) }
        #expect(Set(gaps) == [.milliseconds(45_020)])
        #expect(wire.callerLabels.filter { $0 == "refreshed" }.count == 13)
        #expect(wire.calleeLabels.filter { $0 == "refreshed" }.count == 13)
        wire.end(.caller, session)
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("The callee refreshes when it is asked to")
    func calleeRefreshes() throws {
        let (wire, session) = try call(refresher: .uas)
        #expect(header("Session-Expires", of: "200 INVITE", wire) == "90;refresher=uas")
        #expect(header("Require", of: "200 INVITE", wire) == nil)
        wire.run(for: .seconds(300))
        let updates = wire.datagrams.filter { $0.name == "UPDATE" }
        #expect(updates.count == 6)
        #expect(updates.allSatisfy { $0.from == .callee })
        #expect(Scripted.header("Session-Expires", of: updates[0].text) == "90;refresher=uac")
        wire.end(.caller, session)
        wire.run()
        #expect(wire.isDrained)
    }

    @Test("Without a wish of either side there is no session timer")
    func off() throws {
        let (wire, session) = try call(interval: nil)
        #expect(header("Session-Expires", of: "INVITE", wire) == nil)
        #expect(header("Supported", of: "INVITE", wire) == "100rel, timer")
        #expect(header("Session-Expires", of: "200 INVITE", wire) == nil)
        wire.run(for: .seconds(500))
        #expect(!wire.datagrams.contains { $0.name == "UPDATE" })
        wire.end(.caller, session)
        wire.run()
    }

    @Test("The callee's own wish is in its 2xx, and the caller follows it")
    func calleeAsks() throws {
        var configuration = UserAgent.Configuration()
        configuration.sessionInterval = .seconds(600)
        let (wire, session) = try call(interval: nil, callee: configuration)
        #expect(header("Session-Expires", of: "200 INVITE", wire) == "600;refresher=uac")
        wire.run(for: .seconds(400))
        #expect(wire.datagrams.filter { $0.name == "UPDATE" && $0.from == .caller }.count == 1)
        wire.end(.caller, session)
        wire.run()
    }

    @Test("An interval below Min-SE is answered 422, and the INVITE comes again with a larger one")
    func tooSmall() throws {
        var configuration = UserAgent.Configuration()
        configuration.minimumSessionInterval = .seconds(400)
        let (wire, session) = try call(callee: configuration)
        #expect(wire.sent(by: .callee).prefix(3) == ["422 INVITE", "100 INVITE", "200 INVITE"])
        #expect(header("Min-SE", of: "422 INVITE", wire) == "400")
        let invites = wire.datagrams.filter { $0.name == "INVITE" }.map(\.text)
        #expect(invites.compactMap { Scripted.header("Session-Expires", of: $0) } == ["90", "400"])
        #expect(invites.map { Scripted.header("Min-SE", of: $0) } == [nil, "400"])
        #expect(Set(invites.map { Scripted.header("Call-ID", of: $0) }).count == 1)
        #expect(wire.callerLabels == ["answered 200"])
        wire.run(for: .seconds(201))
        #expect(wire.datagrams.last?.name == "200 UPDATE")
        #expect(header("Session-Expires", of: "UPDATE", wire) == "400;refresher=uac")
        #expect(header("Min-SE", of: "UPDATE", wire) == "400")
        wire.end(.caller, session)
        wire.run()
    }

    @Test("A far end without UPDATE is refreshed by re-INVITE with the same description")
    func byReinvite() throws {
        let wire = Wire()
        wire.fate = { _, _ in [] }
        var request = Wire.request()
        request.options.sessionInterval = .seconds(90)
        let session = try wire.call(request)
        let headers = [
            "Contact: <sip:bob@192.0.2.2:5060>", "Session-Expires: 90;refresher=uac", "Require: timer",
            "Allow: INVITE, ACK, CANCEL, BYE",
        ]
        wire.inject(
            Scripted.response(200, to: wire.datagrams[0].text, headers: headers, body: "answer"), to: .caller)
        wire.run(for: .milliseconds(45_100))
        let refresh = wire.datagrams.last?.text ?? ""
        #expect(wire.sent(by: .caller) == ["INVITE", "ACK", "INVITE"])
        #expect(refresh.hasSuffix("\r\n\r\noffer"))
        #expect(Scripted.header("Session-Expires", of: refresh) == "90;refresher=uac")
        wire.inject(Scripted.response(200, to: refresh, headers: headers, body: "answer"), to: .caller)
        #expect(wire.callerEvents.last == .refreshed(session, body: Wire.description("answer")))
        #expect(wire.sent(by: .caller).last == "ACK")
    }

    @Test("UPDATE that is answered 501 all the same is followed by a re-INVITE")
    func updateUnknown() throws {
        let (wire, _) = try call()
        wire.fate = { _, datagram in datagram.from == .caller ? [] : [.milliseconds(10)] }
        wire.run(for: .seconds(45))
        let update = wire.datagrams.last?.text ?? ""
        #expect(wire.datagrams.last?.name == "UPDATE")
        wire.inject(Scripted.response(501, to: update), to: .caller)
        #expect(wire.datagrams.last?.name == "INVITE")
        #expect(wire.datagrams.last?.text.hasSuffix("\r\n\r\noffer") == true)
    }

    @Test("A refresh that does not come ends the call with BYE, a third of 90 s before its end")
    func missed() throws {
        let (wire, session) = try call(refresher: .uas)
        wire.fate = { _, datagram in datagram.from == .callee ? [] : [.milliseconds(10)] }
        wire.run()
        #expect(wire.callerEvents.last == .ended(session, .lost(status: nil)))
        let bye = wire.datagrams.first { $0.name == "BYE" && $0.from == .caller }
        let answer = wire.datagrams.first { $0.name == "200 INVITE" }
        let wait = answer.flatMap { answer in bye.map { answer.time.duration(to: $0.time) } }
        #expect(wait.map { $0 >= .seconds(60) && $0 < .seconds(61) } == true)
        #expect(wire.isDrained)
    }

    @Test("A refresh that the far end answers 481 ends the call with that status")
    func refreshGone() throws {
        let (wire, session) = try call()
        wire.fate = { _, _ in [] }
        wire.run(for: .milliseconds(44_500))
        wire.inject(Scripted.response(481, to: wire.datagrams.last?.text ?? ""), to: .caller)
        #expect(wire.callerEvents.last == .ended(session, .lost(status: 481)))
        #expect(wire.datagrams.last?.name == "BYE")
    }

    @Test("BYE at the instant of the refresh: numbers differ, both end", arguments: -2...2)
    func byeAtRefresh(offset: Int) throws {
        let (wire, session) = try call()
        let refresh = wire.datagrams.first { $0.name == "200 INVITE" }?.time.advanced(
            by: .milliseconds(45_010))
        let delay = refresh.map { wire.now.duration(to: $0) } ?? .zero
        wire.after(delay + .milliseconds(offset * 5)) { $0.end(.caller, session) }
        wire.run()
        #expect(wire.callerLabels.last == "ended by us")
        #expect(wire.calleeLabels.last == "ended by remote")
        let numbers = wire.datagrams.filter {
            $0.from == .caller && ["INVITE", "UPDATE", "BYE"].contains($0.name)
        }.map { Scripted.header("CSeq", of: $0.text)?.split(separator: " ").first }
        #expect(Set(numbers).count == numbers.count)
        #expect(wire.isDrained)
    }

    @Test("An UPDATE below Min-SE is answered 422; one without the extension is not")
    func smallUpdate() throws {
        let (wire, _) = try call(interval: nil)
        let ack = wire.datagrams.last { $0.name == "ACK" }?.text ?? ""
        func update(_ number: Int, _ headers: [String]) -> String {
            Scripted.request(
                "UPDATE", branch: "z9hG4bKu\(number)", cSeq: number,
                fromTag: Scripted.parameter("tag", of: Scripted.header("To", of: ack)) ?? "",
                toTag: Scripted.parameter("tag", of: Scripted.header("From", of: ack)),
                callID: Scripted.header("Call-ID", of: ack) ?? "", headers: headers)
        }
        wire.inject(update(1, ["Supported: timer", "Session-Expires: 60"]), to: .caller)
        #expect(wire.datagrams.last?.name == "422 UPDATE")
        #expect(Scripted.header("Min-SE", of: wire.datagrams.last?.text ?? "") == "90")
        wire.inject(update(2, ["Session-Expires: 60"]), to: .caller)
        #expect(wire.datagrams.last?.name == "200 UPDATE")
        #expect(Scripted.header("Session-Expires", of: wire.datagrams.last?.text ?? "") == nil)
    }
}
