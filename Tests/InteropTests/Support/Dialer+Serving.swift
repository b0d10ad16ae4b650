import Foundation
import SansIO
import Telephony

extension Dialer {
    /// Serves while `body` runs, then shuts down.
    func serving<Value: Sendable>(
        _ body: @escaping @Sendable (Dialer) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.run() }
            do {
                // Returns once it listens.
                _ = try await statistics()
                let value = try await body(self)
                await shutDown()
                try await group.waitForAll()
                return value
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }
}

/// Asks again and again until it is so.
///
/// - Returns: Whether it was so within `limit` seconds.
func eventually(_ limit: Double = 10, _ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = Date().addingTimeInterval(limit)
    while Date() < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(50))
    }
    return try await condition()
}

/// An agent that says one tone and measures another.
struct ToneTalk: CallHandler {
    /// What it has heard in each call that lasted: the share of `hertz` in the last second, 0...1.
    let shares = Locked<[Double]>([])
    /// What baresip says.
    var hertz = 440.0
    /// Whether it goes on until the far end hangs up.
    var staysOn = false

    func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance {
        { call in
            try await call.answered()
            let share = try await Self.talk(on: call, hertz: hertz)
            shares.withLock { $0.append(share) }
            if staysOn { try await call.sleep(for: .seconds(20)) }
            return AgentResult(status: .done)
        }
    }

    /// Says 1 kHz for two seconds and listens as long.
    ///
    /// - Returns: The share of `hertz` in the second half.
    static func talk(on call: Call, hertz: Double = 440) async throws -> Double {
        let tone = (0..<32_000).map { Int16(8_000 * sin(Double($0) * 2 * .pi * 1_000 / 16_000)) }
        try await call.audio.write(tone)
        var heard: [Int16] = []
        while heard.count < 32_000, let samples = await call.audio.read() { heard += samples }
        return BaresipTests.share(of: hertz, in: heard.suffix(16_000), rateHertz: 16_000)
    }
}
