internal import SansIO

/// Takes work with files off the dialer's loop: items wait in order, and one job of a blocking lane takes all that wait.
///
/// Before ``start(on:)`` an item is written where it is appended. Bounded: beyond `limit` an item is refused, and its owner counts it.
final class BackgroundQueue<Item: Sendable>: Sendable {
    private struct State {
        var driver: (any Driver)?
        var items: [Item] = []
        var isScheduled = false
    }

    // Guards the items that wait. Held for a moment only, on the loop too.
    private let state = Locked(State())
    // Makes one writer wait for another, off the loop.
    private let turn = Locked(())
    private let lane: String
    private let limit: Int
    private let write: @Sendable ([Item]) -> Void

    /// - Parameters:
    ///   - lane: Blocking lane of the driver.
    ///   - limit: Items that may wait.
    ///   - write: Given items in order, by one thread at a time.
    init(lane: String, limit: Int, write: @escaping @Sendable ([Item]) -> Void) {
        self.lane = lane
        self.limit = max(1, limit)
        self.write = write
    }

    /// From now on items are written in a lane of `driver`.
    func start(on driver: any Driver) { state.withLock { $0.driver = driver } }

    /// - Returns: False, losing the item, when too many wait.
    func append(_ item: Item) -> Bool {
        let (isTaken, driver, isAlone) = state.withLock { state -> (Bool, (any Driver)?, Bool) in
            guard state.items.count < limit else { return (false, nil, false) }
            state.items.append(item)
            guard let driver = state.driver else { return (true, nil, true) }
            defer { state.isScheduled = true }
            return (true, state.isScheduled ? nil : driver, false)
        }
        if isAlone {
            drain()
        } else if let driver {
            driver.postBlocking(lane: lane) { self.drain() }
        }
        return isTaken
    }

    /// Writes all that waits on the calling thread, after whoever is writing.
    func drain() {
        turn.withLock { _ in
            let items = state.withLock { state in
                defer { state.items = [] }
                state.isScheduled = false
                return state.items
            }
            if !items.isEmpty { write(items) }
        }
    }
}
