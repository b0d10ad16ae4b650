internal import SansIO

/// Until when a dialer waits before it takes calls: until one of its trunks is reached, or none can be.
final class FirstLine: Sendable {
    private struct State {
        /// Trunks that have not been tried.
        var left: Int
        var fault: CallError?
    }

    private let gate = Gate()
    // Guards what has come of the trunks, which are looked for side by side.
    private let state: Locked<State>

    init(of trunks: Int) { state = Locked(State(left: trunks, fault: nil)) }

    /// What came of a trunk. Without a socket nothing works, not even later.
    func note(_ result: Result<Void, CallError>) {
        let isOver = state.withLock { state in
            state.left -= 1
            switch result {
            case .success: return true
            case .failure(let error) where error.code == .socket:
                state.fault = state.fault ?? error
                return true
            case .failure: return state.left <= 0
            }
        }
        if isOver { gate.open() }
    }

    /// The dialer stops.
    func giveUp() { gate.open() }

    /// - Throws: ``CallError/Code/socket``.
    func wait() async throws(CallError) {
        await gate.wait()
        if let fault = state.withLock({ $0.fault }) { throw fault }
    }
}
