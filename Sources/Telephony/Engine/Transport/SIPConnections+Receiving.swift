internal import SIPCore
package import SansIO

/// What comes by connections: streams that others open, bytes, ends.
extension SIPConnections {
    /// Takes what has come, and calls `deliver` for every message with the way that it came.
    package mutating func receive(
        into buffer: inout OwnedBytes, at now: MonotonicInstant,
        _ deliver: (RawSpan, StreamArrival) -> Void
    ) {
        guard let client else { return }
        while let event = driver.receiveStream(for: client, into: &buffer) {
            if case .accepted(let listener, let source) = event.kind {
                accept(event.stream, at: listener, from: source, now)
                continue
            }
            guard let index = slotsByID[event.stream] else { continue }
            switch event.kind {
            case .accepted: break
            case .connected: connected(index, at: now)
            case .received: received(buffer.bytes, at: index, now, deliver)
            case .ended: slots[index]?.security?.receiveEnd(); lose(index, "the far end has closed", at: now)
            case .closed(let failure): lose(index, Self.text(of: failure), at: now)
            }
        }
    }

    private static func text(of failure: StreamFailure) -> String {
        switch failure {
        case .refused: "connection refused"
        case .unreachable: "no route to the host"
        case .timedOut: "the host does not answer"
        case .reset: "connection reset"
        case .system: "connection failed"
        }
    }

    private mutating func accept(
        _ id: SocketID, at listener: SocketID, from source: SocketAddress, _ now: MonotonicInstant
    ) {
        let host = source.network
        let isStrange = !knows(source)
        guard let (transport, local) = listeners[listener], hasPlace(forStranger: isStrange),
            acceptedByHost[host, default: 0] < limits.maximumAcceptedPerHost,
            !isStrange || accepts.take(at: now)
        else {
            counters.refused += 1
            return driver.close(id)
        }
        var connection = SIPConnection(
            id: id, key: SIPConnection.Key(transport: transport, address: source), local: local,
            isOurs: false,
            state: .open
        )
        connection.isStrange = isStrange
        if transport == .tls {
            guard let session = try? security?.makeSession(.server) else {
                counters.refused += 1
                return driver.close(id)
            }
            session.start(into: &outgoing)
            outgoing.removeAll(keepingCapacity: true)  // A server waits for the client's word.
            connection.security = session
            connection.state = .securing
            connection.timers.set(.opening, to: now.advanced(by: limits.handshakeTimeout))
        }
        connection.timers.set(.idle, to: now.advanced(by: limits.firstMessageTimeout))
        acceptedByHost[host, default: 0] += 1
        acceptedCount += 1
        if isStrange { strangeCount += 1 }
        counters.accepted += 1
        _ = insert(connection)
    }

    private func hasPlace(forStranger isStrange: Bool) -> Bool {
        guard acceptedCount < limits.maximumAccepted else { return false }
        let reserved = min(limits.reservedForKnown, limits.maximumAccepted / 2)
        return !isStrange || strangeCount < limits.maximumAccepted - reserved
    }

    /// A request by this connection was let in: its far end is no stranger any more.
    package mutating func admit(_ id: SocketID, at now: MonotonicInstant) {
        guard let index = slotsByID[id], slots[index]?.isStrange == true, var connection = slots[index].take()
        else { return }
        connection.isStrange = false
        strangeCount -= 1
        arm(&connection, at: now)
        put(connection, at: index)
    }

    private mutating func connected(_ index: Int, at now: MonotonicInstant) {
        guard var connection = slots[index].take() else { return }
        if let security = connection.security {
            connection.state = .securing
            connection.timers.set(.opening, to: now.advanced(by: limits.handshakeTimeout))
            outgoing.removeAll(keepingCapacity: true)
            security.start(into: &outgoing)
            let isTaken = driver.send(outgoing.span.bytes, on: connection.id)
            put(connection, at: index)
            if !isTaken { lose(index, "connection failed", at: now) }
        } else {
            put(connection, at: index)
            opened(index, at: now)
        }
    }

    /// The connection can carry messages: those that waited go.
    private mutating func opened(_ index: Int, at now: MonotonicInstant) {
        guard var connection = slots[index].take() else { return }
        connection.state = .open
        connection.timers.stop(.opening)
        refusals[connection.key] = nil
        let queue = connection.queue
        connection.queue = []
        let isTaken = queue.isEmpty || write(queue.span.bytes, on: connection)
        arm(&connection, at: now)
        put(connection, at: index)
        if !isTaken { lose(index, "the far end does not read", at: now) }
    }

    private mutating func received(
        _ bytes: RawSpan, at index: Int, _ now: MonotonicInstant,
        _ deliver: (RawSpan, StreamArrival) -> Void
    ) {
        guard let security = slots[index]?.security else { return frame(bytes, at: index, now, deliver) }
        let wasSecuring = slots[index]?.state == .securing
        outgoing.removeAll(keepingCapacity: true)
        plaintext.removeAll(keepingCapacity: true)
        security.receive(bytes, into: &plaintext, outgoing: &outgoing)
        if !outgoing.isEmpty, let id = slots[index]?.id { _ = driver.send(outgoing.span.bytes, on: id) }
        if wasSecuring, security.state == .established { opened(index, at: now) }
        if !plaintext.isEmpty {
            var text: [UInt8] = []
            swap(&text, &plaintext)
            frame(text.span.bytes, at: index, now, deliver)
            swap(&text, &plaintext)
        }
        switch security.state {
        case .handshaking, .established: break
        case .closed: lose(index, "the far end has closed", at: now)
        case .failed(let error): lose(index, "\(error)", at: now)
        }
    }

    private mutating func frame(
        _ bytes: RawSpan, at index: Int, _ now: MonotonicInstant,
        _ deliver: (RawSpan, StreamArrival) -> Void
    ) {
        guard var connection = slots[index].take() else { return }
        let arrival = StreamArrival(
            source: connection.key.address, local: connection.local, connection: connection.id,
            transport: connection.key.transport)
        connection.framer.append(bytes)
        var isFramed = true
        var hasMessage = false
        do throws(SIPStreamFramer.Failure) {
            while let item = try connection.framer.next() {
                switch item {
                case .message(let range):
                    hasMessage = true
                    deliver(connection.framer.bytes.extracting(range), arrival)
                case .ping:
                    let pong = Self.pong
                    _ = write(pong.span.bytes, on: connection)
                case .pong:
                    if connection.isPinged { connection.answersPings = true }
                }
            }
        } catch {
            isFramed = false
        }
        connection.isPinged = false
        connection.timers.stop(.pong)
        if hasMessage {
            connection.hasMessage = true
            arm(&connection, at: now)
        } else if connection.isOurs, connection.state == .open {
            connection.timers.set(.ping, to: now.advanced(by: limits.pingInterval))
        }
        if !connection.framer.isInMessage {
            connection.timers.stop(.message)
        } else if hasMessage || connection.timers.deadline(of: .message) == nil {
            connection.timers.set(.message, to: now.advanced(by: limits.messageTimeout))
        }
        put(connection, at: index)
        if !isFramed {
            counters.expelled += 1
            lose(index, "not SIP", at: now)
        }
    }

    private static let pong: [UInt8] = [13, 10]
    static let ping: [UInt8] = [13, 10, 13, 10]
}
