import SIPCore
import SansIO
import Testing

@Suite("Registration, RFC 3261 §10.2")
struct RegistrationTests {
    typealias Output = Registration.Output
    private static let epoch = MonotonicInstant(nanoseconds: 0)

    static func configuration() -> Registration.Configuration {
        Registration.Configuration(
            registrar: "sip:carrier.example", addressOfRecord: "<sip:alice@carrier.example>",
            contact: "sip:alice@192.0.2.1:5060", sentBy: "192.0.2.1:5060",
            credentials: [SIPCredentials(username: "alice", password: "wonderland")],
            destination: Wire.Side.callee.address, socket: SocketID(rawValue: 1))
    }

    private static func made(
        seed: UInt64 = 1, _ change: (inout Registration.Configuration) -> Void = { _ in }
    ) -> Registration {
        var configuration = configuration()
        change(&configuration)
        return Registration(configuration: configuration, generator: SeededGenerator(seed: seed))
    }

    private static func response(_ status: Int, _ headers: [(String, String)] = []) -> ReceivedResponse {
        ReceivedResponse(
            status: status, reasonPhrase: "",
            headers: headers.map { SIPHeaderField(name: $0.0, value: $0.1) })
    }

    private static let ours = ("Contact", "<sip:alice@192.0.2.1:5060>;expires=600")

    private func at(_ seconds: Double) -> MonotonicInstant {
        Self.epoch.advanced(by: .seconds(seconds))
    }

    /// Starts, and answers the first REGISTER.
    private func registered(
        _ answer: ReceivedResponse = response(200, [ours]), seed: UInt64 = 1,
        _ change: (inout Registration.Configuration) -> Void = { _ in }
    ) -> (Registration, Output) {
        var registration = Self.made(seed: seed, change)
        var out = Output()
        registration.start(at: Self.epoch, into: &out)
        out.removeAll()
        registration.receive(answer, at: Self.epoch, into: &out)
        return (registration, out)
    }

