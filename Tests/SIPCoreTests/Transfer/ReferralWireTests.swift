import SIPCore
import SansIO
import Testing

/// A call whose caller refers the callee to somebody else; the callee's call there is the test's word.
private final class TransferScene {
    let wire: Wire
    private(set) var session: InviteSessionID?
    private(set) var sent: SentReferral?
    private(set) var received: ReceivedReferral?
    private(set) var results: [SentReferral.Result] = []
    private(set) var progress: [Int] = []
    private var referID: SIPRequestID?
    private var notifyID: SIPRequestID?
    private var calleeSession: InviteSessionID?
    private let final: Int
    private let hangsUpEarly: Bool

    init(seed: UInt64, final: Int, hangsUpEarly: Bool) throws {
        var caller = UserAgent.Configuration()
        caller.methods = [.notify]
        var callee = UserAgent.Configuration()
        callee.methods = [.refer]
        wire = Wire(caller: caller, callee: callee, seed: seed)
        self.final = final
        self.hangsUpEarly = hangsUpEarly
        wire.answers(after: .milliseconds(100))
        let answer = wire.onCallee
        wire.onCallee = { [unowned self] wire, event in
            answer(wire, event)
            calleeSees(event)
        }
        wire.onCaller = { [unowned self] _, event in callerSees(event) }
        session = try wire.call()
    }

    private func callerSees(_ event: UserAgentEvent) {
        switch event {
        case .answered(let session, _):
            wire.after(.milliseconds(500)) { [unowned self] _ in refer(in: session) }
        case .requestAnswered(referID, let response):
            stepSent { $0.receive(response, at: $1, into: &$2) }
            if hangsUpEarly, let session { wire.end(.caller, session) }
        case .requestFailed(referID, let failure):
            stepSent { $0.receive(failure, into: &$2) }
        case .requestReceived(let id, _, let request):
            var status = 489
            if sent?.accepts(request) == true {
                stepSent { status = $0.receive(notify: request, at: $1, into: &$2) }
            }
            wire.command(.caller) { $0.respond(toRequest: id, status: status, at: $1, into: &$2) }
        case .ended:
            stepSent { $0.sessionEnded(into: &$2) }
        default: break
        }
    }

    private func refer(in session: InviteSessionID) {
        var referral = SentReferral(to: ReferTarget(uri: "sip:carol@192.0.2.3"), at: wire.now)
        let headers = referral.headers
        wire.command(.caller) { user, now, effects in
            referID = try? user.request(.refer, in: session, headers: headers, at: now, into: &effects)
            referral.cSeq = referID.flatMap { user.cSeq(of: $0) }
        }
        sent = referral
        stepSent { _, _, _ in }
    }

    private func stepSent(
        _ body: (inout SentReferral, MonotonicInstant, inout SentReferral.Output) -> Void
    ) {
        guard var referral = sent.take() else { return }
        var out = SentReferral.Output()
        body(&referral, wire.now, &out)
        sent = referral
        for event in out.events {
            switch event {
            case .progressed(let status, _): progress.append(status)
            case .ended(let result):
                results.append(result)
                if let session { wire.end(.caller, session) }
            default: break
            }
        }
        guard let deadline = referral.nextDeadline else { return }
        wire.after(wire.now.duration(to: deadline)) { [unowned self] _ in
            guard let due = sent?.nextDeadline, due <= wire.now else { return }
            stepSent { $0.fire(at: $1, into: &$2) }
        }
    }

    private func calleeSees(_ event: UserAgentEvent) {
        switch event {
        case .requestReceived(let id, let session, let request):
            calleeSession = session
            received = try? ReceivedReferral(request)
            wire.after(.milliseconds(50)) { [unowned self] _ in
                stepReceived(answering: id) { $0.accept(at: $1, into: &$2) }
                for (delay, status) in [(400, 180), (500, 183), (2_000, final)] {
                    wire.after(.milliseconds(delay)) { [unowned self] _ in
                        stepReceived { $0.progress(status: status, at: $1, into: &$2) }
                    }
                }
            }
        case .requestAnswered(notifyID, let response):
            stepReceived { $0.notifyAnswered(status: response.status, at: $1, into: &$2) }
        case .requestFailed(notifyID, _):
            stepReceived { $0.notifyAnswered(status: nil, at: $1, into: &$2) }
        case .ended:
            stepReceived { $0.sessionEnded(into: &$2) }
        default: break
        }
    }

    private func stepReceived(
        answering id: SIPRequestID? = nil,
        _ body: (inout ReceivedReferral, MonotonicInstant, inout ReceivedReferral.Output) -> Void
    ) {
        guard var referral = received.take() else { return }
        var out = ReceivedReferral.Output()
        body(&referral, wire.now, &out)
        received = referral
        for send in out.sends {
            switch send {
            case .respond(let status, let headers):
                guard let id else { continue }
                wire.command(.callee) {
                    $0.respond(
                        toRequest: id, status: status, headers: headers, contact: "<sip:bob@192.0.2.2:5060>",
                        at: $1, into: &$2)
                }
            case .notify(let headers, let body):
                guard let calleeSession else { continue }
                wire.command(.callee) {
                    notifyID = try? $0.request(
                        .notify, in: calleeSession, headers: headers, body: body, at: $1, into: &$2)
                }
                if notifyID == nil { stepReceived { $0.notifyAnswered(status: nil, at: $1, into: &$2) } }
            }
        }
        guard let deadline = referral.nextDeadline else { return }
        wire.after(wire.now.duration(to: deadline)) { [unowned self] _ in
            guard let due = received?.nextDeadline, due <= wire.now else { return }
            stepReceived { $0.fire(at: $1, into: &$2) }
        }
    }
}

@Suite("Transfers over a bad wire")
struct ReferralWireTests {
    @Test(
        "The transferor learns how it went, through loss, doubling and reordering; nothing is left",
        arguments: UInt64(0)..<250)
    func told(seed: UInt64) throws {
        let final = seed % 2 == 0 ? 200 : 486
        let scene = try TransferScene(seed: seed, final: final, hangsUpEarly: false)
        var bad = BadWire(seed: seed)
        scene.wire.fate = { _, _ in bad.fate() }
        scene.wire.run()
        #expect(scene.results.count == 1)
        guard case .finished(final, _)? = scene.results.first else {
            Issue.record("\(scene.results), \(scene.wire.callerLabels)")
            return
        }
        // Progress in order, none after a later one.
        #expect(zip(scene.progress, scene.progress.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(scene.wire.callerLabels.contains("ended by us"))
        #expect(scene.received?.state == .over && scene.received?.nextDeadline == nil)
        #expect(scene.wire.isDrained)
    }

    @Test(
        "A transferor that hangs up after the 202 ends the subscription with the call",
        arguments: UInt64(0)..<50)
    func hangsUp(seed: UInt64) throws {
        let scene = try TransferScene(seed: seed, final: 200, hangsUpEarly: true)
        var bad = BadWire(seed: seed)
        scene.wire.fate = { _, _ in bad.fate() }
        scene.wire.run()
        #expect(scene.results.count == 1)
        #expect(scene.received?.nextDeadline == nil)
        #expect(scene.wire.isDrained)
    }
}
