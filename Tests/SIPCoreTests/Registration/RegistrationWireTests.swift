import SIPCore
import SansIO
import Testing

/// A registrar that keeps one binding, at the callee's side of a wire, and a registration at the caller's.
private final class RegistrationScene {
    let wire: Wire
    var registration: Registration
    private(set) var events: [Registration.Event] = []
    /// Until when the registrar has us.
    private(set) var boundUntil: MonotonicInstant?
    private(set) var answeredNumbers: [UInt32] = []
    /// Answers to give instead of a binding, first one first.
    var refusals: [(status: Int, headers: [SIPHeaderField])] = []
    private var open: SIPRequestID?
    private(set) var mostOpen = 0
    private let granted: Int

    init(seed: UInt64, granted: Int, changing: (inout Registration.Configuration) -> Void = { _ in }) {
        var callee = UserAgent.Configuration()
        callee.methods = [.register]
        callee.requiredCredentials = [SIPCredentials(username: "alice", password: "wonderland")]
        callee.realm = "carrier"
        wire = Wire(callee: callee, seed: seed)
        self.granted = granted
        var configuration = RegistrationTests.configuration()
        changing(&configuration)
        registration = Registration(
            configuration: configuration, generator: SeededGenerator(seed: seed, label: "registration"))
        wire.onCallee = { [unowned self] _, event in register(event) }
        wire.onCaller = { [unowned self] wire, event in
            switch event {
            case .requestAnswered(open, let response):
                open = nil
                step { $0.receive(response, at: $1, into: &$2) }
            case .requestFailed(open, let failure):
                open = nil
                step { $0.receive(failure, at: $1, into: &$2) }
            default:
                Issue.record("unexpected: \(event.label)")
            }
        }
    }

    func step(
        _ body: (inout Registration, MonotonicInstant, inout Registration.Output) -> Void
    ) {
        var out = Registration.Output()
        body(&registration, wire.now, &out)
        events += out.events
        mostOpen = max(mostOpen, out.sends.count + (open == nil ? 0 : 1))
        for request in out.sends {
            open = wire.command(.caller) { try? $0.request(request, at: $1, into: &$2) }
            #expect(open != nil)
        }
        if let deadline = registration.nextDeadline {
            wire.after(wire.now.duration(to: deadline)) { [unowned self] _ in
                guard let due = registration.nextDeadline, due <= wire.now else { return }
                step { $0.fire(at: $1, into: &$2) }
            }
        }
    }

    private func register(_ event: UserAgentEvent) {
        guard case .requestReceived(let id, nil, let request) = event else { return }
        answeredNumbers.append(request.cSeqNumber)
        #expect(request.username == "alice")
        if !refusals.isEmpty {
            let refusal = refusals.removeFirst()
            return wire.command(.callee) {
                $0.respond(
                    toRequest: id, status: refusal.status, headers: refusal.headers, at: $1, into: &$2)
            }
        }
        let asked = Int(request.headers.number(.expires) ?? 0)
        let seconds = min(asked, granted)
        boundUntil = seconds == 0 ? nil : wire.now.advanced(by: .seconds(seconds))
        let contact = request.headers.list(.contact).first ?? ""
        let bare = String(contact.prefix { $0 != ";" })
        var headers = [
            SIPHeaderField(name: "Contact", value: "<sip:other@192.0.2.99>;expires=9"),
            SIPHeaderField(name: "Service-Route", value: "<sip:edge.example;lr>"),
        ]
        if seconds > 0 {
            headers.append(SIPHeaderField(name: "Contact", value: "\(bare);expires=\(seconds)"))
        }
        wire.command(.callee) {
            $0.respond(toRequest: id, status: 200, headers: headers, at: $1, into: &$2)
        }
    }
}

/// What a bad wire does to datagrams: loses, doubles, delays and thereby reorders them.
struct BadWire {
    private var generator: SeededGenerator
    private let loss: Double

