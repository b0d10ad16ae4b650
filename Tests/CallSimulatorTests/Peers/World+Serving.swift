import CallSimulator
import SansIO
import Telephony

extension World {
    /// Runs `body` while a dialer and the peer that it calls serve, then stops both.
    ///
    /// - Parameter ending: What is asked of the peer when the dialer has stopped.
    func serving<Value: Sendable>(
        _ dialer: Dialer, on caller: SimulatedDriver, calling peer: LoopbackPeer,
        ending: @escaping @Sendable () async -> Void = {},
        _ body: @escaping @Sendable (Dialer) async throws -> Value
    ) throws -> Value {
        try run {
            try await peer.start()
            let value = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dialer.run() }
                try await caller.sleep(for: .milliseconds(1))
                let value = try await body(dialer)
                await dialer.shutDown()
                try await group.waitForAll()
                return value
            }
            await ending()
            await peer.stop()
            return value
        }
    }
}
