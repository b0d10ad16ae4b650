/// What is done to the callee's sound before agent and answer classifier hear it. Everything is off by default.
public struct VoiceProcessing: Hashable, Sendable {
    /// By how many decibels noise is lowered at most, 1...60; `nil`: not at all. 15 is a good measure.
    public var noiseSuppressionDecibels: Int?
    /// The level that speech is brought to; `nil`: it stays as it is.
    public var automaticLevel: AudioLevel?
    /// How long an echo of the agent's own voice may be, 20...500 ms, beyond the delay of the way there and back, which is found out;
    /// `nil`: echoes stay. For callees on speakerphones, who else interrupt the agent with its own words.
    public var echoTail: Duration?

    public init(
        noiseSuppressionDecibels: Int? = nil, automaticLevel: AudioLevel? = nil, echoTail: Duration? = nil
    ) {
        self.noiseSuppressionDecibels = noiseSuppressionDecibels
        self.automaticLevel = automaticLevel
        self.echoTail = echoTail
    }

    /// What is wrong with it, naming the field; `nil` when nothing is.
    public var fault: String? {
        if let noiseSuppressionDecibels, !(1...60).contains(noiseSuppressionDecibels) {
            return "`noiseSuppressionDecibels` is 1 to 60"
        }
        if let automaticLevel, !(-40.0 ... -6.0).contains(automaticLevel.decibelsFullScale) {
            return "`automaticLevel` is -40 to -6 dB of full scale"
        }
        if let echoTail, echoTail < .milliseconds(20) || echoTail > .milliseconds(500) {
            return "`echoTail` is 20 to 500 ms"
        }
        return nil
    }

    /// Whether nothing is to be done.
    public var isOff: Bool { noiseSuppressionDecibels == nil && automaticLevel == nil && echoTail == nil }
}
