import SIPCore
import SansIO
import Testing

@Suite("Whose requests a user agent takes")
struct AdmissionTests {
    /// A callee that knows `known` only; every request comes from 192.0.2.1.
    private func wire(
        _ strangers: SourceAdmission.Strangers, known: [String] = [], credentials: [SIPCredentials] = []
    ) -> Wire {
        var configuration = UserAgent.Configuration()
        configuration.requiredCredentials = credentials
        let wire = Wire(callee: configuration)
        wire.fate = { _, _ in [] }
        wire.callee.admission = SourceAdmission(
            known: known.compactMap { AddressRange($0) }, strangers: strangers)
        return wire
    }

    @Test(
        "A stranger's requests outside a dialog get 403 and leave no state",
        arguments: ["INVITE", "OPTIONS", "REGISTER", "BYE", "CANCEL"])
    func refused(method: String) {
        let wire = wire(.refused)
        wire.inject(Scripted.request(method), to: .callee)
        #expect(wire.sent(by: .callee) == ["403 \(method)"])
        #expect(wire.calleeLabels == ["stranger refused"])
        #expect(wire.callee.statistics.strangersRefused == 1)
        #expect(wire.callee.statistics.liveTransactions == 0)
        #expect(wire.callee.statistics.tombstones == 0)
        #expect(wire.callee.statistics.liveSessions == 0)
    }

    @Test(
        "A stranger is not even answered when the user agent is to be silent",
        arguments: ["INVITE", "OPTIONS", "CANCEL", "BYE"])
    func ignored(method: String) {
        let wire = wire(.ignored)
        wire.inject(Scripted.request(method), to: .callee)
        wire.inject(Scripted.request(method, toTag: "guessed"), to: .callee)
        wire.inject("INVITE sip:bob@192.0.2.2 SIP/2.0\r\nCSeq: broken\r\n\r\n", to: .callee)
        #expect(wire.sent(by: .callee) == [])
        #expect(wire.callee.statistics.strangersRefused == 2)
    }

    @Test("A known source is let in without a challenge")
    func known() {
        let wire = wire(
            .refused, known: ["192.0.2.0/24"], credentials: [SIPCredentials(username: "u", password: "p")])
        wire.inject(Scripted.request("INVITE", body: "offer"), to: .callee)
        #expect(wire.calleeLabels == ["incoming"])
    }

    @Test("A stranger is challenged where credentials are asked for")
    func challenged() {
        let wire = wire(.admitted, credentials: [SIPCredentials(username: "u", password: "p")])
        wire.inject(Scripted.request("INVITE", body: "offer"), to: .callee)
        #expect(wire.sent(by: .callee) == ["407 INVITE"])
        #expect(wire.calleeLabels == [])
    }

    @Test("In a dialog the tags are the pass: a known source's call goes on from anywhere")
    func inDialog() throws {
        let wire = wire(.refused, known: ["192.0.2.1"])
        wire.inject(Scripted.request("INVITE", body: "offer"), to: .callee)
        wire.respond(try #require(wire.calleeEvents.first).session, 200, body: "answer")
        let tag =
            Scripted.parameter("tag", of: Scripted.header("To", of: wire.datagrams.last?.text ?? "")) ?? "?"
        wire.callee.admission.known = []
        wire.inject(Scripted.request("ACK", branch: "z9hG4bKack", toTag: tag), to: .callee)
        wire.inject(Scripted.request("BYE", branch: "z9hG4bKbye", cSeq: 2, toTag: tag), to: .callee)
        #expect(wire.sent(by: .callee).last == "200 BYE")
        #expect(wire.calleeLabels == ["incoming", "acknowledged", "ended by remote"])
    }
}
