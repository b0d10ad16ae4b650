public import SIPCore

/// A look inside a running dialer, for metrics and leak checks.
public struct DialerStatistics: Sendable {
    public var userAgent: UserAgent.Statistics
    /// Calls between their request and their outcome.
    public var liveCalls: Int
    /// Calls that hold media ports.
    public var liveLegs: Int
    /// How late RTP packets were handed to the system after their 20 ms deadline: those of the last leg wait for all others,
    /// always about as long, so that its packets are as evenly spaced.
    public var frameLateness: LatenessHistogram
    /// How late the work of a 20 ms deadline began; legs are then served one after another.
    public var tickLateness = LatenessHistogram()
    /// Deadlines that were passed over because the loop came more than 100 ms late.
    public var skippedTicks: Int
    /// Calls that were placed to us.
    public var inbound = InboundStatistics()
    /// Connections of TCP and TLS.
    public var streams = StreamStatistics()
}
