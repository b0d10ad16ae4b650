import CallSimulator
import SansIO
import SocketDriver

/// The two drivers, for tests of what both promise.
enum EitherDriver: CaseIterable {
    case sockets, simulation

    /// Runs `body` on the pool with a real driver, or inside a world with a simulated one.
    ///
    /// - Parameter check: Looks at the world afterwards.
    func run(
        _ body: @escaping @Sendable (any Driver) async throws -> Void, thenIn check: (World) throws -> Void
    ) async throws {
        switch self {
        case .sockets:
            let driver = try SocketDriver()
            try await body(driver)
            driver.shutDown()
        case .simulation: try Self.simulate(body, check)
        }
    }

    private static func simulate(
        _ body: @escaping @Sendable (any Driver) async throws -> Void, _ check: (World) throws -> Void
    ) throws {
        let world = World(seed: 1)
        let driver = world.makeDriver(host: "10.0.0.1")
        try world.run { try await body(driver) }
        try check(world)
    }
}
