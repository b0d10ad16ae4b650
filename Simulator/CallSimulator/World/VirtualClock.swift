public import SansIO

/// A world's time as a `Clock`, for code that is generic over clocks.
public struct VirtualClock: Clock {
    public typealias Instant = MonotonicInstant

    private let driver: SimulatedDriver

    /// The clock of the world that `driver` belongs to.
    public init(_ driver: SimulatedDriver) { self.driver = driver }

    public var now: MonotonicInstant { driver.now }

    /// Virtual time is exact.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// Suspends the calling task until `deadline`; the tolerance is not used.
    ///
    /// - Throws: `CancellationError` at once when the task is cancelled.
    public func sleep(until deadline: MonotonicInstant, tolerance: Duration? = nil) async throws {
        try await driver.sleep(until: deadline)
    }
}
