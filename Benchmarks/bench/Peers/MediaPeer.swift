private import Glibc
import RTPMedia
import SIPCore
import SansIO
import SocketDriver

/// The far end of live calls, in a process of its own: answers at once, then sends and takes 50 packets a second a call.
///
/// Its packets are spread over the 20 ms, as those of many far ends are. Confined to the driver's loop.
final class MediaPeer: DriverClient, @unchecked Sendable {
    private struct Stream {
        var session: InviteSessionID
        var socket: BoundSocket
        var destination: SocketAddress
        var header: RTPHeader
    }

    /// Parts of the 20 ms: in each a tenth of the streams is sent to and drained.
    private static let parts = 10

    private let driver: SocketDriver
    private var client = DriverClientID(rawValue: -1)
    private var agent: UserAgent
    private var effects = UserAgentEffects()
    private var events: [UserAgentEvent] = []
    private var buffer = OwnedBytes(capacity: 65_536)
    private var packet = OwnedBytes(capacity: 2_048)
    /// 20 ms of a voice of 150 Hz, three periods, and of silence, in μ-law.
    private let voice = MediaPeer.encode((0..<160).map { Int16($0 * 3 % 160 * 75 - 6_000) })
    private let silence = MediaPeer.encode([Int16](repeating: 0, count: 160))
    /// Whole 20 ms since the start.
    private var ticks = 0
    private var socket: BoundSocket?
    private var streams: [Stream] = []
    private var nextPart = MonotonicInstant(nanoseconds: 0)
    private var part = 0
    private var callCount: UInt64 = 0

    private init() throws {
        driver = try SocketDriver()
        agent = UserAgent(generator: driver.makeGenerator(label: "media peer"))
        client = driver.attach(self)
    }

    /// Answers calls on a port of loopback until the process is stopped.
    static func serve(port: UInt16) throws {
        let peer = try MediaPeer()
        peer.driver.post {
            peer.socket = try? peer.driver.bind(.loopback(port: port), for: peer.client)
            peer.nextPart = peer.driver.now
            peer.wake()
        }
        withExtendedLifetime(peer) { while true { sleep(1) } }
    }

    func wake() {
        let now = driver.now
        while let datagram = driver.receive(for: client, into: &buffer) {
            agent.receive(buffer.bytes, from: datagram.source, on: datagram.socket, at: now, into: &effects)
            settle(at: now)
        }
        if let deadline = agent.nextDeadline, deadline <= now { agent.fire(at: now, into: &effects) }
        settle(at: now)
        while nextPart <= now {
            sendPart()
            nextPart = nextPart.advanced(by: .milliseconds(20 / Self.parts))
        }
        driver.schedule(client, at: [agent.nextDeadline, nextPart].compactMap(\.self).min())
    }

    private static func encode(_ samples: [Int16]) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: samples.count)
        var span = octets.mutableSpan
        var bytes = span.mutableBytes
        _ = MuLawCodec().encode(samples.span, into: &bytes)
        return octets
    }

    /// Says a word of 400 ms every 2 s, as somebody who is talked to does.
    private func sendPart() {
        let payload = ticks % 100 < 20 ? voice : silence
        for index in stride(from: part, to: streams.count, by: Self.parts) {
            while driver.poll(streams[index].socket.id, into: &buffer) != nil {}
            streams[index].header.sequence.rawValue &+= 1
            streams[index].header.timestamp.rawValue &+= 160
            streams[index].header.pack(payload.span.bytes, into: &packet)
            driver.transmit(packet.bytes, from: streams[index].socket.id, to: streams[index].destination)
        }
        part = (part + 1) % Self.parts
        if part == 0 { ticks += 1 }
    }

    private func settle(at now: MonotonicInstant) {
        while !effects.sends.isEmpty || !effects.events.isEmpty {
            for send in effects.sends {
                driver.transmit(
                    effects.bytes.span.bytes.extracting(send.range), from: send.socket, to: send.destination)
            }
            swap(&events, &effects.events)
            effects.removeAll()
            for event in events {
                switch event {
                case .incoming(let session, let request): answer(session, request, at: now)
                case .ended(let session, _): end(session)
                default: break
                }
            }
            events.removeAll(keepingCapacity: true)
        }
    }

    private func answer(_ session: InviteSessionID, _ request: ReceivedRequest, at now: MonotonicInstant) {
        callCount += 1
        guard let bound = try? driver.bindPolled(.loopback(port: 0), for: client), let offer = request.body,
            let local = socket?.localAddress
        else { return agent.respond(to: session, status: 503, at: now, into: &effects) }
        var negotiator = AudioNegotiator(
            capabilities: AudioCapabilities(), localRTP: bound.localAddress, sessionID: callCount)
        guard let (answer, negotiated) = try? negotiator.answer(to: offer.bytes) else {
            driver.close(bound.id)
            return agent.respond(to: session, status: 488, at: now, into: &effects)
        }
        streams.append(
            Stream(
                session: session, socket: bound, destination: negotiated.remoteRTP,
                header: RTPHeader(
                    payloadType: negotiated.sendPayloadType, sequence: SequenceNumber(1),
                    timestamp: RTPTimestamp(160),
                    synchronizationSource: 0x5EED_0000 | UInt32(truncatingIfNeeded: callCount & 0xFFFF))))
        agent.respond(
            to: session, status: 200, body: SIPBody(contentType: "application/sdp", bytes: answer),
            contact: "<sip:callee@\(local)>", at: now, into: &effects)
    }

    private func end(_ session: InviteSessionID) {
        guard let index = streams.firstIndex(where: { $0.session == session }) else { return }
        driver.close(streams[index].socket.id)
        streams.swapAt(index, streams.count - 1)
        streams.removeLast()
    }
}
