import SIPCore
import SansIO

/// Two user agents, the datagrams between them, and operations read from bytes: any order of calls, answers, losses,
/// copies, corruption and waiting, offers, failover and redirections. Afterwards everything is ended and delivered, and nothing may be left.
struct CallFuzz: ~Copyable {
    private struct Flight {
        var bytes: [UInt8]
        var side: Int
        var transport: SIPTransport
    }

    private var input: Input
    private var left: UserAgent
    private var right: UserAgent
    private var flights: [Flight] = []
    private var sessions: [[InviteSessionID]] = [[], []]
    /// Those that this side has called; an incoming one that is refused ends without a last event.
    private var started: [[InviteSessionID]] = [[], []]
    private var requests: [[SIPRequestID]] = [[], []]
    /// Sessions whose last event has come.
    private var ended: [[InviteSessionID: Int]] = [[:], [:]]
    private var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    private var effects = UserAgentEffects()

    private static let statuses = [100, 180, 183, 200, 302, 401, 404, 422, 486, 491, 500, 503, 603]
    private static let methods: [SIPMethod] = [.info, .message, .options, .refer, .notify]

    init(_ bytes: [UInt8]) {
        input = Input(bytes)
        var configuration = UserAgent.Configuration()
        configuration.methods = [.info, .message, .refer, .notify]
        configuration.sessionInterval = .seconds(90)
        configuration.maximumSessions = 32
        configuration.maximumRequests = 32
        left = UserAgent(configuration: configuration, generator: SeededGenerator(seed: 1))
        right = UserAgent(configuration: configuration, generator: SeededGenerator(seed: 2))
    }

    mutating func run() {
        var steps = 0
        while let operation = input.next(), steps < 512 {
            step(operation)
            steps += 1
        }
        drain()
    }

    // MARK: Operations

    private mutating func step(_ operation: UInt8) {
        let side = Int(operation >> 7)
        switch operation & 0x0F {
        case 0: invite(from: side)
        case 1, 2: answer(on: side)
        case 3: if let id = pick(sessions[side]) { act(side) { $0.end(id, at: $1, into: &$2) } }
        case 4, 5, 6: if let index = pickFlight() { deliver(flights.remove(at: index)) }
        case 7: if let index = pickFlight() { flights.remove(at: index) }
        case 8: if let index = pickFlight(), flights.count < 64 { flights.append(flights[index]) }
        case 9: corrupt()
        case 10: waitForDeadline()
        case 11: advance(by: .milliseconds(Int64(input.next() ?? 0) * 100))
        case 12: requestInSession(on: side)
        case 13: respondToRequest(on: side)
        case 14:
            let transport: SIPTransport = operation & 0x10 == 0 ? .udp : .tcp
            let peer = Self.address(1 - side)
            act(side) { $0.transportFailed(transport, to: peer, at: $1, into: &$2) }
        default: further(operation >> 4 & 7, on: side)
        }
    }

    /// Operations of the second sixteen: the number in the high bits, below the side.
    private mutating func further(_ operation: UInt8, on side: Int) {
        switch operation {
        case 0, 1: requestOutside(on: side)
        case 2, 3: offer(on: side)
        case 4, 5: answerOffer(on: side)
        case 6: if let id = pick(sessions[side]) { act(side) { $0.withdrawOffer(in: id, at: $1, into: &$2) } }
        default: redirect(on: side)
        }
    }

    private mutating func offer(on side: Int) {
        guard let id = pick(sessions[side]) else { return }
        let choice = input.next() ?? 0
        let method: OfferMethod = choice & 1 == 0 ? .reinvite : .update
        let body = choice & 2 == 0 ? Self.description : nil
        act(side) { agent, now, effects in
            try? agent.offer(id, body: body, method: method, at: now, into: &effects)
        }
    }

