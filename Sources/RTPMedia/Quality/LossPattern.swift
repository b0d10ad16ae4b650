/// Where packets of a stream are missing: bursts and gaps (RFC 3611 §4.7.2), and how far losses come in runs.
///
/// A packet is judged when it has fallen ``window`` packets behind the newest: until then it may still come. A burst
/// begins and ends with a missing packet, has at least two, and nowhere ``gapThreshold`` packets in a row that came;
/// everything else is gap, single losses among it.
public struct LossPattern: Hashable, Sendable {
    /// Packets for which a place is kept open.
    static let window = 64
    /// Gmin: packets in a row that came, which end a burst.
    public static let gapThreshold = 16

    private enum Fate { case played, lost, discarded }

    private var highest = SequenceNumber(0)
    /// Of the packets up to the highest, bit 0: which came in time, and which came but were of no use.
    private var arrived: UInt64 = 0
    private var discardedBits: UInt64 = 0
    /// Packets in the window that belong to the stream.
    private var open = 0

    /// Packets judged, and of these the lost and the discarded ones.
    private var packets = 0
    private var lost = 0
    private var discarded = 0
    /// Maximal runs of missing packets.
    private var runs = 0
    private var isInRun = false

    // The cluster of missing packets that may become a burst.
    private var clusterMissing = 0
    private var clusterLength = 0
    private var clusterStart = 0
    /// Packets that came since the last missing one.
    private var since = 0

    private var bursts = 0
    private var burstPackets = 0
    private var burstMissing = 0
    /// Gaps of no length at the ends of the stream.
    private var startsWithBurst = false
    private var endsWithBurst = false

    public init() {}

    /// A packet of the stream has come; older ones than the window are ignored, and so is a second copy.
    ///
    /// - Parameter isDiscarded: Too late to be played.
    public mutating func receive(_ sequence: SequenceNumber, isDiscarded: Bool = false) {
        guard open > 0 else {
            highest = sequence
            arrived = 1
            discardedBits = isDiscarded ? 1 : 0
            open = 1
            return
        }
        let ahead = highest.distance(to: sequence)
        guard ahead > 0 else {
            guard -ahead < open else { return }
            let bit = UInt64(1) << UInt64(-ahead)
            if arrived & bit == 0, isDiscarded { discardedBits |= bit }
            arrived |= bit
            return
        }
        advance(by: ahead)
        highest = sequence
        arrived |= 1
        if isDiscarded { discardedBits |= 1 }
    }

    /// The stream has started over: what is open is judged, and counting goes on with the next packet.
    public mutating func restart() {
        flush()
        open = 0
        arrived = 0
        discardedBits = 0
    }

    private mutating func advance(by count: Int) {
        for _ in 0..<min(count, SequenceNumber.longestAdvance) {
            if open == Self.window { judge(Self.window - 1) } else { open += 1 }
            arrived <<= 1
            discardedBits <<= 1
        }
    }

    private mutating func flush() {
        for place in (0..<open).reversed() { judge(place) }
        open = 0
    }

    private mutating func judge(_ place: Int) {
        let bit = UInt64(1) << UInt64(place)
        if arrived & bit == 0 {
            count(.lost)
        } else {
            count(discardedBits & bit == 0 ? .played : .discarded)
        }
    }

    private mutating func count(_ fate: Fate) {
        packets += 1
        switch fate {
        case .played:
            since += 1
            isInRun = false
            return
        case .lost: lost += 1
        case .discarded: discarded += 1
        }
        if !isInRun { runs += 1 }
        isInRun = true
        if clusterMissing > 0, since < Self.gapThreshold {
            clusterLength += since + 1
            clusterMissing += 1
        } else {
            closeCluster()
            clusterStart = packets - 1
            clusterLength = 1
            clusterMissing = 1
        }
        since = 0
    }

    private mutating func closeCluster() {
        if clusterMissing > 1 {
            bursts += 1
            burstPackets += clusterLength
            burstMissing += clusterMissing
            if clusterStart == 0 { startsWithBurst = true }
            endsWithBurst = since == 0
        }
        clusterMissing = 0
        clusterLength = 0
    }

    /// What stands now, with the packets that are still open judged as they are.
    public var summary: Summary {
        var all = self
        all.flush()
        all.endsWithBurst = false
        all.closeCluster()
        return Summary(all)
    }

    /// Figures over the whole stream.
    public struct Summary: Hashable, Sendable {
        public let packets: Int
        public let lost: Int
        /// Came, but too late.
        public let discarded: Int
        public let bursts: Int
        /// Lost or discarded within bursts and within gaps, 0...1.
        public let burstDensity: Double
        public let gapDensity: Double
        /// Mean lengths in packets; 0 without any.
        public let burstLength: Double
        public let gapLength: Double
        /// How much longer runs of missing packets are than if they were missing at random, at least 1 (G.107 §7.4).
        public let burstRatio: Double

        fileprivate init(_ pattern: LossPattern) {
            packets = pattern.packets
            lost = pattern.lost
            discarded = pattern.discarded
            bursts = pattern.bursts
            let missing = pattern.lost + pattern.discarded
            let gapPackets = pattern.packets - pattern.burstPackets
            func share(_ part: Int, of whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
            burstDensity = share(pattern.burstMissing, of: pattern.burstPackets)
            gapDensity = share(missing - pattern.burstMissing, of: gapPackets)
            burstLength = share(pattern.burstPackets, of: pattern.bursts)
            let gaps =
                pattern.bursts + 1 - (pattern.startsWithBurst ? 1 : 0) - (pattern.endsWithBurst ? 1 : 0)
            gapLength = share(gapPackets, of: gaps)
            // At random a run has 1 / (1 - p) packets on average.
            let received = share(pattern.packets - missing, of: pattern.packets)
            burstRatio = max(1, share(missing, of: pattern.runs) * received)
        }
    }
}

extension SequenceNumber {
    /// Further ahead nothing is counted packet by packet.
    fileprivate static let longestAdvance = 3_000
}
