/// What the agent of a call hears and says while the call is in a ``Room`` or bridged.
@nonexhaustive
public enum RoomAgentMode: String, Hashable, Sendable, Codable {
    /// It hears nothing, and what it says waits until the call leaves. The default.
    case detached
    /// It hears its own far end and all that this one hears, and what it says waits.
    case listens
    /// It hears the same, and is heard by its own far end alone: a coach.
    case whispers
    /// It hears the same and is heard by everybody: a participant of its own, named after the call's with `.agent` behind.
    case speaks
}

/// How somebody takes part in a ``Room``.
public struct RoomParticipation: Hashable, Sendable {
    /// Heard by nobody in the room; by its own agent still.
    public var isMuted = false
    /// Hears nobody; its own agent still, when that speaks or whispers.
    public var isDeaf = false
    /// Names of those who hear it, in the room now or later; `nil`: everybody.
    public var audience: [String]?
    /// How much louder it is heard, -90...24 dB; beyond, the nearest. -90 is silence.
    public var gainDecibels = 0.0
    /// Whether its level is brought slowly to that of the others (``RTPMedia/AutomaticLevelControl``: -20 dBFS), on top of ``gainDecibels``.
    public var controlsLevel = false
    /// What its call's agent hears and says; without meaning for anybody but calls.
    public var agent = RoomAgentMode.detached

    /// Hears everybody and is heard by everybody.
    public init(
        isMuted: Bool = false, isDeaf: Bool = false, audience: [String]? = nil, gainDecibels: Double = 0,
        controlsLevel: Bool = false, agent: RoomAgentMode = .detached
    ) {
        self.isMuted = isMuted
        self.isDeaf = isDeaf
        self.audience = audience
        self.gainDecibels = gainDecibels
        self.controlsLevel = controlsLevel
        self.agent = agent
    }

    /// Hears everybody and is heard by nobody: a supervisor who listens in.
    public static let monitor = Self(isMuted: true)

    /// Hears everybody and is heard by these alone: a coach.
    public static func whispering(to names: String...) -> Self { Self(audience: names) }
}