    private mutating func answerOffer(on side: Int) {
        guard let id = pick(sessions[side]) else { return }
        let choice = input.next() ?? 0
        let status = choice & 1 == 0 ? 200 : 488
        let body = choice & 3 == 0 ? Self.description : nil
        act(side) { $0.answer(offerIn: id, status: status, body: body, at: $1, into: &$2) }
    }

    private mutating func redirect(on side: Int) {
        guard let id = pick(sessions[side]) else { return }
        let targets = [SIPTarget(transport: .udp, address: Self.address(1 - side), host: "b")]
        let choice = input.next() ?? 0
        act(side) { $0.redirect(id, to: choice & 1 == 0 ? targets : [], at: $1, into: &$2) }
    }

    private mutating func invite(from side: Int) {
        let choice = input.next() ?? 0
        let transport: SIPTransport = choice & 1 == 0 ? .udp : .tcp
        var invite = OutgoingInvite(
            requestURI: "sip:b@192.0.2.\(2 - side)", from: "<sip:a@192.0.2.\(side + 1)>",
            to: "<sip:b@192.0.2.\(2 - side)>", contact: "<sip:a@192.0.2.\(side + 1):5060>",
            sentBy: "192.0.2.\(side + 1):5060", body: Self.description, destination: Self.address(1 - side),
            socket: SocketID(rawValue: 1), transport: transport)
        if choice & 2 != 0 { invite.body = nil }
        if choice & 4 != 0 { invite.options.reliability = .required }
        if choice & 8 != 0 { invite.options.sessionInterval = .seconds(90) }
        if choice & 16 != 0 {
            invite.alternatives = [SIPTarget(transport: .udp, address: Self.address(1 - side), host: "b")]
        }
        if choice & 32 != 0 { invite.options.redirections = RedirectionPolicy() }
        if choice & 64 != 0 { invite.credentials = [SIPCredentials(username: "a", password: "b")] }
        var id: InviteSessionID?
        act(side) { agent, now, effects in id = try? agent.invite(invite, at: now, into: &effects).session }
        if let id {
            know(id, side)
            started[side].append(id)
        }
    }

