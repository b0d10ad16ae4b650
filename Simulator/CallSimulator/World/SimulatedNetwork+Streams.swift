internal import SansIO

/// Byte streams: ordered and without loss, since what a link loses is sent again a little later, as TCP does.
///
/// Each segment takes its link's delay, rate and faults, and has a number among the datagrams; taps do not see it.
extension SimulatedNetwork {
    /// First wait before a lost segment is sent again; it doubles up to the longest.
    private static var repetitionDelay: Duration { .milliseconds(200) }
    private static var longestRepetitionDelay: Duration { .seconds(3) }
    /// Some three minutes.
    private static var mostRepetitions: Int { 60 }
    /// How long a system tries to reach a host that does not exist.
    private static var connectTimeout: Duration { .seconds(127) }

    private func stream(_ id: SocketID) -> SimulatedStream? {
        id.rawValue < 0 ? streams[id.rawValue & .max] : nil
    }

    // MARK: Opening

    func listen(
        _ address: SocketAddress, on host: SimulatedHost, for client: DriverClientID
    ) throws(DriverError) -> BoundSocket {
        try check(address, on: host, for: client, "listen")
        var local = address
        if local.port == 0 { local.port = freePort(on: host) }
        guard listeners[key(host.index, local.port)] == nil else {
            throw DriverError(
                code: .addressInUse, message: "listen \(local): another socket uses this address")
        }
        let listener = try open(host.index, client, local, .listening)
        listeners[key(host.index, local.port)] = listener.id
        return BoundSocket(id: listener.id, localAddress: local)
    }

    private func freePort(on host: SimulatedHost) -> UInt16 {
        var port = host.proposePort()
        for _ in 0..<28_232 where listeners[key(host.index, port)] != nil { port = host.proposePort() }
        return port
    }

    private func open(
        _ host: Int32, _ client: DriverClientID, _ local: SocketAddress, _ state: SimulatedStream.State
    ) throws(DriverError) -> SimulatedStream {
        let name = streams.insert { name in
            SimulatedStream(
                id: SocketID(rawValue: name | .min), host: host, client: client, localAddress: local,
                state: state)
        }
        guard let name, let stream = streams[name] else {
            throw DriverError(code: .tooManyDescriptors, message: "a world has at most 65,536 streams")
        }
        trace.add(.opened, at: loop.now, UInt64(host), UInt64(local.port))
        return stream
    }

    func connect(
        to destination: SocketAddress, from wanted: SocketAddress?, on host: SimulatedHost,
        for client: DriverClientID
    ) throws(DriverError) -> BoundSocket {
        var local = wanted ?? (destination.isLoopback ? destination : host.address).with(port: 0)
        try check(local, on: host, for: client, "connect from")
        guard local.family == destination.family else {
            throw DriverError(
                code: .addressNotAvailable, message: "connect \(destination): not from \(local.host)")
        }
        if local.isUnspecified { local = host.address.with(port: local.port) }
        if local.port == 0 { local.port = host.proposePort() }
        let stream = try open(host.index, client, local, .connecting)
        let target = destination.isLoopback ? host.index : hostIndex(of: destination)
        guard let target, let arrival = transit(of: stream, bytes: 0, to: target) else {
            loop.schedule(at: loop.now.advanced(by: Self.connectTimeout)) { [self, id = stream.id] in
                fail(id, .timedOut)
            }
            return BoundSocket(id: stream.id, localAddress: local)
        }
        stream.peerHost = target
        loop.schedule(at: arrival) { [self, id = stream.id] in greet(id, at: destination) }
        return BoundSocket(id: stream.id, localAddress: local)
    }

