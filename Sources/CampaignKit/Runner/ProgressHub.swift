internal import SansIO

/// Hands progress to every subscriber; a slow one loses the oldest.
final class ProgressHub: Sendable {
    private struct State {
        var subscribers = OrderedTable<UInt64, AsyncStream<CampaignProgress>.Continuation>()
        var nextID: UInt64 = 0
        var isFinished = false
    }

    // Guards the list of subscribers, who come and go on any thread.
    private let state = Locked(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    func subscribe() -> AsyncStream<CampaignProgress> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: CampaignProgress.self, bufferingPolicy: .bufferingNewest(limit))
        let id: UInt64? = state.withLock { state in
            guard !state.isFinished else { return nil }
            state.nextID += 1
            state.subscribers[state.nextID] = continuation
            return state.nextID
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.subscribers[id] = nil } }
        return stream
    }

    func publish(_ progress: CampaignProgress) {
        let subscribers = state.withLock { $0.subscribers.values }
        for subscriber in subscribers { subscriber.yield(progress) }
    }

    func finish() {
        let subscribers = state.withLock { state in
            state.isFinished = true
            let all = state.subscribers.values
            state.subscribers = OrderedTable()
            return all
        }
        for subscriber in subscribers { subscriber.finish() }
    }
}