    private mutating func answer(on side: Int) {
        guard let id = pick(sessions[side]) else { return }
        let status = Self.statuses[Int(input.next() ?? 0) % Self.statuses.count]
        let body = status == 183 || status == 200 ? Self.description : nil
        let headers: [SIPHeaderField] =
            switch status {
            case 302:
                ["<sip:c@192.0.2.\(side + 1)>", "<sip:d@host.example>;q=0.5"].map {
                    SIPHeaderField(name: "Contact", value: $0)
                }
            case 401:
                [SIPHeaderField(name: "WWW-Authenticate", value: #"Digest realm="r", nonce="n", qop="auth""#)]
            default: []
            }
        act(side) { $0.respond(to: id, status: status, headers: headers, body: body, at: $1, into: &$2) }
    }

    private mutating func requestInSession(on side: Int) {
        guard let id = pick(sessions[side]) else { return }
        let method = Self.methods[Int(input.next() ?? 0) % Self.methods.count]
        act(side) { agent, now, effects in
            _ = try? agent.request(method, in: id, at: now, into: &effects)
        }
    }

    private mutating func requestOutside(on side: Int) {
        let request = OutgoingRequest(
            method: .options, requestURI: "sip:192.0.2.\(2 - side)", from: "<sip:a@192.0.2.\(side + 1)>",
            to: "<sip:192.0.2.\(2 - side)>", sentBy: "192.0.2.\(side + 1):5060",
            destination: Self.address(1 - side), socket: SocketID(rawValue: 1))
        act(side) { agent, now, effects in _ = try? agent.request(request, at: now, into: &effects) }
    }

    private mutating func respondToRequest(on side: Int) {
        guard let id = pick(requests[side]) else { return }
        let status = Self.statuses[Int(input.next() ?? 0) % Self.statuses.count]
        act(side) { $0.respond(toRequest: id, status: status, at: $1, into: &$2) }
    }

    private mutating func corrupt() {
        guard let index = pickFlight(), !flights[index].bytes.isEmpty else { return }
        let place = Int(input.next() ?? 0) << 8 | Int(input.next() ?? 0)
        flights[index].bytes[place % flights[index].bytes.count] = input.next() ?? 0
    }

    // MARK: Network and time

    private static func address(_ side: Int) -> SocketAddress {
        SocketAddress(ipv4: 0xC000_0201 + UInt32(side), port: 5_060)
    }

    private static let description = SIPBody(
        contentType: "application/sdp",
        bytes: Array("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n".utf8))

    private mutating func deliver(_ flight: Flight) {
        let source = Self.address(1 - flight.side)
        act(flight.side) {
            $0.receive(
                flight.bytes.span.bytes, from: source, on: SocketID(rawValue: 1), transport: flight.transport,
                at: $1, into: &$2)
        }
    }

    private mutating func advance(by duration: Duration) {
        now = now.advanced(by: duration)
        for side in 0...1 { act(side) { $0.fire(at: $1, into: &$2) } }
    }

    private mutating func waitForDeadline() {
        guard let deadline = [left.nextDeadline, right.nextDeadline].compactMap(\.self).min() else { return }
        now = max(now, deadline)
        advance(by: .zero)
    }

    private mutating func act(
        _ side: Int, _ body: (inout UserAgent, MonotonicInstant, inout UserAgentEffects) -> Void
    ) {
        effects.removeAll()
        if side == 0 { body(&left, now, &effects) } else { body(&right, now, &effects) }
        for send in effects.sends where flights.count < 256 {
            flights.append(
                Flight(
                    bytes: Array(effects.bytes[send.range]), side: 1 - side, transport: send.transport))
        }
        for event in effects.events { note(event, on: side) }
        promise(effects.sends.count <= 64, "one step sends a bounded number of messages")
    }

    private mutating func note(_ event: UserAgentEvent, on side: Int) {
        switch event {
        case .provisional(let id, _), .answered(let id, _), .incoming(let id, _): know(id, side)
        case .failed(let id, _), .cancelled(let id), .ended(let id, _):
            know(id, side)
            ended[side][id, default: 0] += 1
            promise(ended[side][id] == 1, "a session ends once")
        case .requestReceived(let id, _, _): requests[side].append(id)
        default: break
        }
    }

    private mutating func know(_ id: InviteSessionID, _ side: Int) {
        if !sessions[side].contains(id) { sessions[side].append(id) }
    }

    // MARK: The end

    /// Ends what both sides know of, delivers everything and lets every timer run out.
    private mutating func drain() {
        for _ in 0..<20_000 {
            if flights.isEmpty { endAll() }
            if !flights.isEmpty {
                deliver(flights.removeFirst())
            } else if left.nextDeadline != nil || right.nextDeadline != nil {
                waitForDeadline()
            } else {
                break
            }
        }
        for statistics in [left.statistics, right.statistics] {
            promise(statistics.liveSessions == 0, "no session is left: \(statistics)")
            promise(statistics.liveTransactions == 0, "no transaction is left: \(statistics)")
            promise(statistics.tombstones == 0, "no tombstone is left: \(statistics)")
            promise(statistics.liveRequests == 0, "no request is left: \(statistics)")
        }
        for side in 0...1 {
            for id in started[side] { promise(ended[side][id] == 1, "every call ends with one event") }
        }
    }

    private mutating func endAll() {
        for side in 0...1 {
            for id in sessions[side] { act(side) { $0.end(id, at: $1, into: &$2) } }
        }
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[Int(input.next() ?? 0) % elements.count]
    }

    private mutating func pickFlight() -> Int? {
        flights.isEmpty ? nil : Int(input.next() ?? 0) % flights.count
    }
}

/// The fuzzer's bytes, one after another.
struct Input {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }
}
