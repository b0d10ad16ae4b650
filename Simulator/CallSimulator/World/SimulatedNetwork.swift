internal import SansIO

/// The hosts, sockets and links of a world, and the datagrams between them. Confined to the world's thread.
final class SimulatedNetwork {
    let loop: VirtualLoop
    private let seed: UInt64
    private let socketCapacity: Int
    let pool = DatagramPool()
    // Unchecked at run time: see VirtualLoop.
    @exclusivity(unchecked) private(set) var hosts: [SimulatedHost] = []
    private var hostIndices: [SocketAddress: Int32] = [:]
    @exclusivity(unchecked) private(set) var sockets = SlotTable<SimulatedSocket>()
    /// Open sockets by host and port.
    @exclusivity(unchecked) private var bound: [UInt64: SocketID] = [:]
    @exclusivity(unchecked) private(set) var clients = SlotTable<SimulatedClient>()
    @exclusivity(unchecked) var links: [NetworkLink] = []
    /// Ends of streams and listeners; their ids are negative, those of sockets are not.
    var streams = SlotTable<SimulatedStream>()
    /// Listeners by host and port.
    var listeners: [UInt64: SocketID] = [:]
    /// Draws where streams are cut into segments.
    lazy var segmentGenerator = SeededGenerator(seed: seed, label: "stream segments")
    private var linkIndices: [UInt64: Int] = [:]
    private var defaultModel: NetworkModel
    @exclusivity(unchecked) var faults = FaultPlan()
    @exclusivity(unchecked) var trace: Trace
    @exclusivity(unchecked) var statistics = NetworkStatistics()
    @exclusivity(unchecked) var taps: [(Trace.Event, DatagramView) -> Void] = []

    init(loop: VirtualLoop, seed: UInt64, configuration: WorldConfiguration) {
        self.loop = loop
        self.seed = seed
        socketCapacity = configuration.socketCapacity
        defaultModel = configuration.network
        trace = Trace(recording: configuration.recording)
    }

    // MARK: Hosts and links

    func addHost(_ address: SocketAddress) -> SimulatedHost {
        if let index = hostIndices[address.with(port: 0)] { return hosts[Int(index)] }
        let host = SimulatedHost(index: Int32(hosts.count), address: address.with(port: 0))
        hosts.append(host)
        hostIndices[host.address] = host.index
        return host
    }

    func hostIndex(of address: SocketAddress) -> Int32? { hostIndices[address.with(port: 0)] }

    func link(from source: Int32, to destination: Int32) -> Int {
        let key = UInt64(UInt32(bitPattern: source)) << 32 | UInt64(UInt32(bitPattern: destination))
        if let index = linkIndices[key] { return index }
        let label = "network \(hosts[Int(source)].name) > \(hosts[Int(destination)].name)"
        let model = source == destination ? NetworkModel() : defaultModel
        links.append(NetworkLink(model: model, generator: SeededGenerator(seed: seed, label: label)))
        linkIndices[key] = links.count - 1
        return links.count - 1
    }

    func setModel(_ model: NetworkModel, from source: Int32, to destination: Int32) {
        links[link(from: source, to: destination)].model = model
    }

    /// Every link between different hosts, those to come too.
    func setModel(_ model: NetworkModel) {
        defaultModel = model
        for source in hosts.indices {
            for destination in hosts.indices where source != destination {
                setModel(model, from: Int32(source), to: Int32(destination))
            }
        }
    }

    // MARK: Clients and sockets

    func attach(_ client: any DriverClient) -> DriverClientID {
        let name = clients.insert { name in
            let key = loop.agenda.reserve(.deadline(client: name))
            return SimulatedClient(client, id: DriverClientID(rawValue: name), deadlineKey: key)
        }
        guard let name else { preconditionFailure("a world has at most 65,536 clients") }
        return DriverClientID(rawValue: name)
    }

    func detach(_ id: DriverClientID) {
        guard let client = clients.remove(id.rawValue) else { return }
        loop.agenda.remove(client.deadlineKey)
        while let cell = client.datagrams.popFirst() { pool.release(cell) }
        for socket in sockets.elements where socket.client == id { close(socket.id) }
        for stream in streams.elements where stream.client == id { closeStream(stream.id) }
    }

    func key(_ host: Int32, _ port: UInt16) -> UInt64 { UInt64(host) << 16 | UInt64(port) }

