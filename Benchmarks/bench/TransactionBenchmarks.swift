import CAllocationCounter
import SIPCore
import SansIO

/// Whole calls between two user agents without a network: `sip.transactions`.
let transactionSuite = Suite(name: "sip.transactions") {
    let pair = try AgentPair()
    for _ in 0..<1_000 { pair.call() }
    try BenchmarkFault.check(pair.ended == 2_000, "\(pair.ended) of 2,000 sides saw their call end")
    // Fills the tables with the 32 s of finished transactions that a steady load leaves.
    for _ in 0..<39_000 { pair.call() }
    let tombstones = pair.tombstones
    return [
        measure(
            "sip.transactions", per: 2,
            note: "per call and side: INVITE, 100, 200, ACK, BYE, 200; 1,000 calls/s of virtual time, "
                + "\(tombstones) tombstones"
        ) { pair.call() }
    ]
}

/// 500,000 finished transactions, and what an established dialog holds: `sip.tables`.
let tableSuite = Suite(name: "sip.tables") {
    let dialogs = try AgentPair()
    for _ in 0..<1_000 { dialogs.establish() }
    outdial_release_free_memory()
    let before = outdial_resident_bytes()
    let count = 20_000
    for _ in 0..<count { dialogs.establish() }
    outdial_release_free_memory()
    let perDialog = Double(outdial_resident_bytes() - before) / Double(2 * count)

    let pair = try AgentPair(step: .microseconds(128))
    let empty = outdial_resident_bytes()
    for _ in 0..<250_000 { pair.call() }
    outdial_release_free_memory()
    let perTombstone = Double(outdial_resident_bytes() - empty) / Double(pair.tombstones)
    return [
        summarise(
            "sip.tables.dialog", unit: "B", values: [perDialog],
            note: "resident, per established dialog and side, its transactions' remains included"),
        summarise(
            "sip.tables.tombstone", unit: "B", values: [perTombstone],
            note: "resident, at \(pair.tombstones) finished transactions"),
        measure("sip.tables.transactions", per: 2, note: "sip.transactions beside \(pair.tombstones) of them")
        {
            pair.call()
        },
    ]
}

/// A caller and a callee that hand each other their datagrams.
private final class AgentPair {
    private static let socket = SocketID(rawValue: 1)
    private static let callerAddress = SocketAddress(ipv4: 0xC633_6417, port: 5_060)
    private static let calleeAddress = SocketAddress(ipv4: 0xCB00_714D, port: 5_060)

    private var caller = UserAgent(generator: SeededGenerator(seed: 1))
    private var callee = UserAgent(generator: SeededGenerator(seed: 2))
    private var fromCaller = UserAgentEffects()
    private var fromCallee = UserAgentEffects()
    private var inHand = UserAgentEffects()
    private var now = MonotonicInstant(nanoseconds: 0)
    private let invite: OutgoingInvite
    private let answer: SIPBody
    /// Sides whose call has ended.
    private(set) var ended = 0

    /// Virtual time from one call to the next.
    private let step: Duration
    private var hangsUp = true

    init(step: Duration = .milliseconds(1)) throws {
        self.step = step
        func description(of fixture: SIPFixture) throws -> SIPBody {
            var message = SIPMessage()
            try message.parse(fixture.bytes.span.bytes)
            return SIPBody(contentType: "application/sdp", bytes: bodyBytes(of: message))
        }
        answer = try description(of: .ok)
        invite = OutgoingInvite(
            requestURI: "sip:+15551230042@203.0.113.77",
            from: "\"Acme Support\" <sip:+15559870001@acme.example>",
            to: "<sip:+15551230042@203.0.113.77>", contact: "<sip:dialer@198.51.100.23:5060>",
            sentBy: "198.51.100.23:5060", body: try description(of: .invite),
            destination: Self.calleeAddress, socket: Self.socket)
    }

    var tombstones: Int { caller.statistics.tombstones + callee.statistics.tombstones }

    /// One call that stays.
    func establish() {
        hangsUp = false
        call()
        hangsUp = true
    }

    /// One call from INVITE to the answer to BYE.
    func call() {
        now = now.advanced(by: step)
        if let deadline = caller.nextDeadline, deadline <= now { caller.fire(at: now, into: &fromCaller) }
        if let deadline = callee.nextDeadline, deadline <= now { callee.fire(at: now, into: &fromCallee) }
        _ = try? caller.invite(invite, at: now, into: &fromCaller)
        while !fromCaller.sends.isEmpty || !fromCallee.sends.isEmpty {
            deliverToCallee()
            deliverToCaller()
        }
        fromCaller.removeAll()
        fromCallee.removeAll()
    }

    private func deliverToCallee() {
        swap(&fromCaller, &inHand)
        for send in inHand.sends {
            callee.receive(
                inHand.bytes.span.bytes.extracting(send.range), from: Self.callerAddress, on: Self.socket,
                at: now, into: &fromCallee)
        }
        inHand.removeAll()
        for event in fromCallee.events {
            switch event {
            case .incoming(let session, _):
                callee.respond(
                    to: session, status: 200, body: answer, contact: "<sip:callee@203.0.113.77:5060>",
                    at: now,
                    into: &fromCallee)
            case .ended: ended += 1
            default: break
            }
        }
        fromCallee.events.removeAll(keepingCapacity: true)
    }

    private func deliverToCaller() {
        swap(&fromCallee, &inHand)
        for send in inHand.sends {
            caller.receive(
                inHand.bytes.span.bytes.extracting(send.range), from: Self.calleeAddress, on: Self.socket,
                at: now, into: &fromCaller)
        }
        inHand.removeAll()
        for event in fromCaller.events {
            switch event {
            case .answered(let session, _):
                if hangsUp { caller.end(session, at: now, into: &fromCaller) }
            case .ended: ended += 1
            default: break
            }
        }
        fromCaller.events.removeAll(keepingCapacity: true)
    }
}
