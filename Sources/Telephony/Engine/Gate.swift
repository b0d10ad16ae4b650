internal import SansIO

/// Opens once; one task can wait for it. Deaf to cancellation on purpose: teardown must see the protocol end.
final class Gate: Sendable {
    private enum State {
        case closed
        case waiting(UnsafeContinuation<Void, Never>)
        case open
    }

    // Guards the one waiter; it is resumed after the lock is released.
    private let state = Locked(State.closed)

    /// Any thread; further calls do nothing.
    func open() {
        let waiter: UnsafeContinuation<Void, Never>? = state.withLock { state in
            defer { state = .open }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        waiter?.resume()
    }

    func wait() async {
        await withUnsafeContinuation { continuation in
            let isOpen = state.withLock { state in
                if case .open = state { return true }
                state = .waiting(continuation)
                return false
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// A queue from any thread to one task that takes until it is finished. Deaf to cancellation, like ``Gate``.
final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var head = 0
        var isFinished = false
        var waiter: UnsafeContinuation<Void, Never>?

        var count: Int { elements.count - head }

        mutating func take() -> Element? {
            guard head < elements.count else { return nil }
            defer {
                head += 1
                if head == elements.count {
                    elements.removeAll(keepingCapacity: elements.capacity <= 64)
                    head = 0
                }
            }
            return elements[head]
        }
    }

    // Guards the queue and the one waiter; it is resumed after the lock is released.
    private let state = Locked(State())

    /// Elements that wait.
    var count: Int { state.withLock { $0.count } }

    /// - Returns: False when the mailbox is finished.
    @discardableResult
    func put(_ element: Element) -> Bool {
        let (accepted, waiter): (Bool, UnsafeContinuation<Void, Never>?) = state.withLock { state in
            guard !state.isFinished else { return (false, nil) }
            state.elements.append(element)
            return (true, state.waiter.take())
        }
        waiter?.resume()
        return accepted
    }

    /// Takes no more; what waits can still be taken.
    func finish() {
        let waiter: UnsafeContinuation<Void, Never>? = state.withLock { state in
            state.isFinished = true
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// The next element; `nil` once it is finished and empty.
    func next() async -> Element? {
        while true {
            let (element, isFinished) = state.withLock { state in (state.take(), state.isFinished) }
            if let element { return element }
            if isFinished { return nil }
            await withUnsafeContinuation { continuation in
                let resumesNow = state.withLock { state in
                    guard state.count == 0, !state.isFinished else { return true }
                    state.waiter = continuation
                    return false
                }
                if resumesNow { continuation.resume() }
            }
        }
    }
}
