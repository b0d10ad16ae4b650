import SIPCore
import SansIO

/// Two user agents joined by a wire, in virtual time. What the wire does to each datagram is the test's to say.
final class Wire {
    enum Side: Int, Sendable {
        case caller, callee
        var other: Side { self == .caller ? .callee : .caller }
        var address: SocketAddress {
            SocketAddress(ipv4: self == .caller ? 0xC000_0201 : 0xC000_0202, port: 5060)
        }
    }

    struct Datagram {
        var from: Side
        var time: MonotonicInstant
        var text: String
        var destination: SocketAddress
        var transport: SIPTransport
        /// `INVITE`, `BYE`, …, or the status code with the method of CSeq: `200 INVITE`.
        var name: String
    }

    private enum Work {
        case deliver(Side, [UInt8], SocketAddress)
        case action((Wire) -> Void)
    }

    var caller: UserAgent
    var callee: UserAgent
    private(set) var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    private(set) var datagrams: [Datagram] = []
    private(set) var callerEvents: [UserAgentEvent] = []
    /// For each event how many datagrams had been sent before it.
    private(set) var positions: [Side: [Int]] = [.caller: [], .callee: []]
    private(set) var calleeEvents: [UserAgentEvent] = []
    private var queue: [(time: MonotonicInstant, order: Int, work: Work)] = []
    private var order = 0
    private var effects = UserAgentEffects()
    private let socket = SocketID(rawValue: 1)
    /// What the two agents are told that their messages came by.
    var transport = SIPTransport.udp

    /// For each datagram, by its number, the delays after which copies of it arrive; empty loses it.
    var fate: (Int, Datagram) -> [Duration] = { _, _ in [.milliseconds(10)] }
    /// What the two applications do on an event.
    var onCaller: (Wire, UserAgentEvent) -> Void = { _, _ in }
    var onCallee: (Wire, UserAgentEvent) -> Void = { _, _ in }

    init(
        caller: UserAgent.Configuration = .init(), callee: UserAgent.Configuration = .init(), seed: UInt64 = 1
    ) {
        self.caller = UserAgent(
            configuration: caller, generator: SeededGenerator(seed: seed, label: "caller"))
        self.callee = UserAgent(
            configuration: callee, generator: SeededGenerator(seed: seed, label: "callee"))
    }

    static func request(credentials: [SIPCredentials] = [], body: [UInt8] = Array("offer".utf8))
        -> OutgoingInvite
    {
        OutgoingInvite(
            requestURI: "sip:bob@192.0.2.2", from: "\"Alice\" <sip:alice@192.0.2.1>",
            to: "<sip:bob@192.0.2.2>",
            contact: "<sip:alice@192.0.2.1:5060>", sentBy: "192.0.2.1:5060",
            body: SIPBody(contentType: "application/sdp", bytes: body), credentials: credentials,
            destination: Side.callee.address, socket: SocketID(rawValue: 1))
    }

    @discardableResult
    func call(_ request: OutgoingInvite = Wire.request()) throws -> InviteSessionID {
        let session = try caller.invite(request, at: now, into: &effects).session
        flush(.caller)
        return session
    }

    /// Gives any command to one side's user agent.
    @discardableResult
    func command<Result>(
        _ side: Side, _ body: (inout UserAgent, MonotonicInstant, inout UserAgentEffects) throws -> Result
    ) rethrows -> Result {
        defer { flush(side) }
        switch side {
        case .caller: return try body(&caller, now, &effects)
        case .callee: return try body(&callee, now, &effects)
        }
    }

    func end(_ side: Side, _ session: InviteSessionID, reason: String? = nil) {
        switch side {
        case .caller: caller.end(session, reason: reason, at: now, into: &effects)
        case .callee: callee.end(session, reason: reason, at: now, into: &effects)
        }
        flush(side)
    }

    /// Tells the caller that nothing reaches the callee over `transport`.
    func failTransport(_ transport: SIPTransport, connection: SocketID? = nil) {
        caller.transportFailed(
            transport, to: Side.callee.address, connection: connection, at: now, into: &effects)
        flush(.caller)
    }

