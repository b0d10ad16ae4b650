/// Agents that have something to read, or room to write, since the deadline that is being served. Belongs to one media loop.
///
/// They are woken together behind the last leg: one by one, each would cost the system a wake-up of its own, and the legs behind
/// it the time for that.
package final class AgentWakes {
    private var waiting: [UnsafeContinuation<Void, Never>] = []

    func append(_ continuation: UnsafeContinuation<Void, Never>) { waiting.append(continuation) }

    /// In the order in which they came.
    func resumeAll() {
        for continuation in waiting { continuation.resume() }
        waiting.removeAll(keepingCapacity: true)
    }
}
