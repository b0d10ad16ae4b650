internal import RTPMedia
internal import SIPCore
internal import SansIO

/// The trunks of a running dialer as lines to dial over, and the signalling engines under them: one for each local address.
final class TrunkLines: Sendable {
    let trunks: [Trunk]
    private let configuration: DialerConfiguration
    let driver: any Driver
    let directory: ServerDirectory
    /// Calls to us that are to be decided, of all engines.
    let incoming = Mailbox<UndecidedCall>()
    private let makeEngine: @Sendable (Mailbox<UndecidedCall>) -> SignallingEngine

    private struct State {
        /// By trunk; `nil` until it was reached.
        var lines: [TrunkLine?]
        /// The first is there from the start: calls wait in it until it is known where they go.
        var engines: [SignallingEngine]
        /// What each engine binds; `nil` while the first still has no address.
        var locals: [SocketAddress?] = [nil]
        var drainDeadline: MonotonicInstant?
        /// By trunk: until when the DNS is left alone, since it was silent.
        var silences: [Int: MonotonicInstant] = [:]
    }

    // Guards the lines and engines, which any call's task may find to be missing.
    private let state: Locked<State>

    init(
        trunks: [Trunk], configuration: DialerConfiguration, driver: any Driver,
        makeEngine: @escaping @Sendable (Mailbox<UndecidedCall>) -> SignallingEngine
    ) {
        self.trunks = trunks
        self.configuration = configuration
        self.driver = driver
        directory = ServerDirectory(driver: driver)
        self.makeEngine = makeEngine
        state = Locked(State(lines: trunks.map { _ in nil }, engines: [makeEngine(incoming)]))
    }

    /// Where calls are until they are dialed.
    var lobby: SignallingEngine { state.withLock { $0.engines[0] } }

    var engines: [SignallingEngine] { state.withLock { $0.engines } }

    /// Hangs up every call, also those that are still to move to an engine that does not exist yet.
    func drain(by deadline: MonotonicInstant) {
        let engines = state.withLock { state in
            state.drainDeadline = deadline
            return state.engines
        }
        for engine in engines { engine.post { $0.drain(by: deadline) } }
    }

    /// Tells the registrars that we go, and waits for their answers, until `deadline` at most.
    func leave(by deadline: MonotonicInstant) async {
        for engine in engines {
            await withUnsafeContinuation { continuation in
                engine.post { $0.leaveTrunks(by: deadline, continuation) }
            }
        }
    }

    /// A person has looked after a trunk.
    func resume(_ trunk: Int) { for engine in engines { engine.post { $0.rewatch(trunk) } } }

    func close() async {
        for engine in engines { await engine.ask { $0.close() } }
    }

    /// Resolves a trunk's name, chooses our address and binds its SIP socket, once.
    ///
    /// - Throws: ``CallError/Code/noRoute``, ``CallError/Code/socket``; asked again, it tries again.
    func line(_ index: Int) async throws(CallError) -> TrunkLine {
        if let line = state.withLock({ $0.lines[index] }) { return await refreshed(line) }
        let trunk = trunks[index]
        let targets = try await locate(trunk)
        let route = try await resolveRoute(of: trunk, to: targets).aimed(at: targets)
        let engine = engine(at: route.local)
        let bound = await engine.ask { engine in
            Result { () throws(CallError) in try engine.open(route.local, for: trunk) }
        }
        try bound.get()
        let line = TrunkLine(index: index, trunk: trunk, route: route, engine: engine)
        await admitSources(of: line)
        let known = state.withLock { state in
            let known = state.lines[index] ?? line
            state.lines[index] = known
            return known
        }
        engine.post { $0.watch(known) }
        return known
    }

    /// Whether the DNS may be asked about a trunk.
    func mayAsk(_ index: Int) -> Bool {
        let now = driver.now
        return state.withLock { state in state.silences[index].map { $0 <= now } ?? true }
    }

    /// Leaves the DNS alone with a trunk's name until `instant`.
    func restDNS(_ index: Int, until instant: MonotonicInstant) {
        state.withLock { $0.silences[index] = instant }
    }

    /// Remembers a trunk's servers.
    func keep(_ route: TrunkRoute, of line: TrunkLine) -> TrunkLine {
        var line = line
        line.route = route
        state.withLock { [line] in $0.lines[line.index] = line }
        return line
    }

