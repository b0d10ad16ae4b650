public import SansIO

/// A closed world in virtual time: hosts, a network between them, and all the code that runs on them.
///
/// Everything follows from the seed and the configuration: run twice, in one process or two, a world does the same and
/// ends with the same ``Trace/digest``. Time passes only when nothing is left to do at the present instant, so an hour of
/// ringing takes as long as its events.
///
/// A world belongs to the thread that made it; ``run(_:)`` may be called on another one, by one thread at a time. Make it,
/// run it and look at it from a synchronous function.
///
/// ```swift
/// let world = World(seed: 7)
/// let driver = world.makeDriver(host: "10.0.0.1")
/// let outcome = try world.run { try await placeCall(with: driver) }
/// ```
public final class World: @unchecked Sendable {
    // @unchecked: confined to one thread at a time, as said above; drivers check it.
    public let seed: UInt64
    public let configuration: WorldConfiguration
    let loop: VirtualLoop
    let network: SimulatedNetwork
    @exclusivity(unchecked) var sleepers = SlotTable<Sleeper>()
    /// What names resolve to besides ``zone``.
    private(set) var names: [String: [SocketAddress]] = [:]
    /// What the DNS knows on every host, now.
    public var zone: NameZone
    /// Questions to the DNS so far, for figures.
    public internal(set) var nameQuestions = 0
    var isRunning = false

    public init(seed: UInt64 = 0, configuration: WorldConfiguration = WorldConfiguration()) {
        self.seed = seed
        self.configuration = configuration
        zone = configuration.zone
        loop = VirtualLoop(wallClockStart: configuration.wallClock)
        network = SimulatedNetwork(loop: loop, seed: seed, configuration: configuration)
        if configuration.jobOrder == .drawn {
            loop.shuffler = SeededGenerator(seed: seed, label: "job order")
        }
    }

    // MARK: Hosts and names

    /// A driver on the host with this address; the host comes into being with its first driver.
    ///
    /// - Parameter host: An IPv4 or IPv6 literal, for example `10.0.0.1`.
    public func makeDriver(host: String) -> SimulatedDriver {
        guard let address = SocketAddress(host: host, port: 0) else {
            preconditionFailure("a host of a world is named by an address literal, not by \(host)")
        }
        return SimulatedDriver(world: self, host: network.addHost(address))
    }

    /// Lets `name` resolve to `addresses` (literals) on every host.
    public func setName(_ name: String, to addresses: [String]) {
        names[name] = addresses.compactMap { SocketAddress(host: $0, port: 0) }
    }

    // MARK: Network

    /// Changes every link between different hosts, existing ones and those to come.
    public func setNetwork(_ model: NetworkModel) { network.setModel(model) }

    /// Changes the link from one host to another; the way back is another link.
    public func setNetwork(_ model: NetworkModel, from source: String, to destination: String) {
        let ends = [source, destination].map { makeDriver(host: $0).hostIndex }
        network.setModel(model, from: ends[0], to: ends[1])
    }

    /// Faults at exact datagrams and times, on top of the links' own.
    public var faults: FaultPlan {
        get { network.faults }
        set { network.faults = newValue }
    }

    /// Cuts off every stream (TCP) between two hosts, as a firewall does that has forgotten them: both ends see a reset.
    public func resetStreams(between one: String, and other: String) {
        network.resetStreams(
            between: makeDriver(host: one).hostIndex, and: makeDriver(host: other).hostIndex)
    }

    /// Ends all faults: every link becomes perfect and the fault plan empty. What is under way still arrives.
    public func heal() {
        network.faults = FaultPlan()
        network.setModel(.perfect)
    }

    /// Calls `tap` with every datagram as it is sent and as it reaches a socket.
    ///
    /// The tap runs inside the world and must not change it.
    public func addTap(_ tap: @escaping (Trace.Event, DatagramView) -> Void) { network.taps.append(tap) }

    /// What the network has done so far.
    public var statistics: NetworkStatistics { network.statistics }

    // MARK: Time and trace

    /// Virtual time since the start of the world.
    public var now: MonotonicInstant { loop.now }

    /// What has happened so far.
    public var trace: Trace { network.trace }

    /// Events that happened and jobs that ran, for figures.
    public var stepCount: UInt64 { loop.eventCount + loop.jobsRun }

    /// Adds a line to the trace and to its digest.
    public func note(_ text: String) { network.trace.note(text, at: loop.now) }

    /// Runs `body` inside the world at `instant`: to change the network in the middle of a run, for example.
    public func at(_ instant: MonotonicInstant, _ body: @escaping () -> Void) {
        loop.schedule(at: instant, body)
    }

    /// What is left in the world now: after a clean run, nothing.
    public var leaks: LeakReport {
        var report = LeakReport()
        report.openSockets =
            network.sockets.elements.map(\.localAddress) + network.streams.elements.map(\.localAddress)
        report.attachedClients = network.clients.count
        report.sleepers = sleepers.count
        report.datagrams = network.pool.count
        let waiting = network.clients.elements.reduce(0) { $0 + $1.datagrams.count }
        report.taskSleeps = loop.taskSleeps
        report.scheduledEvents =
            loop.agenda.count - (report.datagrams - waiting) - report.sleepers - report.taskSleeps
        report.foreignArrivals = loop.foreignArrivals
        return report
    }
}
