#if canImport(Darwin)
    private import Darwin
#elseif canImport(Musl)
    private import Musl
#else
    private import Glibc
#endif

/// A value behind a lock: the only lock in the library.
///
/// A POSIX mutex: the standard library's `Mutex` is a priority-inheritance futex on Linux, which the kernel was seen to
/// call deadlocked under contention ("Recursive call to lock Mutex") and which the thread sanitizer does not understand.
///
/// Keep the closure short: no `await`, no continuation resumed, no call out of the type that owns it.
@safe public final class Locked<Value>: @unchecked Sendable {
    // @unchecked: `value` is touched only inside `mutex`.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline var value: Value

    public init(_ value: sending Value) {
        self.value = value
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        let failure = unsafe pthread_mutex_init(mutex, nil)
        precondition(failure == 0, "the system refuses a mutex")
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deinitialize(count: 1)
        unsafe mutex.deallocate()
    }

    @usableFromInline func lock() { unsafe pthread_mutex_lock(mutex) }
    @usableFromInline func unlock() { unsafe pthread_mutex_unlock(mutex) }

    /// Runs `body` with exclusive access to the value.
    @inlinable public func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        lock()
        defer { unlock() }
        return try body(&value)
    }
}
