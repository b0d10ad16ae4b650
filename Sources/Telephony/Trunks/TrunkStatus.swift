public import SansIO

/// Whether a trunk can take calls, and if not, why.
@nonexhaustive
public enum TrunkState: String, Hashable, Sendable, Codable, CaseIterable {
    case ready
    /// As many calls as it may have, or as many starts a second.
    case atLimit
    /// It asked to be left alone (`Retry-After`).
    case resting
    /// Faults in a row: nothing is sent for a while.
    case open
    /// One call tries whether it works again.
    case halfOpen
    /// It refuses us; ``Dialer/resume(trunk:)`` makes it ready again.
    case stopped
    /// It must be registered and is not.
    case unregistered
    /// It does not answer OPTIONS.
    case unreachable

    /// As it stands in an outcome.
    var words: String {
        switch self {
        case .ready: "it is ready"
        case .atLimit: "it has as many calls as it may"
        case .resting: "it rests, as it asked for"
        case .open: "it is left alone after faults in a row"
        case .halfOpen: "one call tries whether it works again"
        case .stopped: "it is stopped, since it refuses us"
        case .unregistered: "it is not registered"
        case .unreachable: "it does not answer"
        }
    }
}

/// A trunk at one moment, for people and monitoring.
public struct TrunkStatus: Hashable, Sendable {
    public var name: String
    public var state: TrunkState
    /// When it can be used again, where that is a matter of time.
    public var usableAt: WallClockInstant?
    /// Until when the registrar knows us; `nil` when it does not, or needs not.
    public var registeredUntil: WallClockInstant?
    /// Of the last answer to OPTIONS or REGISTER.
    public var roundTrip: Duration?
    /// Calls under way, from the choice of the trunk to their end.
    public var calls = 0
    /// Calls that wait for this trunk, alone or among others.
    public var waiting = 0
    /// INVITEs of calls in the last second.
    public var callsPerSecond = 0
    /// INVITEs of calls since the start.
    public var attempts = 0
    /// Faults since the last call that worked.
    public var consecutiveFaults = 0
    /// Faults since the start.
    public var faults = 0
    /// The last fault, in words: `503 Service Unavailable`.
    public var lastFault: String?

    public init(name: String, state: TrunkState) {
        self.name = name
        self.state = state
    }
}

/// Something happened to a trunk.
@nonexhaustive
public enum TrunkEvent: Hashable, Sendable {
    /// It can, or can no longer, take calls. Limits of calls are not told: they come and go with every call.
    case changed(TrunkState)
    /// A call ended with a fault of the trunk, in words.
    case fault(String)
    /// It knows us until then.
    case registered(until: WallClockInstant)
    /// It does not know us, in words.
    case registrationFailed(String)
    /// Our registration has been taken back, because the dialer stops.
    case unregistered
    /// It answered OPTIONS, or did not.
    case probed(TrunkProbe)
}

/// One OPTIONS and what came of it.
public struct TrunkProbe: Hashable, Sendable {
    /// Status of the answer; `nil` when none came.
    public var sipStatus: Int?
    public var roundTrip: Duration?

    public init(sipStatus: Int?, roundTrip: Duration?) {
        self.sipStatus = sipStatus
        self.roundTrip = roundTrip
    }
}
