internal import SansIO

/// The trunks of a running dialer as lines to dial over, and the signalling engines under them: one for each local address.
final class TrunkLines: Sendable {
    let trunks: [Trunk]
    private let configuration: DialerConfiguration
    private let driver: any Driver
    private let registry: CallRegistry
    private let observers: [any CallObserver]

    private struct State {
        /// By trunk; `nil` until it was reached.
        var lines: [TrunkLine?]
        /// The first is there from the start: calls wait in it until it is known where they go.
        var engines: [SignallingEngine]
        /// What each engine binds; `nil` while the first still has no address.
        var locals: [SocketAddress?] = [nil]
        var drainDeadline: MonotonicInstant?
    }

    // Guards the lines and engines, which any call's task may find to be missing.
    private let state: Locked<State>

    init(
        trunks: [Trunk], configuration: DialerConfiguration, driver: any Driver, registry: CallRegistry,
        observers: [any CallObserver]
    ) {
        self.trunks = trunks
        self.configuration = configuration
        self.driver = driver
        self.registry = registry
        self.observers = observers
        let first = SignallingEngine(
            driver: driver, configuration: configuration, registry: registry, observers: observers)
        state = Locked(State(lines: trunks.map { _ in nil }, engines: [first]))
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

    func close() async {
        for engine in engines { await engine.ask { $0.close() } }
    }

    /// Resolves a trunk's name, chooses our address and binds its SIP socket, once.
    ///
    /// - Throws: ``CallError/Code/noRoute``, ``CallError/Code/socket``; asked again, it tries again.
    func line(_ index: Int) async throws(CallError) -> TrunkLine {
        if let line = state.withLock({ $0.lines[index] }) { return line }
        let trunk = trunks[index]
        let route = try await resolveRoute(of: trunk)
        let engine = engine(at: route.local)
        let bound = await engine.ask { engine in
            Result { () throws(CallError) in try engine.open(route.local) }
        }
        try bound.get()
        let line = TrunkLine(index: index, trunk: trunk, route: route, engine: engine)
        return state.withLock { state in
            let known = state.lines[index] ?? line
            state.lines[index] = known
            return known
        }
    }

    private func engine(at local: SocketAddress) -> SignallingEngine {
        state.withLock { state in
            if let index = state.locals.firstIndex(of: local) { return state.engines[index] }
            if state.locals[0] == nil {
                state.locals[0] = local
                return state.engines[0]
            }
            let engine = SignallingEngine(
                driver: driver, configuration: configuration, registry: registry, observers: observers)
            state.engines.append(engine)
            state.locals.append(local)
            if let deadline = state.drainDeadline { engine.post { $0.drain(by: deadline) } }
            return engine
        }
    }

    private func resolveRoute(of trunk: Trunk) async throws(CallError) -> TrunkRoute {
        var noRoute = "no route: the trunk's host name has no address"
        for trunkAddress in await resolve(trunk.host, port: trunk.port) {
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
            guard let host = trunk.advertisedHost else {
                return TrunkRoute(
                    trunk: trunkAddress, local: local, advertisedHost: local.uriHost, advertisedMedia: local)
            }
            // Of the family that we bind: a description must name where our sockets are.
            let candidates = await resolve(host, port: 0)
            guard let advertised = candidates.first(where: { $0.family == local.family }) else {
                noRoute = "no route: the advertised host has no address of the trunk's family"
                continue
            }
            let isLiteral = SocketAddress(host: host, port: 0) != nil
            return TrunkRoute(
                trunk: trunkAddress, local: local, advertisedHost: isLiteral ? advertised.uriHost : host,
                advertisedMedia: advertised)
        }
        throw CallError(.noRoute, noRoute)
    }

    private func resolve(_ host: String, port: UInt16) async -> [SocketAddress] {
        if let literal = SocketAddress(host: host, port: port) { return [literal] }
        return (try? await driver.resolve(host, port: port)) ?? []
    }
}