    /// The first segment of a stream has come to its host.
    private func greet(_ id: SocketID, at destination: SocketAddress) {
        guard let caller = stream(id) else { return }
        guard let name = listeners[key(caller.peerHost, destination.port)], let listener = stream(name),
            listener.localAddress.isUnspecified || listener.localAddress.isSameHost(as: destination),
            let client = clients[listener.client.rawValue],
            let callee = try? open(caller.peerHost, listener.client, destination, .open)
        else {
            // Nobody there: the answer takes the way back.
            let link = link(from: caller.peerHost, to: caller.host)
            guard case .arrives(let arrival) = links[link].send(byteCount: 40, at: loop.now) else {
                return fail(id, .refused)
            }
            return loop.schedule(at: arrival) { [self] in fail(id, .refused) }
        }
        callee.peer = id
        callee.peerHost = caller.host
        caller.peer = callee.id
        client.streamNotes.append(
            .event(
                StreamEvent(
                    stream: callee.id,
                    kind: .accepted(listener: listener.id, source: caller.localAddress))))
        markDue(client)
        guard let arrival = transit(of: callee, bytes: 0, to: caller.host) else {
            return fail(callee.id, .timedOut)
        }
        loop.schedule(at: arrival) { [self, calleeID = callee.id] in
            guard let caller = stream(id), caller.state == .connecting else {
                return fail(calleeID, .reset)
            }
            caller.state = .open
            note(caller, .connected)
        }
    }

    // MARK: Sending

    /// When a segment of `stream` that leaves now arrives; `nil` when it never does.
    private func transit(of stream: SimulatedStream, bytes: Int, to host: Int32) -> MonotonicInstant? {
        let link = link(from: stream.host, to: host)
        var departure = loop.now
        var wait = Self.repetitionDelay
        for _ in 0..<Self.mostRepetitions {
            statistics.sent += 1
            trace.add(.sent, at: loop.now, UInt64(statistics.sent), UInt64(bytes))
            let verdict =
                faults.faults.isEmpty
                ? FaultPlan.Verdict()
                : faults.verdict(
                    on: statistics.sent, from: hosts[Int(stream.host)].name, to: hosts[Int(host)].name,
                    at: departure)
            switch links[link].send(byteCount: bytes + 12, at: departure) {
            case .arrives(let instant) where !verdict.isLost,
                .arrivesTwice(let instant, _) where !verdict.isLost:
                let arrival = max(
                    instant.advanced(by: verdict.delay), verdict.notBefore, stream.lastArrival)
                stream.lastArrival = arrival
                return arrival
            default:
                departure = departure.advanced(by: wait)
                wait = min(wait * 2, Self.longestRepetitionDelay)
            }
        }
        return nil
    }

    func send(_ bytes: RawSpan, on id: SocketID) -> Bool {
        guard let stream = stream(id), stream.isWritable,
            stream.underWay + bytes.byteCount <= SimulatedDriver.streamQueueLimit
        else { return false }
        trace.add(bytes)
        let largest = links[link(from: stream.host, to: stream.peerHost)].model.largestSegment
        var offset = 0
        while offset < bytes.byteCount {
            let size = min(bytes.byteCount - offset, drawSegment(upTo: largest))
            let part = bytes.extracting(offset..<offset + size).withUnsafeBytes { Array($0) }
            offset += size
            stream.underWay += size
            guard let arrival = transit(of: stream, bytes: size, to: stream.peerHost) else {
                fail(id, .timedOut)
                return true
            }
            loop.schedule(at: arrival) { [self, peer = stream.peer] in deliver(part, from: id, to: peer) }
        }
        return true
    }

    private func drawSegment(upTo largest: Int?) -> Int {
        guard let largest else { return 1_460 }
        return 1 + Int(segmentGenerator.next(upperBound: UInt64(max(1, largest))))
    }

    private func deliver(_ bytes: [UInt8], from id: SocketID, to peer: SocketID?) {
        let sender = stream(id)
        sender?.underWay -= bytes.count
        guard let peer = peer.flatMap(stream) else {
            if let sender { cutOff(sender) }
            return
        }
        guard peer.state == .open else { return }
        statistics.delivered += 1
        peer.inbox.append(contentsOf: bytes)
        guard !peer.isNoted, let client = clients[peer.client.rawValue] else { return }
        peer.isNoted = true
        client.streamNotes.append(.bytes(peer.id))
        markDue(client)
    }