    func bind(
        _ address: SocketAddress, on host: SimulatedHost, for client: DriverClientID, isPolled: Bool
    ) throws(DriverError) -> BoundSocket {
        try check(address, on: host, for: client, "bind")
        var local = address
        if local.port == 0 {
            var tries = 0
            repeat {
                local.port = host.proposePort()
                tries += 1
            } while bound[key(host.index, local.port)] != nil && tries < 28_232
        }
        guard bound[key(host.index, local.port)] == nil else {
            throw DriverError(
                code: .addressInUse, message: "bind \(local): another socket uses this address")
        }
        let name = sockets.insert { name in
            SimulatedSocket(
                id: SocketID(rawValue: name), host: host.index, client: client, localAddress: local,
                isPolled: isPolled)
        }
        guard let name else {
            throw DriverError(code: .tooManyDescriptors, message: "a world has at most 65,536 sockets")
        }
        let id = SocketID(rawValue: name)
        bound[key(host.index, local.port)] = id
        trace.add(.opened, at: loop.now, UInt64(host.index), UInt64(local.port))
        return BoundSocket(id: id, localAddress: local)
    }

    func check(
        _ address: SocketAddress, on host: SimulatedHost, for client: DriverClientID, _ purpose: String
    ) throws(DriverError) {
        guard clients[client.rawValue] != nil else {
            throw DriverError(code: .system, message: "\(purpose) \(address): the client is not attached")
        }
        guard address.isUnspecified || address.isLoopback || address.isSameHost(as: host.address) else {
            throw DriverError(
                code: .addressNotAvailable,
                message: "\(purpose) \(address): not an address of this machine (\(host.name))")
        }
    }

    func close(_ id: SocketID) {
        if id.rawValue < 0 { return closeStream(id) }
        guard let socket = sockets.remove(id.rawValue) else { return }
        while let cell = socket.polled?.popFirst() { pool.release(cell) }
        bound[key(socket.host, socket.localAddress.port)] = nil
        trace.add(.closed, at: loop.now, UInt64(socket.host), UInt64(socket.localAddress.port))
    }

    // MARK: Datagrams

    func transmit(_ bytes: RawSpan, from id: SocketID, to destination: SocketAddress) {
        guard let socket = sockets[id.rawValue], bytes.byteCount <= 65_507,
            let route = route(from: socket, to: destination)
        else {
            // The kernel would refuse it: nothing leaves the machine.
            statistics.refused += 1
            trace.add(.refused, at: loop.now, UInt64(bytes.byteCount), 0)
            return
        }
        statistics.sent += 1
        let number = statistics.sent
        trace.add(.sent, at: loop.now, UInt64(number), UInt64(bytes.byteCount))
        trace.add(route.source)
        trace.add(destination)
        trace.add(bytes)
        observe(.sent, number, route.source, destination, bytes)
        guard route.link >= 0 else { return lose(.unreachable, number, route.source, destination) }

        let passage = links[route.link].send(byteCount: bytes.byteCount, at: loop.now)
        var verdict = FaultPlan.Verdict()
        if !faults.faults.isEmpty {
            verdict = faults.verdict(
                on: number, from: hosts[Int(socket.host)].name, to: hosts[Int(route.host)].name, at: loop.now)
            if verdict.isLost { return lose(.fault, number, route.source, destination) }
        }
        func deliver(at instant: MonotonicInstant) {
            let cell = pool.make(bytes)
            pool[cell].number = number
            pool[cell].source = route.source
            pool[cell].destination = destination
            pool[cell].host = route.host
            loop.agenda.add(
                .datagram(cell), at: max(instant.advanced(by: verdict.delay), verdict.notBefore))
        }
        switch passage {
        case .lost(let reason): lose(reason, number, route.source, destination)
        case .arrives(let instant):
            deliver(at: instant)
            if let after = verdict.copyAfter { deliver(at: instant.advanced(by: after)) }
        case .arrivesTwice(let instant, let again):
            deliver(at: instant)
            deliver(at: again)
        }
    }

