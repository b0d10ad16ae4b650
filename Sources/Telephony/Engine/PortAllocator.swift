internal import SansIO

/// Hands out pairs of UDP ports, RTP even and RTCP the next (RFC 3550 §11), and lets returned ones rest.
///
/// With a range it owns every pair of it and gives out the one that has rested longest. Without one the system chooses
/// ports, and this only says which of them must still rest.
struct PortAllocator: Sendable {
    private struct Resting: Sendable {
        var port: UInt16
        var readyAt: MonotonicInstant
    }

    let isSystemChosen: Bool
    private let quarantine: Duration
    /// In order of return: the head is ready first.
    private var waiting: [Resting] = []
    private var head = 0
    /// Of `waiting`, for system-chosen ports.
    private var restingPorts: Set<UInt16> = []

    /// - Parameter range: Ports that may be used; a pair counts only when both lie in it. `nil`: the system chooses.
    init(range: ClosedRange<UInt16>?, quarantine: Duration) {
        self.quarantine = quarantine
        isSystemChosen = range == nil
        guard let range else { return }
        let first = Int(range.lowerBound) + Int(range.lowerBound & 1)
        for port in stride(from: first, to: Int(range.upperBound), by: 2) {
            waiting.append(
                Resting(port: UInt16(port), readyAt: MonotonicInstant(nanoseconds: .min)))
        }
    }

    /// The part of a range that belongs to one of several allocators; whole pairs, as far as there are enough.
    ///
    /// - Returns: `nil` for no range, where the system chooses.
    static func share(_ index: Int, of count: Int, in range: ClosedRange<UInt16>?) -> ClosedRange<UInt16>? {
        guard let range, count > 1 else { return range }
        let first = Int(range.lowerBound) + Int(range.lowerBound & 1)
        let pairs = max(0, (Int(range.upperBound) - first + 1) / 2)
        let begin = first + pairs * index / count * 2
        let end = first + pairs * (index + 1) / count * 2 - 1
        // An empty share is one port, which holds no pair.
        guard begin <= end else { return range.lowerBound...range.lowerBound }
        return UInt16(begin)...UInt16(end)
    }

    /// Pairs that could be taken now or later.
    var availablePairs: Int { waiting.count - head }

    /// Takes the RTP port of the pair that has rested longest.
    ///
    /// - Returns: `nil` when every pair is in use or still rests.
    mutating func take(at now: MonotonicInstant) -> UInt16? {
        guard !isSystemChosen, head < waiting.count, waiting[head].readyAt <= now else { return nil }
        defer { advance() }
        return waiting[head].port
    }

    /// Whether a pair that the system chose may be used at `now`.
    mutating func mayUse(systemChosen port: UInt16, at now: MonotonicInstant) -> Bool {
        while head < waiting.count, waiting[head].readyAt <= now {
            restingPorts.remove(waiting[head].port)
            advance()
        }
        return !restingPorts.contains(port)
    }

    /// Gives a pair back; it may be used again after the quarantine.
    mutating func release(_ port: UInt16, at now: MonotonicInstant) {
        waiting.append(Resting(port: port, readyAt: now.advanced(by: quarantine)))
        if isSystemChosen { restingPorts.insert(port) }
    }

    private mutating func advance() {
        head += 1
        guard head > 64, head * 2 > waiting.count else { return }
        waiting.removeFirst(head)
        head = 0
    }
}
