internal import SansIO

/// An actor that lives on its driver's loop and is spoken to by messages.
///
/// Its methods never suspend, so each step runs to its end.
protocol LoopEngine: Actor, DriverClient {
    nonisolated var driver: any Driver { get }
}

extension LoopEngine {
    /// Runs `step` on the loop, after the step that is running and in the order of posting. Any thread.
    nonisolated func post(_ step: @escaping @Sendable (isolated Self) -> Void) {
        driver.post { self.assumeIsolated { step($0) } }
    }

    /// Like ``post(_:)``, waiting for what `step` returns. Deaf to cancellation.
    nonisolated func ask<Answer: Sendable>(
        _ step: @escaping @Sendable (isolated Self) -> Answer
    ) async -> Answer {
        await withUnsafeContinuation { continuation in
            post { continuation.resume(returning: step($0)) }
        }
    }
}