    func respond(_ session: InviteSessionID, _ status: Int, body: String? = nil, on side: Side = .callee) {
        let body = body.map { SIPBody(contentType: "application/sdp", bytes: Array($0.utf8)) }
        let contact = "<sip:bob@192.0.2.2:5060>"
        switch side {
        case .caller:
            caller.respond(
                to: session, status: status, body: body, contact: "<sip:alice@192.0.2.1:5060>", at: now,
                into: &effects)
        case .callee:
            callee.respond(to: session, status: status, body: body, contact: contact, at: now, into: &effects)
        }
        flush(side)
    }

    func offer(
        _ side: Side, _ session: InviteSessionID, _ body: String?, by method: OfferMethod = .reinvite
    ) throws {
        defer { flush(side) }
        let body = body.map(Self.description)
        switch side {
        case .caller: try caller.offer(session, body: body, method: method, at: now, into: &effects)
        case .callee: try callee.offer(session, body: body, method: method, at: now, into: &effects)
        }
    }

    func withdrawOffer(_ side: Side, _ session: InviteSessionID) {
        switch side {
        case .caller: caller.withdrawOffer(in: session, at: now, into: &effects)
        case .callee: callee.withdrawOffer(in: session, at: now, into: &effects)
        }
        flush(side)
    }

    func answerOffer(_ side: Side, _ session: InviteSessionID, _ body: String?, status: Int = 200) {
        let body = body.map(Self.description)
        switch side {
        case .caller:
            caller.answer(offerIn: session, status: status, body: body, at: now, into: &effects)
        case .callee:
            callee.answer(offerIn: session, status: status, body: body, at: now, into: &effects)
        }
        flush(side)
    }

    static func description(_ text: String) -> SIPBody {
        SIPBody(contentType: "application/sdp", bytes: Array(text.utf8))
    }

    /// Gives a datagram to one side now, as if it came from the other (or from `source`).
    func inject(_ text: String, to side: Side, from source: SocketAddress? = nil) {
        inject(Array(text.utf8), to: side, from: source)
    }

    func inject(_ bytes: [UInt8], to side: Side, from source: SocketAddress? = nil) {
        deliver(bytes, to: side, from: source ?? side.other.address)
    }

    func after(_ delay: Duration, _ action: @escaping (Wire) -> Void) {
        enqueue(.action(action), at: now.advanced(by: delay))
    }

    /// Lets time pass until nothing is left to happen, or `limit` has passed.
    func run(for limit: Duration = .seconds(600)) {
        let end = now.advanced(by: limit)
        while let next = nextTime, next <= end {
            now = max(now, next)
            step()
        }
        if limit < .seconds(600) { now = end }
    }

    /// Names of what one side sent, in order.
    func sent(by side: Side) -> [String] { datagrams.filter { $0.from == side }.map(\.name) }

    /// Nothing is pending on either side and nothing lives.
    var isDrained: Bool {
        let (left, right) = (caller.statistics, callee.statistics)
        return caller.nextDeadline == nil && callee.nextDeadline == nil && left.liveSessions == 0
            && right.liveSessions == 0 && left.liveRequests == 0 && right.liveRequests == 0
            && left.liveTransactions == 0 && right.liveTransactions == 0
            && left.tombstones == 0 && right.tombstones == 0
    }

    private var nextTime: MonotonicInstant? {
        [queue.first?.time, caller.nextDeadline, callee.nextDeadline].compactMap(\.self).min()
    }

    private func step() {
        if let first = queue.first, first.time <= now {
            queue.removeFirst()
            switch first.work {
            case .deliver(let side, let bytes, let source): deliver(bytes, to: side, from: source)
            case .action(let action): action(self)
            }
        } else if let deadline = caller.nextDeadline, deadline <= now {
            caller.fire(at: now, into: &effects)
            flush(.caller)
        } else {
            callee.fire(at: now, into: &effects)
            flush(.callee)
        }
    }

    private func deliver(_ bytes: [UInt8], to side: Side, from source: SocketAddress) {
        switch side {
        case .caller:
            caller.receive(
                bytes.span.bytes, from: source, on: socket, transport: transport, at: now, into: &effects)
        case .callee:
            callee.receive(
                bytes.span.bytes, from: source, on: socket, transport: transport, at: now, into: &effects)
        }
        flush(side)
    }

