public import SansIO

/// Answers of the DNS for as long as they hold (RFC 1035 §7.4, RFC 2308), in bounded room.
public struct DNSCache: Sendable {
    /// What a failure of the server or silence is remembered for: long enough that a hundred calls at once do not ask a
    /// hundred times, short enough to see the end of it.
    public static let faultTime = Duration.seconds(5)
    /// Longest time for which anything is kept (RFC 8767 §4 advises a week; a carrier that moves is to be found again).
    public static let maximumTime = Duration.seconds(86_400)

    private struct Entry: Sendable {
        var answer: DNSAnswer
        var expires: MonotonicInstant
    }

    /// Answers kept; above it the one that expires first goes.
    public let capacity: Int
    private var entries: [DNSQuestion: Entry] = [:]

    public init(capacity: Int = 512) { self.capacity = max(1, capacity) }

    public var count: Int { entries.count }

    /// The answer to `question` that still holds at `now`.
    public func answer(to question: DNSQuestion, at now: MonotonicInstant) -> DNSAnswer? {
        guard let entry = entries[question], now < entry.expires else { return nil }
        return entry.answer
    }

    /// When that answer ceases to hold; `nil` when there is none at `now`.
    public func expiry(of question: DNSQuestion, at now: MonotonicInstant) -> MonotonicInstant? {
        guard let entry = entries[question], now < entry.expires else { return nil }
        return entry.expires
    }

    /// Keeps an answer for its time.
    public mutating func store(_ answer: DNSAnswer, to question: DNSQuestion, at now: MonotonicInstant) {
        let time = min(Self.maximumTime, answer.timeToLive ?? Self.faultTime)
        guard time > .zero else {
            entries[question] = nil
            return
        }
        if entries[question] == nil, entries.count >= capacity { makeRoom(at: now) }
        entries[question] = Entry(answer: answer, expires: now.advanced(by: time))
    }

    private mutating func makeRoom(at now: MonotonicInstant) {
        entries = entries.filter { $0.value.expires > now }
        guard entries.count >= capacity else { return }
        // By name where times are equal: the order of a dictionary differs from run to run.
        let first = entries.min {
            ($0.value.expires, $0.key.name, $0.key.type.rawValue)
                < ($1.value.expires, $1.key.name, $1.key.type.rawValue)
        }
        if let first { entries[first.key] = nil }
    }
}
