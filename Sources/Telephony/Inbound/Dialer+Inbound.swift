public import SansIO

extension Dialer {
    /// The addresses at which the running dialer is called, and from which it calls: one for each local address of its
    /// trunks. Empty as long as no trunk could be reached and nothing is listened for.
    ///
    /// - Throws: ``CallError/Code/notRunning``.
    public func listeningAddresses() async throws -> [SocketAddress] {
        var addresses: [SocketAddress] = []
        for engine in try await service().lines.engines {
            if let address = await engine.ask({ $0.listeningAddress }) { addresses.append(address) }
        }
        return addresses
    }
}
