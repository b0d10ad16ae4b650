public import SansIO

/// A driver for tests of what only needs time: nothing attaches to it, and blocking work is done on the spot.
public protocol SocketlessDriver: Driver {}

extension SocketlessDriver {
    public func makeSecret(byteCount: Int) -> [UInt8] { [UInt8](repeating: 1, count: byteCount) }

    public func attach(_ client: any DriverClient) -> DriverClientID { fatalError("no clients here") }
    public func detach(_ client: DriverClientID) {}
    public func schedule(_ client: DriverClientID, at deadline: MonotonicInstant?) {}
    public func post(_ job: @escaping @Sendable () -> Void) { job() }

    public func bind(_ address: SocketAddress, for client: DriverClientID) throws(DriverError) -> BoundSocket
    {
        throw DriverError(code: .system, message: "no sockets here")
    }
    public func bindPolled(
        _ address: SocketAddress, for client: DriverClientID
    ) throws(DriverError) -> BoundSocket {
        throw DriverError(code: .system, message: "no sockets here")
    }
    public func poll(_ socket: SocketID, into buffer: inout OwnedBytes) -> ReceivedDatagram? { nil }
    public func close(_ socket: SocketID) {}
    public func receive(for client: DriverClientID, into buffer: inout OwnedBytes) -> ReceivedDatagram? {
        nil
    }
    public func transmit(_ bytes: RawSpan, from socket: SocketID, to destination: SocketAddress) {}
    public func sourceAddress(toReach destination: SocketAddress) -> SocketAddress? { nil }
    public func resolve(_ host: String, port: UInt16) async throws -> [SocketAddress] { [] }

    public func runBlocking<Value: Sendable>(
        lane: String, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value { try work() }
}
