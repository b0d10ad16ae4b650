import CallSimulator
import SIPCore
import SansIO
import Telephony

/// A dialer that is called, its trunk as a caller, and a stranger, on three hosts of a world.
struct InboundWorld {
    static let dialerAddress = SocketAddress(host: "10.0.0.1", port: 5_060)!

    let world: World
    let trunk: SimulatedCaller
    let stranger: SimulatedCaller
    let dialer: Dialer
    let observer = InboundTally()
    private let clock: SimulatedDriver

    init(
        seed: UInt64 = 1, network: NetworkModel = .perfect, routing: IncomingCallRouting,
        configure: (inout InboundPolicy, inout DialerConfiguration) -> Void = { _, _ in },
        changeTrunk: (inout Trunk) -> Void = { _ in }
    ) {
        world = World(seed: seed)
        world.setNetwork(network)
        clock = world.makeDriver(host: "10.0.0.1")
        trunk = SimulatedCaller(
            driver: world.makeDriver(host: "10.0.0.9"), address: SocketAddress(host: "10.0.0.9", port: 5_060)!
        )
        stranger = SimulatedCaller(
            driver: world.makeDriver(host: "10.0.0.66"),
            address: SocketAddress(host: "10.0.0.66", port: 5_060)!)
        var policy = InboundPolicy(routing)
        var configuration = DialerConfiguration()
        configuration.localPort = 5_060
        configure(&policy, &configuration)
        configuration.inbound = policy
        var line = Trunk(name: "trunk", host: "10.0.0.9", numbers: ["+15550100"])
        changeTrunk(&line)
        dialer = Dialer(
            trunk: line, configuration: configuration, driver: clock, observers: [observer])
    }

    /// Every number is answered by `perform`.
    init(
        seed: UInt64 = 1, network: NetworkModel = .perfect, alerting: IncomingAcceptance.Alerting = .ringing,
        answersAfter: Duration? = .zero, prepareTime: Duration = .zero,
        configure: (inout InboundPolicy, inout DialerConfiguration) -> Void = { _, _ in },
        changeTrunk: (inout Trunk) -> Void = { _ in },
        perform: @escaping @Sendable (Call) async throws -> Void
    ) {
        let handler = InboundHandler(prepareTime: prepareTime, perform: perform)
        self.init(
            seed: seed, network: network,
            routing: IncomingCallRouting([
                .init(
                    .any,
                    accept: IncomingAcceptance(handler, alerting: alerting, answersAfter: answersAfter))
            ]), configure: configure, changeTrunk: changeTrunk)
        handler.clock.withLock { $0 = clock }
    }

    /// Runs `body` while everybody serves, then stops all; the dialer is shut down, or with `cancels` cancelled.
    func run<Value: Sendable>(
        cancels: Bool = false, _ body: @escaping @Sendable (any Driver) async throws -> Value
    ) throws -> Value {
        let (trunk, stranger, dialer, clock) = (trunk, stranger, dialer, clock)
        return try world.run {
            try await trunk.start()
            try await stranger.start()
            let value = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dialer.run() }
                try await clock.sleep(for: .milliseconds(1))
                let value = try await body(clock)
                if cancels {
                    group.cancelAll()
                } else {
                    await dialer.shutDown()
                }
                try await group.waitForAll()
                return value
            }
            await trunk.stop()
            await stranger.stop()
            return value
        }
    }

    func call(_ script: SimulatedCaller.Script = .init()) throws -> SimulatedCaller.Report {
        let trunk = trunk
        return try run { _ in await trunk.call(Self.dialerAddress, script) }
    }
}

/// A handler made of a closure.
final class InboundHandler: CallHandler {
    private let prepareTime: Duration
    private let perform: @Sendable (Call) async throws -> Void
    let clock = Locked<(any Driver)?>(nil)

    struct NotToday: Error {}

    /// - Parameter prepareTime: Negative: preparing fails.
    init(prepareTime: Duration = .zero, perform: @escaping @Sendable (Call) async throws -> Void) {
        self.prepareTime = prepareTime
        self.perform = perform
    }

    func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance {
        if prepareTime < .zero { throw NotToday() }
        if prepareTime > .zero { try await clock.withLock { $0 }?.sleep(for: prepareTime) }
        return { [perform] call in
            try await perform(call)
            return AgentResult(status: .done)
        }
    }
}

/// Keeps what a dialer says of its calls.
final class InboundTally: CallObserver {
    struct Figures {
        var events: [CallID: [CallEvent.Kind]] = [:]
        var records: [CallRecord] = []
        var refused: [RefusedCallers] = []
        var unassigned = 0
        /// Messages that the dialer has sent.
        var sent: [String] = []
        /// Where each of them went.
        var destinations: [SocketAddress] = []
        /// Of those, ours.
        var sentUnassigned = 0
    }

    let figures = Locked(Figures())

    var records: [CallRecord] { figures.withLock { $0.records } }
    var refused: [RefusedCallers] { figures.withLock { $0.refused } }
    var kinds: [CallEvent.Kind] { figures.withLock { $0.events.values.first ?? [] } }

    func call(_ id: CallID, did event: CallEvent) {
        figures.withLock { $0.events[id, default: []].append(event.kind) }
    }

    func callEnded(_ record: CallRecord) { figures.withLock { $0.records.append(record) } }

    func callersRefused(_ refused: RefusedCallers) { figures.withLock { $0.refused.append(refused) } }

    let wantsDatagrams = true

    func datagram(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
        kind: DatagramKind, call: CallID?, at instant: WallClockInstant
    ) {
        if direction == .sent, kind == .sip {
            let text = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            figures.withLock {
                $0.sent.append(text)
                $0.destinations.append(remote)
            }
        }
        guard call == nil else { return }
        figures.withLock {
            $0.unassigned += 1
            if direction == .sent { $0.sentUnassigned += 1 }
        }
    }
}
