internal import SansIO

/// Paces keys that go out as INFO requests: one at a time, each after the answer to the one before it and not sooner than
/// the key before has lasted, with the gap behind it.
struct InfoDigitSender: Sendable {
    enum Output: Hashable, Sendable {
        /// Send this key; ``answered(_:at:)`` is called with its answer.
        case send(Character)
    }

    /// How long a key is said to have been held.
    static let duration = Duration.milliseconds(160)
    static let gap = Duration.milliseconds(100)
    static let pause = Duration.milliseconds(500)
    /// Keys and pauses that can be queued.
    static let capacity = 256

    private var queue: [Character] = []
    private var isWaiting = false
    /// When the next key may go out.
    private var ready = MonotonicInstant(nanoseconds: 0)

    /// When ``fire(at:)`` has work to do; `nil`: not before an answer has come.
    var nextDeadline: MonotonicInstant? { isWaiting || queue.isEmpty ? nil : ready }

    /// - Returns: False, queueing nothing, when they do not all fit.
    mutating func send(_ digits: String) -> Bool {
        guard queue.count + digits.count <= Self.capacity else { return false }
        queue.append(contentsOf: digits)
        return true
    }

    mutating func fire(at now: MonotonicInstant) -> Output? {
        while !isWaiting, !queue.isEmpty, ready <= now {
            let digit = queue.removeFirst()
            if digit == "W" {
                ready = now.advanced(by: Self.pause)
                continue
            }
            isWaiting = true
            ready = now.advanced(by: Self.duration + Self.gap)
            return .send(digit)
        }
        return nil
    }

    /// Takes the answer to the key that was sent.
    ///
    /// - Parameter status: `nil` when no answer came. A far end that refuses one key is sent no more of them.
    mutating func answered(_ status: Int?, at now: MonotonicInstant) {
        isWaiting = false
        if let status, status < 300 { return }
        queue.removeAll()
    }
}
