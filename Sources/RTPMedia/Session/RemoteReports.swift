internal import SansIO

/// What the far end says of the stream that we send it. Every number is its word alone and is kept within bounds.
struct RemoteReports: Sendable {
    /// The last report's, 0...1.
    private(set) var fractionLost: Double?
    private(set) var roundTrip: Duration?
    /// In units of our timestamp.
    private(set) var jitter = 0.0
    private(set) var metrics: VoIPMetrics?

    private var lastHighest: UInt32?
    private var packets = 0.0
    private var lost = 0.0

    /// Lost of all packets that reports have covered, 0...1; `nil` without any.
    var lossRate: Double? {
        guard let fractionLost else { return nil }
        return packets > 0 ? lost / packets : fractionLost
    }

    mutating func take(_ report: ReceptionReport) {
        let fraction = Double(report.fractionLost) / 256
        fractionLost = fraction
        jitter = Double(min(report.jitter, 480_000))
        // Packets since the report before; a report out of order, or of a stream that has started over, covers none.
        let covered = lastHighest.map { report.extendedHighestSequence &- $0 } ?? 0
        lastHighest = report.extendedHighestSequence
        guard covered > 0, covered < 0x1_0000 else { return }
        packets += Double(covered)
        lost += Double(covered) * fraction
    }

    mutating func take(_ metrics: VoIPMetrics) { self.metrics = metrics }

    /// - Parameter nanoseconds: Negative when the far end's clock is wrong, and then no time.
    mutating func takeRoundTrip(nanoseconds: Int64) {
        guard (0...60_000_000_000).contains(nanoseconds) else { return }
        roundTrip = .nanoseconds(nanoseconds)
    }

    /// We have another SSRC: counts start over, what was learnt of the path stays.
    mutating func sourceChanged() { lastHighest = nil }
}