    /// Tells the trunk's engine from where it calls us: the addresses of its name, and those that it is said to use.
    private func admitSources(of line: TrunkLine) async {
        let addresses = await addresses(of: line.trunk).map { AddressRange($0) }
        // A name that does not resolve for once leaves those known that were.
        guard !addresses.isEmpty else { return }
        line.engine.post { $0.admit(addresses + line.trunk.allowedSources, of: line) }
    }

    /// Looks up the trunks' names anew.
    func renewSources() async {
        for line in state.withLock({ $0.lines }) { if let line { await admitSources(of: line) } }
    }

    /// Opens a socket to be called at even while no trunk can be reached: on the local host that was given, or loopback.
    ///
    /// - Throws: ``CallError/Code/socket``.
    func listen() async throws(CallError) {
        guard state.withLock({ $0.locals[0] }) == nil else { return }
        // Nobody has told us to be reached from elsewhere.
        guard let host = await resolve(configuration.localHost ?? "127.0.0.1", port: 0).first else {
            throw CallError(.socket, "the local host has no address")
        }
        let local = host.with(port: configuration.localPort)
        let engine = engine(at: local)
        let bound = await engine.ask { engine in Result { () throws(CallError) in try engine.open(local) } }
        try bound.get()
        for (index, trunk) in trunks.enumerated() {
            var route = TrunkRoute(
                trunk: local, local: local, advertisedHost: trunk.advertisedHost ?? local.uriHost,
                advertisedMedia: trunk.advertisedHost.flatMap { SocketAddress(host: $0, port: 0) } ?? local)
            route.setMedia(of: trunk, configuration)
            let line = TrunkLine(index: index, trunk: trunk, route: route, engine: engine)
            engine.post { $0.admit(trunk.allowedSources, of: line) }
        }
    }

    func engine(at local: SocketAddress) -> SignallingEngine {
        state.withLock { state in
            if let index = state.locals.firstIndex(of: local) { return state.engines[index] }
            if state.locals[0] == nil {
                state.locals[0] = local
                return state.engines[0]
            }
            let engine = makeEngine(incoming)
            state.engines.append(engine)
            state.locals.append(local)
            if let deadline = state.drainDeadline { engine.post { $0.drain(by: deadline) } }
            return engine
        }
    }

    private func resolveRoute(
        of trunk: Trunk, to targets: [SIPTarget]
    ) async throws(CallError) -> TrunkRoute {
        var noRoute = "no route: the trunk's host name has no address"
        for trunkAddress in targets.map(\.address) {
            noRoute = "no route to the trunk's address"
            let address: SocketAddress?
            if let host = trunk.localHost ?? configuration.localHost {
                address = await resolve(host, port: 0).first { $0.family == trunkAddress.family }
            } else {
                address = driver.sourceAddress(toReach: trunkAddress)
            }
            guard let local = address?.with(port: trunk.localPort ?? configuration.localPort) else {
                continue
            }
            // Bound to every address, we name the one from which the trunk is reached.
            let own = local.isUnspecified ? driver.sourceAddress(toReach: trunkAddress) ?? local : local
            var route = TrunkRoute(
                trunk: trunkAddress, local: local, advertisedHost: own.uriHost, advertisedMedia: own)
            route.setMedia(of: trunk, configuration)
            if let host = trunk.advertisedHost {
                let literal = SocketAddress(host: host, port: 0)
                route.advertisedHost = literal?.uriHost ?? host
            }
            if let host = trunk.advertisedMediaHost ?? trunk.advertisedHost {
                // Of the family that we bind: a description must name where our sockets are.
                let candidates = await resolve(host, port: 0)
                guard let advertised = candidates.first(where: { $0.family == local.family }) else {
                    noRoute = "no route: the advertised host has no address of the trunk's family"
                    continue
                }
                route.advertisedMedia = advertised
            }
            return route
        }
        throw CallError(.noRoute, noRoute)
    }

    func resolve(_ host: String, port: UInt16) async -> [SocketAddress] {
        if let literal = SocketAddress(host: host, port: port) { return [literal] }
        return (try? await driver.resolve(host, port: port)) ?? []
    }
}
