internal import SansIO

extension Driver {
    /// Two neighbouring ports, RTP on the even one (RFC 3550 §11).
    ///
    /// - Returns: `nil` when 16 tries found none.
    func bindMediaPorts(
        on host: SocketAddress, for client: DriverClientID
    ) -> (rtp: BoundSocket, rtcp: BoundSocket)? {
        for _ in 0..<16 {
            guard let first = try? bind(host.with(port: 0), for: client) else { return nil }
            let port = first.localAddress.port
            if let second = try? bind(host.with(port: port ^ 1), for: client) {
                return port & 1 == 0 ? (first, second) : (second, first)
            }
            close(first.id)
        }
        return nil
    }
}
