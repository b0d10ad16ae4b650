internal import SansIO

/// A machine of the simulated network.
final class SimulatedHost {
    let index: Int32
    /// Its address, port 0, and the same as text.
    let address: SocketAddress
    let name: String
    private var nextPort: UInt16 = 32_768
    /// How often each label of a generator was asked for.
    var generatorUses: [String: Int] = [:]

    init(index: Int32, address: SocketAddress) {
        self.index = index
        self.address = address
        name = address.host
    }

    /// The next ephemeral port to try.
    func proposePort() -> UInt16 {
        defer { nextPort = nextPort == 60_999 ? 32_768 : nextPort + 1 }
        return nextPort
    }
}

/// An open socket of the simulated network.
final class SimulatedSocket {
    /// Where its latest datagram went: media goes to the same place again and again.
    struct Route {
        var destination: SocketAddress
        var source: SocketAddress
        /// Receiving host, and the link to it.
        var host: Int32
        var link: Int
    }

    let id: SocketID
    let host: Int32
    let client: DriverClientID
    let localAddress: SocketAddress
    @exclusivity(unchecked) var route: Route?
    /// Datagrams that wait in it.
    @exclusivity(unchecked) var waiting = 0
    /// Those of a polled socket; `nil` when it wakes its client.
    @exclusivity(unchecked) var polled: Ring<Int32>?

    init(
        id: SocketID, host: Int32, client: DriverClientID, localAddress: SocketAddress, isPolled: Bool
    ) {
        polled = isPolled ? Ring(capacity: 8) : nil
        self.id = id
        self.host = host
        self.client = client
        self.localAddress = localAddress
    }
}

/// A client of a simulated driver, with the datagrams that wait for it in order of arrival.
final class SimulatedClient {
    let client: any DriverClient
    let id: DriverClientID
    /// Its place in the agenda.
    let deadlineKey: Int32
    @exclusivity(unchecked) var datagrams = Ring<Int32>()
    /// What has happened to its streams, in order.
    var streamNotes = Ring<StreamNote>(capacity: 8)
    /// True while a wake-up for it is among the ready work.
    @exclusivity(unchecked) var isDue = false

    init(_ client: any DriverClient, id: DriverClientID, deadlineKey: Int32) {
        self.client = client
        self.id = id
        self.deadlineKey = deadlineKey
    }
}
