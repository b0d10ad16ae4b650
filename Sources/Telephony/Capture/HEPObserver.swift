public import SIPCore
public import SansIO

/// Sends a copy of every SIP message, and of RTCP, to a capture server (HEPv3 over UDP: Homer, heplify and the like).
///
/// The copies leave on the driver's loop after the step that made them. Bounded: when more than `limit` wait, the rest is lost and
/// counted. Calls never wait for it, and a server that is away costs nothing.
public final class HEPObserver: CallObserver, DriverClient {
    private struct State {
        var driver: (any Driver)?
        var client: DriverClientID?
        var socket: SocketID?
        /// Packets one after another, and where each ends.
        var bytes: [UInt8] = []
        var ends: [Int] = []
        var isPosted = false
        var sent = 0
        var lost = 0
        /// Call-IDs of the calls that go on, for messages that do not carry one.
        var callIDs: [CallID: String] = [:]
        let reader = CallIDReader()
    }

    // Guards what waits and the socket: datagrams may come from several loops.
    private let state = Locked(State())
    private let server: SocketAddress
    private let writer: HEPWriter
    private let kinds: Set<DatagramKind>
    private let limit: Int

    /// - Parameters:
    ///   - server: The capture server, port 9060 as a rule.
    ///   - kinds: What is sent; RTP is a lot.
    ///   - limit: Packets that may wait for the loop.
    public init(
        server: SocketAddress, writer: HEPWriter = HEPWriter(), kinds: Set<DatagramKind> = [.sip, .rtcp],
        limit: Int = 1_024
    ) {
        self.server = server
        self.writer = writer
        self.kinds = kinds
        self.limit = max(1, limit)
    }

    public var wantsDatagrams: Bool { true }

    /// Packets handed to the driver so far.
    public var packetsSent: Int { state.withLock { $0.sent } }

    /// Messages that were too long, too many at once, or for which there was no socket.
    public var packetsLost: Int { state.withLock { $0.lost } }

    // MARK: Life

    public func dialerStarted(on driver: any Driver) {
        let client = driver.attach(self)
        state.withLock { state in
            state.driver = driver
            state.client = client
        }
        driver.post { self.bind(on: driver, for: client) }
    }

    private func bind(on driver: any Driver, for client: DriverClientID) {
        // Without a socket every packet counts as lost.
        guard let local = driver.sourceAddress(toReach: server),
            let bound = try? driver.bind(local.with(port: 0), for: client)
        else { return }
        state.withLock { $0.socket = bound.id }
    }

    public func dialerStopped() async {
        let (served, client) = state.withLock { ($0.driver, $0.client) }
        guard let driver = served, let client else { return }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            driver.post {
                self.flush(through: driver)
                self.state.withLock { state in
                    state.driver = nil
                    state.client = nil
                    state.socket = nil
                    state.callIDs = [:]
                }
                driver.detach(client)
                continuation.resume()
            }
        }
    }

    /// Nobody has anything to say to this socket: what comes is taken and forgotten.
    public nonisolated func wake() {
        let (served, client) = state.withLock { ($0.driver, $0.client) }
        guard let driver = served, let client else { return }
        var buffer = OwnedBytes(capacity: 2_048)
        while driver.receive(for: client, into: &buffer) != nil {}
    }

    // MARK: Observing

    public func call(_ id: CallID, did event: CallEvent) {
        guard case .dialing(let callID) = event.kind else { return }
        state.withLock { $0.callIDs[id] = callID }
    }

    public func callEnded(_ record: CallRecord) { state.withLock { $0.callIDs[record.id] = nil } }

    public func datagram(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
        kind: DatagramKind, call: CallID?, at instant: WallClockInstant
    ) {
        copy(
            bytes, kind, direction == .sent ? (local, remote) : (remote, local), ipProtocol: Self.udp,
            of: call, at: instant)
    }

    public func message(
        _ direction: DatagramDirection, _ bytes: RawSpan, over transport: SIPTransport, local: SocketAddress,
        remote: SocketAddress, call: CallID?, at instant: WallClockInstant
    ) {
        copy(
            bytes, .sip, direction == .sent ? (local, remote) : (remote, local),
            ipProtocol: transport == .udp ? Self.udp : Self.tcp, of: call, at: instant)
    }

    /// Numbers of the protocols in an IP header.
    private static let udp: UInt8 = 17
    private static let tcp: UInt8 = 6

    private func copy(
        _ bytes: RawSpan, _ kind: DatagramKind, _ ends: (source: SocketAddress, destination: SocketAddress),
        ipProtocol: UInt8, of call: CallID?, at instant: WallClockInstant
    ) {
        guard kinds.contains(kind) else { return }
        let driver = state.withLock { state -> (any Driver)? in
            let callID = kind == .sip ? state.reader.callID(of: bytes) : call.flatMap { state.callIDs[$0] }
            guard let driver = state.driver, state.ends.count < limit,
                writer.append(
                    bytes, kind: kind, from: ends.source, to: ends.destination, at: instant,
                    ipProtocol: ipProtocol, correlationID: callID, into: &state.bytes)
            else {
                state.lost += 1
                return nil
            }
            state.ends.append(state.bytes.count)
            defer { state.isPosted = true }
            return state.isPosted ? nil : driver
        }
        driver?.post { [weak self] in
            if let driver { self?.flush(through: driver) }
        }
    }

    /// Sends what waits. On the loop.
    private func flush(through driver: any Driver) {
        let (bytes, ends, socket) = state.withLock { state in
            if state.socket == nil { state.lost += state.ends.count } else { state.sent += state.ends.count }
            defer {
                state.bytes = []
                state.ends = []
                state.isPosted = false
            }
            return (state.bytes, state.ends, state.socket)
        }
        guard let socket else { return }
        var start = 0
        for end in ends {
            driver.transmit(bytes.span.bytes.extracting(start..<end), from: socket, to: server)
            start = end
        }
    }
}

/// Finds the Call-ID of a SIP message; its workspace is used again.
private final class CallIDReader {
    private var message = SIPMessage()

    /// - Returns: `nil` for what is not SIP.
    func callID(of datagram: RawSpan) -> String? {
        do { try message.parse(datagram) } catch { return nil }
        return message.string(message.callID)
    }
}