    init(seed: UInt64, loss: Double = 0.15) {
        generator = SeededGenerator(seed: seed, label: "bad wire")
        self.loss = loss
    }

    mutating func fate() -> [Duration] {
        if generator.chance(loss) { return [] }
        let copies = generator.chance(0.1) ? 2 : 1
        return (0..<copies).map { _ in .milliseconds(5 + Int(generator.next() % 300)) }
    }
}

@Suite("Registration over a bad wire")
struct RegistrationWireTests {
    @Test(
        "A binding is held through loss, doubling and reordering, and taken back; nothing is left",
        arguments: UInt64(0)..<250)
    func held(seed: UInt64) throws {
        let scene = RegistrationScene(seed: seed, granted: seed % 2 == 0 ? 120 : 3_600)
        var bad = BadWire(seed: seed)
        scene.wire.fate = { _, _ in bad.fate() }
        scene.step { $0.start(at: $1, into: &$2) }
        for _ in 0..<40 {
            scene.wire.run(for: .seconds(10))
            // Who believes to be bound is bound, but for what is on its way.
            if scene.registration.binding != nil {
                #expect(try #require(scene.boundUntil).advanced(by: .seconds(33)) > scene.wire.now)
            }
        }
        #expect(
            scene.events.first
                == .registered(
                    Registration.Binding(
                        expires: .seconds(seed % 2 == 0 ? 120 : 3_600),
                        serviceRoutes: ["<sip:edge.example;lr>"])))
        #expect(!scene.events.contains(.lost))
        if seed % 2 == 0 { #expect(scene.events.count >= 4) }
        scene.step { $0.stop(at: $1, into: &$2) }
        scene.wire.run()
        #expect(scene.registration.state == .idle)
        #expect(scene.events.last == .unregistered(nil))
        #expect(scene.boundUntil == nil)
        #expect(scene.mostOpen == 1)
        // What reached the registrar came in order of CSeq (RFC 3261 §10.3).
        #expect(zip(scene.answeredNumbers, scene.answeredNumbers.dropFirst()).allSatisfy { $0 < $1 })
        scene.wire.command(.caller) { user, _, _ in user.endSeries(callID: scene.registration.callID) }
        #expect(scene.wire.isDrained)
    }

    @Test("423, then 503 with Retry-After, then a binding", arguments: UInt64(0)..<20)
    func refusals(seed: UInt64) {
        let scene = RegistrationScene(seed: seed, granted: 7_200) { $0.expires = .seconds(60) }
        scene.refusals = [
            (423, [SIPHeaderField(name: "Min-Expires", value: "1800")]),
            (503, [SIPHeaderField(name: "Retry-After", value: "40")]),
        ]
        scene.step { $0.start(at: $1, into: &$2) }
        scene.wire.run(for: .seconds(39))
        #expect(scene.registration.state == .waiting)
        scene.wire.run(for: .seconds(10))
        #expect(scene.registration.binding?.expires == .seconds(1_800))
        #expect(scene.events.count == 2)
    }

    @Test("A registrar that is away for an hour is found again", arguments: UInt64(0)..<20)
    func outage(seed: UInt64) {
        let scene = RegistrationScene(seed: seed, granted: 300)
        var isAway = false
        scene.wire.fate = { _, _ in isAway ? [] : [.milliseconds(10)] }
        scene.step { $0.start(at: $1, into: &$2) }
        scene.wire.run(for: .seconds(10))
        isAway = true
        for _ in 0..<6 { scene.wire.run(for: .seconds(599)) }
        #expect(scene.registration.binding == nil)
        #expect(scene.events.filter { $0 == .lost }.count == 1)
        #expect(scene.events.count < 20)
        isAway = false
        for _ in 0..<4 { scene.wire.run(for: .seconds(599)) }
        #expect(scene.registration.state == .registered)
        guard
            case .registered? = scene.events.last(where: { if case .registered = $0 { true } else { false } })
        else { return }
    }
}
