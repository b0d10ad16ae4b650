internal import SansIO

/// Our SSRC, and what to do when somebody else uses it (RFC 3550 §8.2).
///
/// The first time it comes from a host it counts as a collision: BYE for the old one, another one for us. When that
/// one comes from there too, it is our own stream that comes back: an echo test, which is heard but changes nothing more.
struct OwnSource: Sendable {
    enum Verdict: Hashable, Sendable {
        /// Not ours.
        case foreign
        case collision
        case loop
    }

    /// Addresses remembered, and for how long: ten intervals of reports.
    static let limit = 4
    static let memory = Duration.seconds(50)

    private(set) var current: UInt32
    /// What we have given up, until its BYE has left.
    private(set) var abandoned: UInt32?
    private var conflicts: [(address: SocketAddress, lastSeen: MonotonicInstant)] = []
    private var generator: SeededGenerator

    init(_ source: UInt32, generator: SeededGenerator) {
        current = source
        self.generator = generator
    }

    /// Judges the SSRC of a packet from an address that is believed in.
    mutating func judge(_ source: UInt32, from address: SocketAddress, at now: MonotonicInstant) -> Verdict {
        guard source == current else { return .foreign }
        for index in conflicts.indices
        where conflicts[index].address.isSameHost(as: address)
            && conflicts[index].lastSeen.duration(to: now) < Self.memory
        {
            conflicts[index].lastSeen = now
            return .loop
        }
        conflicts.removeAll { $0.address.isSameHost(as: address) }
        if conflicts.count == Self.limit { conflicts.removeFirst() }
        conflicts.append((address, now))
        if abandoned == nil { abandoned = current }
        repeat {
            current = UInt32(truncatingIfNeeded: generator.next() >> 32)
        } while current == source
        return .collision
    }

    mutating func takeAbandoned() -> UInt32? { abandoned.take() }
}
