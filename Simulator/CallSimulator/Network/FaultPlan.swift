package import SansIO

/// Faults put in on purpose, at exact places: the sweep "drop the Nth datagram, for every N" and its relatives.
///
/// Datagrams are counted from 1 in the order of sending, over the whole world. Pure.
public struct FaultPlan: Hashable, Sendable {
    /// One fault.
    public enum Fault: Hashable, Sendable {
        /// Datagram number `n` is lost.
        case drop(Int)
        /// Datagram number `n` arrives a second time, so much later.
        case duplicate(Int, after: Duration)
        /// Datagram number `n` arrives so much later than the network would have it; later ones may pass it.
        case delay(Int, by: Duration)
        /// Nothing passes between two hosts from `start` until `end`; `nil` stands for every host.
        case partition(String?, String?, from: Duration, until: Duration)
        /// What is sent to a host between `start` and `end` arrives in one go at `end`.
        case hold(to: String, from: Duration, until: Duration)
    }

    public var faults: [Fault]

    public init(_ faults: [Fault] = []) { self.faults = faults }

    /// What the plan does to one datagram.
    package struct Verdict: Hashable, Sendable {
        package var isLost = false
        package var delay = Duration.zero
        package var notBefore = MonotonicInstant(nanoseconds: .min)
        package var copyAfter: Duration?

        package init() {}
    }

    /// - Parameters:
    ///   - number: The datagram's number, from 1.
    ///   - source: Host of the sender, and of the receiver, as literals.
    package func verdict(
        on number: Int, from source: String, to destination: String, at now: MonotonicInstant
    ) -> Verdict {
        var verdict = Verdict()
        let time = Duration.nanoseconds(now.nanoseconds)
        for fault in faults {
            switch fault {
            case .drop(number): verdict.isLost = true
            case .duplicate(number, let after): verdict.copyAfter = after
            case .delay(number, let by): verdict.delay += by
            case .partition(let one, let other, let start, let end):
                guard time >= start, time < end else { break }
                let forward = matches(one, source) && matches(other, destination)
                let backward = matches(one, destination) && matches(other, source)
                if forward || backward { verdict.isLost = true }
            case .hold(destination, let start, let end):
                guard time >= start, time < end else { break }
                let release = MonotonicInstant(nanoseconds: end.nanoseconds)
                verdict.notBefore = max(verdict.notBefore, release)
            case .drop, .duplicate, .delay, .hold: break
            }
        }
        return verdict
    }

    private func matches(_ pattern: String?, _ host: String) -> Bool { pattern == nil || pattern == host }
}
