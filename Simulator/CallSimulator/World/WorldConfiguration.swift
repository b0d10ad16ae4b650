public import SansIO

/// What a ``World`` starts with, besides its seed.
public struct WorldConfiguration: Sendable {
    /// In which order work runs that is ready at the same instant.
    public enum JobOrder: Hashable, Sendable {
        /// First come, first served.
        case arrival
        /// Drawn from the seed: finds code that leans on an order that nobody promised.
        case drawn
    }

    /// The wall clock at the start of the world; Thursday 2026-01-15, 17:00 UTC (noon in New York) unless set.
    public var wallClock = WallClockInstant(secondsSinceEpoch: 1_768_496_400)
    /// What links between hosts do unless ``World/setNetwork(_:from:to:)`` says otherwise. A host reaches itself at once.
    public var network = NetworkModel.perfect
    /// What the DNS knows at the start of the world.
    public var zone = NameZone()
    public var jobOrder = JobOrder.arrival
    /// What the trace keeps for text and captures; the digest covers everything in any case.
    public var recording = Trace.Recording.nothing
    /// Virtual time after which a run is given up.
    public var timeLimit = Duration.seconds(366 * 86_400)
    /// Steps at one instant after which a run is given up as turning in circles.
    public var stepsPerInstant = 10_000_000
    /// Datagrams that wait in one socket; more are lost, as in a full kernel buffer.
    public var socketCapacity = 4_096

    public init() {}
}
