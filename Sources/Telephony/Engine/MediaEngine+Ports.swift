internal import SansIO

/// Pairs of media ports: an even one for RTP, its neighbour for RTCP (RFC 3550 §11).
extension MediaEngine {
    /// An even port and the next one, both bound.
    func bindPair(on host: SocketAddress) throws(CallError) -> (rtp: BoundSocket, rtcp: BoundSocket) {
        guard let client else { throw CallError(.notRunning, "the media engine is closed") }
        let now = driver.now
        var attempts = ports.isSystemChosen ? 16 : min(ports.availablePairs, 64)
        while attempts > 0 {
            attempts -= 1
            guard ports.isSystemChosen else {
                guard let port = ports.take(at: now) else { break }
                var isBound = false
                defer { if !isBound { ports.release(port, at: now) } }  // Tried again after a while.
                guard let pair = try bindPair(port, on: host, for: client) else { continue }
                isBound = true
                return pair
            }
            // At thousands of calls a second most of the system's ports rest: then a short rest must do.
            let takesResting = attempts < 8
            if let pair = try bindSystemChosen(on: host, for: client, takesResting: takesResting, at: now) {
                return pair
            }
        }
        throw CallError(.socket, "no pair of media ports is free")
    }

    private func bindPair(
        _ port: UInt16, on host: SocketAddress, for client: DriverClientID
    ) throws(CallError) -> (rtp: BoundSocket, rtcp: BoundSocket)? {
        guard let rtp = try bind(host.with(port: port), for: client) else { return nil }
        guard let rtcp = try bind(host.with(port: port + 1), beside: rtp, for: client) else { return nil }
        return (rtp, rtcp)
    }

    /// Lets the system choose one port and takes its neighbour.
    private func bindSystemChosen(
        on host: SocketAddress, for client: DriverClientID, takesResting: Bool, at now: MonotonicInstant
    ) throws(CallError) -> (rtp: BoundSocket, rtcp: BoundSocket)? {
        guard let first = try bind(host.with(port: 0), for: client) else { return nil }
        let port = first.localAddress.port
        guard ports.mayUse(systemChosen: port & ~1, at: now) || takesResting else {
            driver.close(first.id)
            return nil
        }
        guard let second = try bind(host.with(port: port ^ 1), beside: first, for: client) else { return nil }
        return port & 1 == 0 ? (first, second) : (second, first)
    }

    /// - Parameter other: Closed when this fails.
    /// - Returns: `nil` when another process has the port.
    /// - Throws: What no other port would change: no descriptors, no permission, not our address.
    private func bind(
        _ address: SocketAddress, beside other: BoundSocket? = nil, for client: DriverClientID
    ) throws(CallError) -> BoundSocket? {
        do {
            return try driver.bindPolled(address, for: client)
        } catch {
            if let other { driver.close(other.id) }
            guard error.code != .addressInUse else { return nil }
            throw CallError(.socket, "no media port: \(error.message)")
        }
    }
}