    private func flush(_ side: Side) {
        let (bytes, sends, events) = (effects.bytes, effects.sends, effects.events)
        effects.removeAll()
        for send in sends {
            let payload = Array(bytes[send.range])
            let text = String(decoding: payload, as: UTF8.self)
            let datagram = Datagram(
                from: side, time: now, text: text, destination: send.destination, transport: send.transport,
                name: Self.name(of: text))
            let number = datagrams.count
            datagrams.append(datagram)
            guard send.destination == side.other.address else { continue }
            for delay in fate(number, datagram) {
                enqueue(.deliver(side.other, payload, side.address), at: now.advanced(by: delay))
            }
        }
        for event in events {
            positions[side]?.append(datagrams.count)
            switch side {
            case .caller:
                callerEvents.append(event)
                onCaller(self, event)
            case .callee:
                calleeEvents.append(event)
                onCallee(self, event)
            }
        }
    }

    private func enqueue(_ work: Work, at time: MonotonicInstant) {
        let index = queue.firstIndex { $0.time > time } ?? queue.endIndex
        queue.insert((time, order, work), at: index)
        order += 1
    }

    private static func name(of text: String) -> String {
        let line = text.prefix { $0 != "\r\n" }.split(separator: " ")
        guard line.count >= 2 else { return "?" }
        guard line[0] == "SIP/2.0" else { return String(line[0]) }
        let method = text.split(separator: "\r\n").first { $0.hasPrefix("CSeq:") }?.split(separator: " ").last
        return "\(line[1]) \(method ?? "?")"
    }
}

/// Short forms of events, for whole-sequence comparisons.
extension UserAgentEvent {
    var label: String {
        switch self {
        case .provisional(_, let response): "provisional \(response.status)"
        case .answered(_, let response): "answered \(response.status)"
        case .failedOver(_, let target, _): "failed over to \(target.address) by \(target.transport)"
        case .failed(_, .rejected(let response)): "rejected \(response.status)"
        case .failed(_, .credentialsRefused(let response)): "credentials refused \(response.status)"
        case .failed(_, .timedOut): "timed out"
        case .failed(_, .transportFailed): "transport failed"
        case .failed(_, .abandoned): "abandoned"
        case .incoming: "incoming"
        case .acknowledged: "acknowledged"
        case .cancelled: "cancelled"
        case .strangerRefused: "stranger refused"
        case .reinvited: "reinvited"
        case .ended(_, .byUs): "ended by us"
        case .ended(_, .byRemote): "ended by remote"
        case .ended(_, .lost(let status)): "lost \(status ?? 0)"
        case .redirected(_, let redirection): "redirected \(redirection.uri)"
        case .provisionalAcknowledged: "provisional acknowledged"
        case .offered: "offered"
        case .offerAnswered(_, let response): "offer answered \(response.status)"
        case .offerRefused(_, .refused(let response)): "offer refused \(response.status)"
        case .offerRefused(_, .withdrawn): "offer withdrawn"
        case .offerRefused(_, .transportFailed): "offer not sent"
        case .offerRefused(_, .timedOut): "offer timed out"
        case .refreshed: "refreshed"
        case .requestAnswered(_, let response): "request answered \(response.status)"
        case .requestFailed(_, .timedOut): "request timed out"
        case .requestFailed(_, .credentialsRefused(let response)):
            "request credentials refused \(response.status)"
        case .requestFailed: "request failed"
        case .requestReceived(_, _, let request): "request \(request.method)"
        }
    }

    var session: InviteSessionID {
        switch self {
        case .provisional(let id, _), .answered(let id, _), .failed(let id, _), .failedOver(let id, _, _),
            .incoming(let id, _),
            .acknowledged(let id, _), .cancelled(let id), .reinvited(let id, _), .ended(let id, _),
            .redirected(let id, _), .provisionalAcknowledged(let id, _), .offered(let id, _),
            .offerAnswered(let id, _),
            .offerRefused(let id, _), .refreshed(let id, _):
            id
        case .strangerRefused: preconditionFailure("a stranger has no session")
        case .requestReceived(_, let session, _): session ?? InviteSessionID(rawValue: 0)
        case .requestAnswered, .requestFailed: InviteSessionID(rawValue: 0)
        }
    }
}

extension Wire {
    var callerLabels: [String] { callerEvents.map(\.label) }
    var calleeLabels: [String] { calleeEvents.map(\.label) }

    /// A callee that rings, and answers after `delay`.
    func answers(after delay: Duration = .seconds(1)) {
        onCallee = { wire, event in
            guard case .incoming(let session, _) = event else { return }
            wire.respond(session, 180)
            wire.after(delay) { $0.respond(session, 200, body: "answer") }
        }
    }
}
