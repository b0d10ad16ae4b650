internal import SIPCore
internal import SansIO

/// Where the trunks are, as the DNS has it at the moment.
extension TrunkLines {
    /// How long a call waits for the DNS when there are servers from before (RFC 8767 §5 says 1.8 s).
    private static var patience: Duration { .milliseconds(1_800) }
    /// How long those serve without a look at the DNS once it was silent.
    static var silenceTime: Duration { .seconds(15) }

    /// A trunk's servers in the order in which to try them.
    ///
    /// - Throws: ``LocatingFailure``; `CancellationError`.
    func targets(of trunk: Trunk) async throws -> [SIPTarget] {
        try await directory.targets(of: trunk.serverQuery)
    }

    /// The same for a trunk that is to be dialed for the first time.
    func locate(_ trunk: Trunk) async throws(CallError) -> [SIPTarget] {
        do {
            return try await targets(of: trunk)
        } catch LocatingFailure.noAddress(let failure) where failure.isAuthoritative {
            throw CallError(.noRoute, "no route: the trunk's host name has no address")
        } catch let failure as LocatingFailure {
            throw CallError(.noRoute, "no route: the trunk's host: \(failure)")
        } catch {
            throw CallError(.noRoute, "no route: the dialer was stopped")
        }
    }

    /// The line with its servers as they are now; with those from before when the DNS is slow or knows none.
    func refreshed(_ line: TrunkLine) async -> TrunkLine {
        guard SocketAddress(host: line.trunk.host, port: 0) == nil, mayAsk(line.index) else { return line }
        let deadline = driver.now.advanced(by: Self.patience)
        let targets = await withTaskGroup(of: [SIPTarget]?.self) { group in
            group.addTask { (try? await self.targets(of: line.trunk)) ?? [] }
            group.addTask { [driver] in
                try? await driver.sleep(until: deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard !Task.isCancelled else { return line }
        guard let targets else {
            restDNS(line.index, until: driver.now.advanced(by: Self.silenceTime))
            return line
        }
        let line = keep(line.route.aimed(at: targets), of: line)
        if line.trunk.isWatched { line.engine.post { $0.retarget(line) } }
        return line
    }

    /// All addresses of a trunk's servers, those of its services (SRV, NAPTR) included: where its calls to us come from.
    func addresses(of trunk: Trunk) async -> [SocketAddress] {
        let targets = (try? await targets(of: trunk)) ?? []
        return targets.map(\.address)
    }
}

extension Trunk {
    /// Whether it is registered with or asked for its health.
    var isWatched: Bool { registration != nil || healthCheck != nil }

    /// What to ask of the DNS: with a port of ours the host's addresses, else its services too.
    var serverQuery: ServerQuery { ServerQuery(host: host, port: port, supported: [transport]) }
}

extension TrunkRoute {
    /// With the servers that our local address can reach: the first to be called, the others in reserve. Without any, as
    /// it was.
    func aimed(at targets: [SIPTarget]) -> Self {
        let reachable = targets.filter { $0.address.family == local.family }
        guard let first = reachable.first else { return self }
        var route = self
        route.trunk = first.address
        route.alternatives = Array(reachable.dropFirst())
        return route
    }
}