    /// - Returns: `nil` when the socket cannot send there; link -1 when nobody is there.
    private func route(from socket: SimulatedSocket, to destination: SocketAddress) -> SimulatedSocket.Route?
    {
        if let route = socket.route, route.destination == destination, route.link >= 0 { return route }
        let host = hosts[Int(socket.host)]
        guard destination.family == socket.localAddress.family, destination.port != 0 else { return nil }
        let isLocal = destination.isLoopback
        if socket.localAddress.isLoopback, !isLocal { return nil }
        let target = isLocal ? socket.host : hostIndex(of: destination)
        // The loopback address keeps to its own: 127.0.0.1 answers as 127.0.0.1.
        let address = isLocal ? destination : host.address
        let route = SimulatedSocket.Route(
            destination: destination, source: address.with(port: socket.localAddress.port),
            host: target ?? -1, link: target.map { link(from: socket.host, to: $0) } ?? -1)
        socket.route = route
        return route
    }

    /// A datagram has come to the end of its link.
    func arrive(_ cell: Int32) {
        let (host, number) = (pool[cell].host, pool[cell].number)
        let (source, destination) = (pool[cell].source, pool[cell].destination)
        guard let id = bound[key(host, destination.port)], let socket = sockets[id.rawValue],
            let client = clients[socket.client.rawValue],
            socket.localAddress.isUnspecified || socket.localAddress.isSameHost(as: destination)
        else {
            pool.release(cell)
            return lose(.unreachable, number, source, destination)
        }
        guard socket.waiting < socketCapacity else {
            pool.release(cell)
            return lose(.socketFull, number, source, destination)
        }
        socket.waiting += 1
        pool[cell].socket = id
        pool[cell].arrival = loop.now
        if socket.polled == nil { client.datagrams.append(cell) } else { socket.polled?.append(cell) }
        statistics.delivered += 1
        trace.add(.delivered, at: loop.now, UInt64(number), loop.jobsRun)
        if trace.recording != .nothing || !taps.isEmpty {
            let cell = pool[cell]
            observe(
                .delivered, number, source, destination,
                UnsafeRawBufferPointer(start: cell.start, count: cell.count).bytes)
        }
        if socket.polled == nil { markDue(client) }
    }

    func markDue(_ client: SimulatedClient) {
        guard !client.isDue else { return }
        client.isDue = true
        loop.ready.append(.wake(client: client.id.rawValue))
    }

    func receive(for id: DriverClientID, into buffer: inout OwnedBytes) -> ReceivedDatagram? {
        guard let client = clients[id.rawValue] else { return nil }
        while let cell = client.datagrams.popFirst() {
            defer { pool.release(cell) }
            // What waited in a socket is lost with it.
            guard let socket = sockets[pool[cell].socket.rawValue] else { continue }
            socket.waiting -= 1
            if let datagram = take(cell, of: socket, into: &buffer) { return datagram }
        }
        return nil
    }

    func poll(_ id: SocketID, into buffer: inout OwnedBytes) -> ReceivedDatagram? {
        guard let socket = sockets[id.rawValue] else { return nil }
        while let cell = socket.polled?.popFirst() {
            defer { pool.release(cell) }
            socket.waiting -= 1
            if let datagram = take(cell, of: socket, into: &buffer) { return datagram }
        }
        return nil
    }

    private func take(
        _ cell: Int32, of socket: SimulatedSocket, into buffer: inout OwnedBytes
    ) -> ReceivedDatagram? {
        let source = pool[cell].source
        if pool.copy(cell, into: &buffer) {
            return ReceivedDatagram(socket: socket.id, source: source, arrival: pool[cell].arrival)
        }
        lose(.oversize, pool[cell].number, source, pool[cell].destination)
        return nil
    }

    private func lose(
        _ reason: LossReason, _ number: Int, _ source: SocketAddress, _ destination: SocketAddress
    ) {
        statistics.count(reason)
        trace.add(.lost, at: loop.now, UInt64(number), UInt64(reason.rawValue))
        let now = loop.now
        trace.record {
            Trace.Record(
                time: now, event: .lost, datagram: number, source: source, destination: destination,
                bytes: [],
                lossReason: reason)
        }
    }

    private func observe(
        _ event: Trace.Event, _ number: Int, _ source: SocketAddress, _ destination: SocketAddress,
        _ bytes: RawSpan
    ) {
        let now = loop.now
        if trace.recording != .nothing {
            let copy = event == .sent ? bytes.withUnsafeBytes { Array($0) } : []
            trace.record {
                Trace.Record(
                    time: now, event: event, datagram: number, source: source, destination: destination,
                    bytes: copy)
            }
        }
        guard !taps.isEmpty else { return }
        let view = DatagramView(
            time: now, number: number, source: source, destination: destination, bytes: bytes)
        for tap in taps { tap(event, view) }
    }
}
