package import SIPCore
package import SansIO

/// The connections (TCP, TLS) of one local address: opened when something is to be sent, used again, kept alive, bounded
/// (RFC 3261 §18, RFC 5626).
///
/// It stands between a user agent's sends and a driver, on the driver's loop. It reads no clock; ``nextDeadline`` says when
/// to call ``fire(at:)``.
package struct SIPConnections {
    let driver: any Driver
    let limits: StreamLimits
    let security: (any StreamSecurityProvider)?
    var client: DriverClientID?
    /// Where connections of ours come from; the system chooses the port.
    var local: SocketAddress?
    var listeners: [SocketID: (transport: SIPTransport, address: SocketAddress)] = [:]

    var slots: [SIPConnection?] = []
    var free: [Int] = []
    var slotsByID: [SocketID: Int] = [:]
    var slotsByKey: [SIPConnection.Key: Int] = [:]
    /// By host, or by network of 64 bits.
    var acceptedByHost: [SocketAddress: Int] = [:]
    var accepts: AcceptRate
    var deadlines = DeadlineHeap()
    var openedCount = 0
    var acceptedCount = 0
    var strangeCount = 0
    var responseCount = 0
    /// Hosts that we deal with; `nil`: everybody.
    package var known: [AddressRange]?
    /// The name that was asked for, by the address it led to.
    private var names = RecentNames()
    /// Where no connection could be opened, and until when that is taken to hold.
    var refusals: [SIPConnection.Key: MonotonicInstant] = [:]
    var failures: [SIPConnectionFailure] = []
    var plaintext: [UInt8] = []
    var outgoing: [UInt8] = []
    var counters = StreamStatistics()
    /// Whether there are calls: then an idle connection of ours is kept.
    package var isBusy = false

    package init(
        driver: any Driver, limits: StreamLimits = StreamLimits(),
        security: (any StreamSecurityProvider)? = nil
    ) {
        self.driver = driver
        self.limits = limits
        accepts = AcceptRate(perSecond: limits.maximumAcceptsPerSecond)
        self.security = security
    }

    /// The earliest instant at which ``fire(at:)`` has work; `nil` when no timer runs.
    package var nextDeadline: MonotonicInstant? { deadlines.first?.deadline }

    /// Whether failures wait for ``takeFailures()``.
    package var hasFailures: Bool { !failures.isEmpty }

    package var statistics: StreamStatistics {
        var statistics = counters
        statistics.live = slotsByID.count
        return statistics
    }

    // MARK: Life

    /// Says on whose behalf connections are opened, and from where.
    package mutating func open(for client: DriverClientID, local: SocketAddress) {
        self.client = client
        self.local = local.with(port: 0)
    }

    /// Listens on `address`.
    ///
    /// - Throws: ``DriverError`` when the address cannot be had.
    package mutating func listen(
        _ transport: SIPTransport, on address: SocketAddress
    ) throws(DriverError) -> BoundSocket {
        guard let client else { throw DriverError(code: .system, message: "the connections are closed") }
        let listener = try driver.listen(address, for: client)
        listeners[listener.id] = (transport, listener.localAddress)
        return listener
    }

    /// Remembers under which name an address was found: a TLS peer's certificate must be for that.
    package mutating func learn(_ target: SIPTarget) {
        if target.transport == .tls { names.use(target.host, for: target.address) }
    }

    func knows(_ address: SocketAddress) -> Bool {
        known?.contains { $0.contains(address) } ?? true
    }

    /// Whether a peer could open a TLS connection to us: there is a provider, and it has a certificate.
    package var canServeTLS: Bool { (try? security?.makeSession(.server)) != nil }

    /// Forgets everything; the driver closes its sockets when the client is detached.
    package mutating func close() {
        for index in slots.indices { if let connection = slots[index] { end(connection, at: index) } }
        for listener in listeners.keys.sorted(by: { $0.rawValue < $1.rawValue }) { driver.close(listener) }
        listeners.removeAll()
        client = nil
    }

    /// Whether opening a connection there has failed in the last ten minutes, and none has been opened since.
    package func isRefusing(
        _ transport: SIPTransport, _ address: SocketAddress, at now: MonotonicInstant
    ) -> Bool {
        refusals[key(transport, address)].map { $0 > now } ?? false
    }

    // MARK: Sending

    /// Sends a message by the connection that `hint` names, while it lives and leads to the host of `destination`; else by
    /// one to `destination`, opened if need be. What cannot be sent is a failure.
    ///
    /// A response has its connection opened only to a host that we know: where it goes a stranger's Via has said.
    ///
    /// - Returns: Our end of the connection; `nil` when there is none.
    @discardableResult
    package mutating func send(
        _ message: RawSpan, over transport: SIPTransport, to destination: SocketAddress, hint: SocketID,
        at now: MonotonicInstant
    ) -> SocketAddress? {
        let key = key(transport, destination)
        if transport == .tls, let name = names[destination] { names.use(name, for: destination) }
        if let index = slotsByID[hint], let connection = slots[index], connection.key.transport == transport,
            connection.key.address.isSameHost(as: destination)
        {
            return send(message, at: index, now)
        }
        if let index = slotsByKey[key] { return send(message, at: index, now) }
        let isResponse = Self.isResponse(message)
        if isResponse {
            guard knows(destination), responseCount < limits.maximumOpenedForResponses else {
                counters.withheld += 1
                return nil
            }
        }
        do {
            return send(message, at: try openConnection(key, forResponse: isResponse, at: now), now)
        } catch {
            counters.failed += 1
            failures.append(
                SIPConnectionFailure(
                    transport: transport, address: destination, connection: nil, wasOpening: true,
                    text: error.message))
            return nil
        }
    }

    /// No method has a slash in it (RFC 3261 §25.1).
    private static func isResponse(_ message: RawSpan) -> Bool {
        guard message.byteCount > 4 else { return false }
        return message.unsafeLoad(as: UInt8.self) == UInt8(ascii: "S")
            && message.unsafeLoad(fromByteOffset: 3, as: UInt8.self) == UInt8(ascii: "/")
    }

    private func key(_ transport: SIPTransport, _ address: SocketAddress) -> SIPConnection.Key {
        guard transport == .tls else { return SIPConnection.Key(transport: transport, address: address) }
        return SIPConnection.Key(
            transport: .tls, address: address, host: names[address] ?? address.host)
    }

    private mutating func openConnection(
        _ key: SIPConnection.Key, forResponse: Bool, at now: MonotonicInstant
    ) throws(DriverError) -> Int {
        guard let client, let local, openedCount < limits.maximumOpened else {
            throw DriverError(code: .system, message: "no more connections are opened")
        }
        var security: (any StreamSecuritySession)?
        if key.transport == .tls {
            guard let provider = self.security else {
                throw DriverError(code: .system, message: "TLS asks for a provider of stream security")
            }
            do {
                security = try provider.makeSession(.client(host: key.host ?? key.address.host))
            } catch {
                throw DriverError(code: .system, message: "\(error)")
            }
        }
        let source = local.family == key.address.family && !local.isUnspecified ? local : nil
        let bound = try driver.connect(to: key.address, from: source, for: client)
        var connection = SIPConnection(
            id: bound.id, key: key, local: bound.localAddress, isOurs: true, state: .connecting)
        connection.security = security
        connection.isForResponse = forResponse
        connection.timers.set(.opening, to: now.advanced(by: limits.connectTimeout))
        openedCount += 1
        if forResponse { responseCount += 1 }
        counters.opened += 1
        let index = insert(connection)
        slotsByKey[key] = index
        return index
    }

    mutating func insert(_ connection: SIPConnection) -> Int {
        let index = free.popLast() ?? slots.count
        if index == slots.count { slots.append(nil) }
        slotsByID[connection.id] = index
        put(connection, at: index)
        return index
    }

    mutating func put(_ connection: SIPConnection, at index: Int) {
        deadlines.set(index, to: connection.timers.next)
        slots[index] = connection
    }

    private mutating func send(
        _ message: RawSpan, at index: Int, _ now: MonotonicInstant
    ) -> SocketAddress? {
        guard var connection = slots[index].take() else { return nil }
        connection.hasSent = true
        if connection.state == .open {
            let isTaken = write(message, on: connection)
            arm(&connection, at: now)
            put(connection, at: index)
            if !isTaken { lose(index, "the far end does not read", at: now) }
            return connection.local
        }
        guard connection.queue.count + message.byteCount <= limits.maximumQueuedBytes else {
            put(connection, at: index)
            lose(index, "too much waits for the connection to open", at: now)
            return nil
        }
        message.withUnsafeBytes { connection.queue.append(contentsOf: $0) }
        put(connection, at: index)
        return connection.local
    }

    /// - Returns: False when the stream takes no more.
    mutating func write(_ bytes: RawSpan, on connection: SIPConnection) -> Bool {
        guard let security = connection.security else { return driver.send(bytes, on: connection.id) }
        outgoing.removeAll(keepingCapacity: true)
        guard security.send(bytes, into: &outgoing) else { return false }
        return driver.send(outgoing.span.bytes, on: connection.id)
    }

    // MARK: Time

    /// After a message either way. A stranger's messages do not prolong anything.
    func arm(_ connection: inout SIPConnection, at now: MonotonicInstant) {
        if connection.isStrange { return }
        connection.timers.set(.idle, to: now.advanced(by: limits.idleTimeout))
        if connection.isOurs, !connection.isPinged {
            connection.timers.set(.ping, to: now.advanced(by: limits.pingInterval))
        }
    }

    /// Does everything that is due at `now`.
    package mutating func fire(at now: MonotonicInstant) {
        while let index = deadlines.popDue(at: now) {
            guard var connection = slots[index].take() else { continue }
            var fault: String?
            while fault == nil, let timer = connection.timers.popDue(at: now) {
                switch timer {
                case .opening:
                    fault = connection.state == .connecting ? "the host does not answer" : "no TLS handshake"
                case .message:
                    counters.expelled += 1
                    fault = "a message without end"
                case .ping:
                    connection.isPinged = true
                    let ping = Self.ping
                    if !write(ping.span.bytes, on: connection) { fault = "the far end does not read" }
                    connection.timers.set(.ping, to: now.advanced(by: limits.pingInterval))
                    if connection.answersPings {
                        connection.timers.set(.pong, to: now.advanced(by: limits.pongTimeout))
                    }
                case .pong:
                    fault = "the far end does not answer"
                case .idle where connection.isOurs && isBusy:
                    connection.timers.set(.idle, to: now.advanced(by: limits.idleTimeout))
                case .idle:
                    if !connection.hasMessage, !connection.isOurs { counters.expelled += 1 }
                    fault = "idle"
                }
            }
            put(connection, at: index)
            if let fault { lose(index, fault, at: now) }
        }
    }

    // MARK: Ending

    mutating func lose(_ index: Int, _ text: String, at now: MonotonicInstant) {
        guard let connection = slots[index] else { return }
        end(connection, at: index)
        if connection.state == .open {
            counters.lost += 1
        } else {
            counters.failed += 1
            if connection.isOurs, knows(connection.key.address) { refuse(connection.key, at: now) }
        }
        guard connection.hasSent else { return }
        failures.append(
            SIPConnectionFailure(
                transport: connection.key.transport, address: connection.key.address,
                connection: connection.id, wasOpening: connection.state != .open, text: text))
    }

    /// Keeps in mind that no connection leads there.
    private mutating func refuse(_ key: SIPConnection.Key, at now: MonotonicInstant) {
        if refusals[key] == nil, refusals.count >= Self.mostRefusals {
            refusals = refusals.filter { $0.value > now }
            guard refusals.count < Self.mostRefusals else { return }
        }
        refusals[key] = now.advanced(by: .seconds(600))
    }

    private static var mostRefusals: Int { 1_024 }

    private mutating func end(_ connection: SIPConnection, at index: Int) {
        if let security = connection.security, connection.state == .open {
            outgoing.removeAll(keepingCapacity: true)
            security.close(into: &outgoing)
            if !outgoing.isEmpty { _ = driver.send(outgoing.span.bytes, on: connection.id) }
        }
        driver.close(connection.id)
        slots[index] = nil
        free.append(index)
        deadlines.set(index, to: nil)
        slotsByID[connection.id] = nil
        if slotsByKey[connection.key] == index { slotsByKey[connection.key] = nil }
        if connection.isOurs {
            openedCount -= 1
            if connection.isForResponse { responseCount -= 1 }
            return
        }
        acceptedCount -= 1
        if connection.isStrange { strangeCount -= 1 }
        let host = connection.key.address.network
        let left = acceptedByHost[host, default: 1] - 1
        acceptedByHost[host] = left > 0 ? left : nil
    }

    /// What has failed since the last call, in order; the user agent is to hear of each.
    mutating func takeFailures() -> [SIPConnectionFailure] {
        defer { failures.removeAll() }
        return failures
    }

    /// Tells a user agent of every failure (RFC 3261 §8.1.3.1).
    ///
    /// - Parameter note: Called first, with the far end's address and what was wrong, for people.
    package mutating func report(
        to userAgent: inout UserAgent, at now: MonotonicInstant, into effects: inout UserAgentEffects,
        noting note: (SocketAddress, String) -> Void = { _, _ in }
    ) {
        for failure in takeFailures() {
            note(failure.address, failure.text)
            userAgent.transportFailed(
                failure.transport, to: failure.address, connection: failure.connection, at: now,
                into: &effects)
        }
    }
}