    /// What `sender` sent found nobody: it hears of that after the way back.
    private func cutOff(_ sender: SimulatedStream) {
        let link = link(from: sender.peerHost, to: sender.host)
        var arrival = loop.now
        if case .arrives(let instant) = links[link].send(byteCount: 40, at: loop.now) { arrival = instant }
        loop.schedule(at: arrival) { [self, id = sender.id] in fail(id, .reset) }
    }

    func endSending(on id: SocketID) {
        guard let stream = stream(id), stream.isWritable else { return }
        stream.hasEndedSending = true
        sendEnd(of: stream)
    }

    private func sendEnd(of stream: SimulatedStream) {
        guard let peer = stream.peer, let arrival = transit(of: stream, bytes: 0, to: stream.peerHost) else {
            return
        }
        loop.schedule(at: arrival) { [self] in
            guard let peer = self.stream(peer), peer.state == .open else { return }
            peer.state = .ended
            note(peer, .ended)
        }
    }

    // MARK: Closing

    func closeStream(_ id: SocketID) {
        guard let stream = streams.remove(id.rawValue & .max) else { return }
        trace.add(.closed, at: loop.now, UInt64(stream.host), UInt64(stream.localAddress.port))
        switch stream.state {
        case .listening:
            listeners[key(stream.host, stream.localAddress.port)] = nil
        case .open, .ended:
            if stream.taken < stream.inbox.count, let peer = stream.peer {
                // Unread bytes: the system cuts the stream off rather than pretend that they were read.
                let arrival = transit(of: stream, bytes: 0, to: stream.peerHost) ?? loop.now
                loop.schedule(at: arrival) { [self] in fail(peer, .reset) }
            } else if !stream.hasEndedSending {
                sendEnd(of: stream)
            }
        case .connecting, .failed:
            break
        }
    }

    private func fail(_ id: SocketID, _ failure: StreamFailure) {
        guard let stream = stream(id), stream.state != .listening else { return }
        if case .failed = stream.state { return }
        stream.state = .failed(failure)
        note(stream, .closed(failure))
    }

    /// Cuts off every stream between two hosts, both ends at once.
    func resetStreams(between one: Int32, and other: Int32) {
        for stream in streams.elements where stream.peerHost >= 0 {
            let isBetween =
                stream.host == one && stream.peerHost == other
                || stream.host == other && stream.peerHost == one
            if isBetween { fail(stream.id, .reset) }
        }
    }

    // MARK: Receiving

    private func note(_ stream: SimulatedStream, _ kind: StreamEvent.Kind) {
        guard let client = clients[stream.client.rawValue] else { return }
        client.streamNotes.append(.event(StreamEvent(stream: stream.id, kind: kind)))
        markDue(client)
    }

    func receiveStream(for id: DriverClientID, into buffer: inout OwnedBytes) -> StreamEvent? {
        guard let client = clients[id.rawValue] else { return nil }
        while let note = client.streamNotes[0] {
            switch note {
            case .event(let event):
                _ = client.streamNotes.popFirst()
                // Of a stream that its client has closed nothing is told.
                guard let stream = stream(event.stream) else { continue }
                if case .closed = event.kind { streams.remove(stream.id.rawValue & .max) }
                return event
            case .bytes(let name):
                guard let stream = stream(name), stream.taken < stream.inbox.count else {
                    stream(name)?.isNoted = false
                    _ = client.streamNotes.popFirst()
                    continue
                }
                let end = min(stream.inbox.count, stream.taken + buffer.capacity)
                stream.inbox[stream.taken..<end].withUnsafeBytes { _ = buffer.replace(with: $0.bytes) }
                stream.taken = end
                if end == stream.inbox.count {
                    stream.inbox.removeAll(keepingCapacity: true)
                    stream.taken = 0
                    stream.isNoted = false
                    _ = client.streamNotes.popFirst()
                }
                return StreamEvent(stream: name, kind: .received)
            }
        }
        return nil
    }
}
