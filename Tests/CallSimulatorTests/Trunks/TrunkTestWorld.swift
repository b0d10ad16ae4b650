@testable internal import CallSimulator
internal import SIPCore
internal import SansIO
internal import Telephony
internal import Testing

/// A dialer with several trunks, each a host of its own, and what was seen of it on the wire.
final class TrunkTestWorld: @unchecked Sendable {
    // @unchecked: belongs to the thread of its world.
    static let callerHost = "10.0.0.1"

    /// One trunk and what answers at its address.
    struct Line {
        var trunk: Trunk
        /// `nil`: nobody is there.
        var callee: CalleeScript?
        var configure: (inout LoopbackPeer.Configuration) -> Void = { _ in }

        init(
            _ name: String, _ callee: CalleeScript? = .quick, _ change: (inout Trunk) -> Void = { _ in },
            peer configure: @escaping (inout LoopbackPeer.Configuration) -> Void = { _ in }
        ) {
            trunk = Trunk(name: name, host: "", numbers: ["+15550100"])
            change(&trunk)
            self.callee = callee
            self.configure = configure
        }
    }

    /// The first INVITE of a Call-ID as it left.
    struct Sighting {
        var callID: String
        var instant: MonotonicInstant
    }

    let world: World
    let driver: SimulatedDriver
    let peers: [LoopbackPeer?]
    let dialer: Dialer
    let log: TrunkLog
    /// Calls as they began, by trunk.
    private(set) var invites: [[Sighting]]
    /// Most calls at once, by trunk, from INVITE to the answered BYE, CANCEL or final response.
    private(set) var mostCalls: [Int]
    private var seen: Set<String> = []
    private var live: [Set<String>]

    init(
        seed: UInt64, _ lines: [Line], network: NetworkModel = .perfect,
        dialer change: (inout DialerConfiguration) -> Void = { _ in }
    ) {
        var configuration = WorldConfiguration()
        configuration.network = network
        world = World(seed: seed, configuration: configuration)
        driver = world.makeDriver(host: Self.callerHost)
        var peers: [LoopbackPeer?] = []
        var trunks: [Trunk] = []
        for (index, line) in lines.enumerated() {
            let host = "10.0.0.\(index + 2)"
            var trunk = line.trunk
            trunk.host = host
            trunks.append(trunk)
            guard let callee = line.callee else {
                peers.append(nil)
                continue
            }
            var hosting = LoopbackPeer.Configuration()
            hosting.address = SocketAddress(host: host, port: 5_060) ?? hosting.address
            hosting.media = .signallingOnly
            line.configure(&hosting)
            peers.append(
                LoopbackPeer(
                    driver: world.makeDriver(host: host), directory: CalleeDirectory(default: callee),
                    configuration: hosting))
        }
        self.peers = peers
        var settings = DialerConfiguration()
        settings.classifiesAnswers = false
        change(&settings)
        let log = TrunkLog()
        self.log = log
        invites = lines.map { _ in [] }
        live = lines.map { _ in [] }
        mostCalls = lines.map { _ in 0 }
        dialer = Dialer(trunks: trunks, configuration: settings, driver: driver, observers: [log])
        world.addTap { [unowned self] event, view in
            guard event == .sent, let message = SIPGlance(view.bytes) else { return }
            see(message, from: view.source.host, to: view.destination.host, at: view.time)
        }
    }

    private func see(
        _ message: SIPGlance, from source: String, to destination: String, at instant: MonotonicInstant
    ) {
        func trunk(_ host: String) -> Int? {
            peers.indices.first { "10.0.0.\($0 + 2)" == host }
        }
        if message.isRequest, message.method == "INVITE", source == Self.callerHost,
            let trunk = trunk(destination)
        {
            guard message.toTag.isEmpty, seen.insert(message.callID).inserted else { return }
            invites[trunk].append(Sighting(callID: message.callID, instant: instant))
            live[trunk].insert(message.callID)
            mostCalls[trunk] = max(mostCalls[trunk], live[trunk].count)
        } else if message.isFinal, let trunk = trunk(source) {
            let ends = message.method == "BYE" || (message.method == "INVITE" && message.status >= 300)
            if ends, message.status != 401, message.status != 407 { live[trunk].remove(message.callID) }
        }
    }