    @Test("The REGISTER: To and From alike, our Contact with its time, Path supported")
    func request() throws {
        var registration = Self.made { $0.routes = ["<sip:edge.example;lr>"] }
        var out = Output()
        registration.start(at: Self.epoch, into: &out)
        let request = try #require(out.sends.first)
        #expect(out.sends.count == 1 && out.events.isEmpty)
        #expect(request.method == .register)
        #expect(request.requestURI == "sip:carrier.example")
        #expect(request.from == "<sip:alice@carrier.example>" && request.to == request.from)
        #expect(request.contact == "<sip:alice@192.0.2.1:5060>;expires=3600")
        #expect(request.callID == registration.callID && request.isSeries)
        #expect(request.routes == ["<sip:edge.example;lr>"])
        #expect(
            request.headers == [
                SIPHeaderField(name: "Expires", value: "3600"),
                SIPHeaderField(name: "Supported", value: "path"),
            ])
        registration.start(at: Self.epoch, into: &out)
        #expect(out.sends.count == 1)
    }

    @Test("RFC 5626: reg-id and instance while the first hop takes them, once more without after 439")
    func outbound() {
        var registration = Self.made {
            $0.outbound = Registration.Outbound(
                instance: "urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF", flow: 2)
        }
        var out = Output()
        registration.start(at: Self.epoch, into: &out)
        let contact =
            "<sip:alice@192.0.2.1:5060>;reg-id=2"
            + ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\";expires=3600"
        #expect(out.sends[0].contact == contact)
        #expect(out.sends[0].headers.last?.value == "path, outbound")
        var plain = registration
        // The registrar has seen another address; the instance tells which binding is ours.
        let answer = Self.response(
            200,
            [
                (
                    "Contact",
                    "<sip:bob@192.0.2.9>;expires=5, <sip:alice@203.0.113.1:99>;expires=120"
                        + ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-aabbccddeeff>\";reg-id=2"
                ), ("Require", "outbound"), ("Flow-Timer", "25"),
            ])
        registration.receive(answer, at: Self.epoch, into: &out)
        #expect(
            out.events == [
                .registered(
                    Registration.Binding(
                        expires: .seconds(120), flowTimer: .seconds(25), isOutbound: true))
            ])
        out.removeAll()
        plain.receive(Self.response(439), at: Self.epoch, into: &out)
        #expect(out.sends[0].contact == "<sip:alice@192.0.2.1:5060>;expires=3600")
        plain.receive(Self.response(439), at: Self.epoch, into: &out)
        #expect(plain.state == .waiting)
    }

    @Test(
        "How long we are bound: our Contact's parameter, else Expires, else what was asked",
        arguments: [
            ([("Contact", "<sip:alice@192.0.2.1:5060>;expires=77"), ("Expires", "99")], 77),
            (
                [
                    ("m", "<sip:x@192.0.2.2>;expires=5"),
                    ("m", "<sip:ALICE@192.0.2.1>, <sip:alice@192.0.2.1:5060>"),
                    ("Expires", "99"),
                ], 99
            ),
            ([("Contact", "\"A, B\" <SIP:alice@192.0.2.1:5060;x=y>;Expires=60")], 60),
            ([("Contact", "<sip:alice@192.0.2.1:5060>")], 3_600),
            ([("Contact", "<sip:alice@192.0.2.1:5060>;expires=soon")], 3_600),
            ([("Contact", "<sip:alice@192.0.2.1:5060>;expires=99999999999")], 4_294_967_295),
            ([], 3_600), ([("Expires", "120")], 120),
            // Rewritten on the way: the shortest of what there is.
            ([("Contact", "<sip:alice@10.0.0.1>;expires=90, <sip:alice@10.0.0.2>;expires=60")], 60),
        ] as [([(String, String)], Int)])
    func granted(headers: [(String, String)], seconds: Int) {
        let (registration, out) = registered(Self.response(200, headers))
        #expect(out.events == [.registered(Registration.Binding(expires: .seconds(seconds)))])
        #expect(registration.state == .registered)
    }

    @Test("Bound for no time at all is not bound")
    func notBound() {
        let answer = Self.response(200, [("Contact", "<sip:alice@192.0.2.1:5060>;expires=0")])
        let (registration, out) = registered(answer)
        #expect(registration.state == .waiting && registration.binding == nil)
        guard case .failed(.notBound, .some)? = out.events.first else {
            Issue.record("\(out.events)")
            return
        }
    }

    @Test(
        "Refreshed between one half and nine tenths of the time, differently for each seed; Service-Route kept"
    )
    func refresh() throws {
        var delays: Set<Duration> = []
        for seed in UInt64(0)..<200 {
            for seconds in [60, 600] {
                var (registration, out) = registered(
                    Self.response(
                        200,
                        [
                            ("Contact", "<sip:alice@192.0.2.1:5060>;expires=\(seconds)"),
                            ("Service-Route", "<sip:p1.example;lr>, <sip:p2.example;lr>"),
                        ]), seed: seed)
                #expect(
                    registration.binding?.serviceRoutes == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"])
                let deadline = try #require(registration.nextDeadline)
                let delay = Self.epoch.duration(to: deadline)
                delays.insert(delay)
                #expect(delay >= .seconds(Double(seconds) * (seconds == 60 ? 0.5 : 0.8)))
                #expect(delay <= .seconds(Double(seconds) * 0.9))
                out.removeAll()
                registration.fire(at: deadline, into: &out)
                #expect(out.sends.count == 1 && out.events.isEmpty)
                registration.receive(Self.response(200, [Self.ours]), at: deadline, into: &out)
                #expect(out.events == [.refreshed(Registration.Binding(expires: .seconds(600)))])
            }
        }
        #expect(delays.count > 300)
    }

    @Test("423 is obeyed while it grows, three times at most, RFC 3261 §10.2.8")
    func tooBrief() {
        var registration = Self.made { $0.expires = .seconds(60) }
        var out = Output()
        registration.start(at: Self.epoch, into: &out)
        for least in [300, 600, 900, 1_200] {
            registration.receive(
                Self.response(423, [("Min-Expires", "\(least)")]), at: Self.epoch, into: &out)
        }
        #expect(
            out.sends.map { $0.headers[0].value } == ["60", "300", "600", "900"])
        #expect(registration.state == .waiting)
        for headers in [[], [("Min-Expires", "60")], [("Min-Expires", "4294967295")]] {
            var stubborn = Self.made { $0.expires = .seconds(60) }
            out.removeAll()
            stubborn.start(at: Self.epoch, into: &out)
            stubborn.receive(Self.response(423, headers), at: Self.epoch, into: &out)
            #expect(stubborn.state == .waiting && out.sends.count == 1)
        }
    }

    @Test("Failures that may pass are waited out twice as long each time, up to the longest wait")
    func backOff() throws {
        var registration = Self.made()
        var out = Output()
        registration.start(at: Self.epoch, into: &out)
        var now = Self.epoch
        var waits: [Duration] = []
        for _ in 0..<10 {
            registration.receive(.timedOut, at: now, into: &out)
            let deadline = try #require(registration.nextDeadline)
            waits.append(now.duration(to: deadline))
            now = deadline
            registration.fire(at: now, into: &out)
        }
        for (wait, longest) in zip(waits, [30, 60, 120, 240, 480, 960, 1_800, 1_800, 1_800, 1_800]) {
            #expect(wait >= .seconds(Double(longest) / 2) && wait <= .seconds(longest))
        }
        #expect(out.sends.count == 11)
        registration.receive(Self.response(200, [Self.ours]), at: now, into: &out)
        let deadline = try #require(registration.nextDeadline)
        registration.fire(at: deadline, into: &out)
        registration.receive(Self.response(500), at: deadline, into: &out)
        #expect(try deadline.duration(to: #require(registration.nextDeadline)) <= .seconds(30))
    }

    @Test("Retry-After is the least wait, a day at most")
    func retryAfter() throws {
        for (asked, least) in [
            ("120", 120), ("18000 (maintenance);duration=3600", 18_000), ("4000000000", 86_400),
        ] {
            var registration = Self.made()
            var out = Output()
            registration.start(at: Self.epoch, into: &out)
            registration.receive(
                Self.response(503, [("Retry-After", asked)]), at: Self.epoch, into: &out)
            let wait = Self.epoch.duration(to: try #require(registration.nextDeadline))
            #expect(wait >= .seconds(least) && wait <= .seconds(Double(least) * 1.1))
        }
    }

    @Test(
        "Refusals that will hardly pass wait for ten minutes or give up, as configured",
        arguments: [301, 302, 400, 401, 403, 404, 405, 420, 603])
    func refused(status: Int) {
        for retry in [Duration.seconds(600), nil] {
            var registration = Self.made { $0.refusalRetry = retry }
            var out = Output()
            registration.start(at: Self.epoch, into: &out)
            let response = Self.response(status, [("Contact", "<sip:elsewhere.example>")])
            if status == 401 {
                registration.receive(.credentialsRefused(response), at: Self.epoch, into: &out)
                #expect(out.events == [.failed(.credentialsRefused(response), retryAfter: retry)])
            } else {
                registration.receive(response, at: Self.epoch, into: &out)
                let failure: Registration.Failure =
                    status < 400
                    ? .redirected(response, contacts: ["<sip:elsewhere.example>"]) : .refused(response)
                #expect(out.events == [.failed(failure, retryAfter: retry)])
            }
            #expect(out.sends.count == 1)
            #expect(registration.state == (retry == nil ? .refused : .waiting))
            #expect(registration.nextDeadline == retry.map { Self.epoch.advanced(by: $0) })
            registration.start(at: at(1), into: &out)
            #expect(registration.state == (retry == nil ? .registering : .waiting))
        }
    }

    @Test("A binding that cannot be refreshed is lost when its time is over, and won back")
    func lost() throws {
        var (registration, out) = registered()
        out.removeAll()
        var now = Self.epoch
        while !out.events.contains(.lost) {
            now = try #require(registration.nextDeadline)
            registration.fire(at: now, into: &out)
            if registration.state == .registering { registration.receive(.timedOut, at: now, into: &out) }
        }
        #expect(now == at(600))
        #expect(registration.binding == nil)
        now = try #require(registration.nextDeadline)
        registration.fire(at: now, into: &out)
        out.removeAll()
        registration.receive(Self.response(200, [Self.ours]), at: now, into: &out)
        #expect(out.events == [.registered(Registration.Binding(expires: .seconds(600)))])
    }

    @Test("Unregistering takes back our binding alone, and ends whatever the registrar says")
    func unregister() {
        let refusal = Self.response(500)
        for (answer, failure) in [
            (Self.response(200), nil), (refusal, Registration.Failure.refused(refusal)),
        ] as [(ReceivedResponse, Registration.Failure?)] {
            var (registration, out) = registered()
            out.removeAll()
            registration.stop(at: at(1), into: &out)
            #expect(out.sends.map(\.contact) == ["<sip:alice@192.0.2.1:5060>;expires=0"])
            #expect(out.sends[0].headers[0] == SIPHeaderField(name: "Expires", value: "0"))
            registration.receive(answer, at: at(1), into: &out)
            #expect(out.events == [.unregistered(failure)])
            #expect(registration.state == .idle && registration.nextDeadline == nil)
            registration.stop(at: at(2), into: &out)
            #expect(out.events.count == 1 && out.sends.count == 1)
        }
    }

    @Test("Stopped while the REGISTER is open: what it brings is taken back")
    func stopWhileRegistering() {
        var registration = Self.made()
        var out = Output()
        registration.start(at: Self.epoch, into: &out)
        registration.stop(at: Self.epoch, into: &out)
        var failing = registration
        var failingOut = Output()
        registration.receive(Self.response(200, [Self.ours]), at: at(1), into: &out)
        #expect(out.sends.count == 2 && out.events.isEmpty)
        // Started again before the answer: registers anew.
        registration.start(at: at(1), into: &out)
        registration.receive(Self.response(200), at: at(2), into: &out)
        #expect(out.events == [.unregistered(nil)])
        #expect(registration.state == .registering && out.sends.count == 3)
        failing.receive(.timedOut, at: at(1), into: &failingOut)
        #expect(failingOut.sends.isEmpty && failingOut.events == [.unregistered(.timedOut)])
        #expect(failing.nextDeadline == nil)
    }

    // MARK: Every state with every input

    private static func made(in state: Registration.State) -> Registration {
        var registration = made { $0.refusalRetry = nil }
        var out = Output()
        guard state != .idle else { return registration }
        registration.start(at: epoch, into: &out)
        switch state {
        case .idle, .registering: break
        case .registered: registration.receive(response(200, [ours]), at: epoch, into: &out)
        case .waiting: registration.receive(.timedOut, at: epoch, into: &out)
        case .refused: registration.receive(response(403), at: epoch, into: &out)
        case .unregistering:
            registration.receive(response(200, [ours]), at: epoch, into: &out)
            registration.stop(at: epoch, into: &out)
        }
        return registration
    }

    private enum Input: CaseIterable {
        case start, stop, refresh, success, tooBrief, unavailable, forbidden, timedOut, fire
    }

    /// State after each input, in the order of `Input`; `=` is the same state.
    private static let table: [Registration.State: [Registration.State?]] = [
        .idle: [.registering, nil, nil, nil, nil, nil, nil, nil, nil],
        .registering: [nil, nil, nil, .registered, nil, .waiting, .refused, .waiting, nil],
        .registered: [nil, .unregistering, .registering, nil, nil, nil, nil, nil, .registering],
        .waiting: [nil, .idle, .registering, nil, nil, nil, nil, nil, .registering],
        .unregistering: [nil, nil, nil, .idle, .idle, .idle, .idle, .idle, nil],
        .refused: [.registering, .idle, nil, nil, nil, nil, nil, nil, nil],
    ]

    @Test("Every state with every input", arguments: Registration.State.allCases)
    func table(state: Registration.State) throws {
        let row = try #require(Self.table[state])
        for (input, expected) in zip(Input.allCases, row) {
            var registration = Self.made(in: state)
            #expect(registration.state == state)
            var out = Output()
            let now = at(595)  // Later than a refresh and a retry, earlier than the end of a binding.
            switch input {
            case .start: registration.start(at: now, into: &out)
            case .stop: registration.stop(at: now, into: &out)
            case .refresh: registration.refresh(at: now, into: &out)
            case .success: registration.receive(Self.response(200, [Self.ours]), at: now, into: &out)
            case .tooBrief:
                registration.receive(Self.response(423, [("Min-Expires", "7200")]), at: now, into: &out)
            case .unavailable: registration.receive(Self.response(503), at: now, into: &out)
            case .forbidden: registration.receive(Self.response(403), at: now, into: &out)
            case .timedOut: registration.receive(.timedOut, at: now, into: &out)
            case .fire: registration.fire(at: now, into: &out)
            }
            #expect(registration.state == expected ?? state, "\(input) in \(state)")
            #expect(out.sends.count <= 1)
            if expected == nil, !(state == .registering && input == .tooBrief) {
                #expect(out.isEmpty, "\(input) in \(state)")
            }
            let isOpen = registration.state == .registering || registration.state == .unregistering
            if isOpen, expected != nil { #expect(out.sends.count == 1, "\(input) in \(state)") }
        }
    }
}
