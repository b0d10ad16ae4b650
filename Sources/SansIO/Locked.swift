internal import Synchronization

/// A value behind a lock: the only lock in the library, so that one place can be annotated for sanitizers.
///
/// Keep the closure short: no `await`, no continuation resumed, no call out of the type that owns it.
public final class Locked<Value>: @unchecked Sendable {
    // @unchecked: `value` is touched only inside `mutex`.
    private let mutex = Mutex(())
    @usableFromInline var value: Value

    public init(_ value: sending Value) { self.value = value }

    @usableFromInline func lock() { mutex._unsafeLock() }
    @usableFromInline func unlock() { mutex._unsafeUnlock() }

    /// Runs `body` with exclusive access to the value.
    @inlinable public func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        lock()
        defer { unlock() }
        return try body(&value)
    }
}