    /// Runs `body` while all serve, stops all, and looks for what is left.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Dialer) async throws -> Value) throws -> Value {
        let (dialer, peers, driver) = (dialer, peers, driver)
        let value = try world.run {
            for peer in peers { try await peer?.start() }
            let value = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dialer.run() }
                let value = try await body(dialer)
                // Transactions linger for 32 s.
                try await driver.sleep(for: .seconds(40))
                let rest = try await dialer.statistics()
                #expect(rest.liveCalls == 0)
                #expect(rest.liveLegs == 0)
                #expect(rest.userAgent.liveSessions == 0)
                for trunk in try await dialer.trunks() {
                    #expect(trunk.calls == 0)
                    #expect(trunk.waiting == 0)
                }
                await dialer.shutDown()
                try await group.waitForAll()
                return value
            }
            for peer in peers { await peer?.stop() }
            return value
        }
        #expect(world.leaks.isEmpty, "\(world.leaks)")
        return value
    }

    /// Places `count` calls, one each `interval`, and returns their outcomes in order.
    func call(
        _ count: Int, every interval: Duration,
        _ change: @escaping @Sendable (inout CallRequest) -> Void = { _ in }
    ) throws -> [CallOutcome] {
        let driver = driver
        return try run { dialer in
            try await Self.call(count, every: interval, dialer: dialer, driver: driver, change)
        }
    }

    static func call(
        _ count: Int, every interval: Duration, dialer: Dialer, driver: any Driver,
        _ change: @escaping @Sendable (inout CallRequest) -> Void = { _ in }
    ) async throws -> [CallOutcome] {
        try await withThrowingTaskGroup(of: (Int, CallOutcome).self) { group in
            for index in 0..<count {
                var request = CallRequest(to: "+15551234567")
                change(&request)
                group.addTask { [request] in
                    (index, try await dialer.call(request) { try await $0.answered() }.outcome)
                }
                try await driver.sleep(for: interval)
            }
            var outcomes = [CallOutcome?](repeating: nil, count: count)
            for try await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes.compactMap { $0 }
        }
    }

    /// Most calls that began in any second over a trunk.
    func mostPerSecond(over trunk: Int) -> Int {
        var most = 0
        var first = 0
        let starts = invites[trunk].map(\.instant)
        for (index, start) in starts.enumerated() {
            while starts[first].duration(to: start) >= .seconds(1) { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }
}

extension CalleeScript {
    /// Rings for a second, then answers.
    static let quick = CalleeScript.answers(after: .seconds(1))
}

/// Notes records and what trunks do.
final class TrunkLog: CallObserver {
    private let state = Locked(
        (records: [CallRecord](), events: [(trunk: String, event: TrunkEvent)](), calls: [CallEvent.Kind]()))

    var records: [CallRecord] { state.withLock { $0.records } }
    var calls: [CallEvent.Kind] { state.withLock { $0.calls } }

    func events(of trunk: String) -> [TrunkEvent] {
        state.withLock { $0.events.filter { $0.trunk == trunk }.map(\.event) }
    }

    func changes(of trunk: String) -> [TrunkState] {
        events(of: trunk).compactMap { event in
            if case .changed(let state) = event { return state }
            return nil
        }
    }

    func call(_ id: CallID, did event: CallEvent) { state.withLock { $0.calls.append(event.kind) } }
    func callEnded(_ record: CallRecord) { state.withLock { $0.records.append(record) } }
    func trunk(_ name: String, did event: TrunkEvent) { state.withLock { $0.events.append((name, event)) } }
}
