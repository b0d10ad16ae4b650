import CAllocationCounter
private import Glibc
import RTPMedia
import SIPCore
import SansIO
import SocketDriver
private import Synchronization

/// A whole user agent on a socket: transactions, dialogs and the answer to each offer, without media.
///
/// Confined to the driver's loop; other threads read `isDone` and what was written before it was set.
final class CallSide: DriverClient, @unchecked Sendable {
    /// What the calling side found.
    struct End {
        var microsecondsPerCall = 0.0
        var failed = 0
        var retransmissions = 0
    }

    private let driver: SocketDriver
    private var client = DriverClientID(rawValue: -1)
    private var agent: UserAgent
    private var effects = UserAgentEffects()
    private var events: [UserAgentEvent] = []
    private var buffer = OwnedBytes(capacity: 65_536)
    private var socket: BoundSocket?
    private var callCount: UInt64 = 0

    // Of a caller.
    private var destination = SocketAddress.loopback(port: 0)
    private var perTick = 0
    private var left = 0
    private var open = 0
    private var nextTick: MonotonicInstant?
    private var end = End()
    private let isDone = Atomic(false)

    private init(port: UInt16) throws {
        driver = try SocketDriver()
        agent = UserAgent(generator: driver.makeGenerator(label: "bench"))
        client = driver.attach(self)
        let bound = Locked<Result<BoundSocket, any Error>?>(nil)
        driver.post { [driver, client] in
            let result = Result { try driver.bind(.loopback(port: port), for: client) as BoundSocket }
            bound.withLock { $0 = result }
        }
        while socket == nil {
            if let result = bound.withLock({ $0 }) { socket = try result.get() } else { usleep(1_000) }
        }
    }

    /// Answers calls until the process is stopped.
    static func serve(port: UInt16) throws {
        let side = try CallSide(port: port)
        withExtendedLifetime(side) { while true { sleep(1) } }
    }

    /// Places `count` calls, `rate` a second, each hung up as soon as it is answered.
    static func call(port: UInt16, rate: Int, count: Int) throws -> End {
        let side = try CallSide(port: 0)
        let start = outdial_process_cpu_nanoseconds()
        side.driver.post {
            side.destination = .loopback(port: port)
            side.perTick = max(1, rate / 1_000)
            side.left = count
            side.nextTick = side.driver.now
            side.wake()
        }
        while !side.isDone.load(ordering: .acquiring) { usleep(10_000) }
        var end = side.end
        let nanoseconds = outdial_process_cpu_nanoseconds() - start
        end.microsecondsPerCall = Double(nanoseconds) / 1_000 / Double(count)
        return end
    }

    func wake() {
        let now = driver.now
        while let datagram = driver.receive(for: client, into: &buffer) {
            agent.receive(
                buffer.bytes, from: datagram.source, on: datagram.socket, at: now, into: &effects)
            settle(at: now)
        }
        if let deadline = agent.nextDeadline, deadline <= now { agent.fire(at: now, into: &effects) }
        if let tick = nextTick, tick <= now { placeCalls(at: now, tick) }
        settle(at: now)
        driver.schedule(client, at: [agent.nextDeadline, nextTick].compactMap(\.self).min())
    }

    /// One millisecond's share; what was missed while the loop was busy is not made up for.
    private func placeCalls(at now: MonotonicInstant, _ tick: MonotonicInstant) {
        for _ in 0..<min(perTick, left) { placeCall(at: now) }
        nextTick = left > 0 ? tick.advanced(by: .milliseconds(1)) : nil
    }

    private func placeCall(at now: MonotonicInstant) {
        guard let socket else { return }
        left -= 1
        open += 1
        let host = "127.0.0.1:\(socket.localAddress.port)"
        callCount += 1
        var negotiator = AudioNegotiator(
            capabilities: AudioCapabilities(), localRTP: .loopback(port: 40_000), sessionID: callCount)
        let invite = OutgoingInvite(
            requestURI: "sip:service@\(destination)", from: "<sip:+15559870001@\(host)>",
            to: "<sip:service@\(destination)>", contact: "<sip:outdial@\(host)>", sentBy: host,
            body: SIPBody(contentType: "application/sdp", bytes: negotiator.makeOffer()),
            destination: destination, socket: socket.id)
        if (try? agent.invite(invite, at: now, into: &effects)) == nil { finishCall(hasFailed: true) }
    }

    private func finishCall(hasFailed: Bool) {
        open -= 1
        if hasFailed { end.failed += 1 }
        guard open == 0, left == 0 else { return }
        end.retransmissions = agent.statistics.retransmissionsSent
        isDone.store(true, ordering: .releasing)
    }

    private func settle(at now: MonotonicInstant) {
        while !effects.sends.isEmpty || !effects.events.isEmpty {
            for send in effects.sends {
                driver.transmit(
                    effects.bytes.span.bytes.extracting(send.range), from: send.socket, to: send.destination)
            }
            swap(&events, &effects.events)
            effects.removeAll()
            for event in events { handle(event, at: now) }
            events.removeAll(keepingCapacity: true)
        }
    }

    private func handle(_ event: UserAgentEvent, at now: MonotonicInstant) {
        switch event {
        case .incoming(let session, let request): answer(session, request, at: now)
        case .answered(let session, _): agent.end(session, at: now, into: &effects)
        case .failed: finishCall(hasFailed: true)
        case .ended: if destination.port != 0 { finishCall(hasFailed: false) }
        default: break
        }
    }

    private func answer(_ session: InviteSessionID, _ request: ReceivedRequest, at now: MonotonicInstant) {
        callCount += 1
        var negotiator = AudioNegotiator(
            capabilities: AudioCapabilities(), localRTP: .loopback(port: 40_000), sessionID: callCount)
        guard let offer = request.body, let (answer, _) = try? negotiator.answer(to: offer.bytes) else {
            return agent.respond(to: session, status: 488, at: now, into: &effects)
        }
        agent.respond(
            to: session, status: 200, body: SIPBody(contentType: "application/sdp", bytes: answer), at: now,
            into: &effects)
    }
}
