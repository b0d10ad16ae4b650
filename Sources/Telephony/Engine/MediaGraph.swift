/// Which sound of one call goes where: its ports, and the mix that each listener gets.
///
/// Sources are the callee (the SIP leg), the agent and a player; listeners are the callee, the agent and the recorder.
struct MediaGraph: Hashable, Sendable {
    struct Sources: OptionSet, Hashable, Sendable {
        let rawValue: UInt8

        static let callee = Self(rawValue: 1)
        static let agent = Self(rawValue: 2)
        /// Heard only while the agent has nothing to say.
        static let player = Self(rawValue: 4)
    }

    var toCallee: Sources = []
    var toAgent: Sources = []
    var toRecorder: Sources = []

    /// Before the answer: the agent may listen, and nobody hears it.
    static let earlyMedia = Self(toAgent: [.callee])
    /// Before our answer to a caller that is told to listen.
    static let inboundEarlyMedia = Self(toCallee: [.agent, .player], toAgent: [.callee])
    static let conversation = Self(
        toCallee: [.agent, .player], toAgent: [.callee], toRecorder: [.callee, .agent, .player])
}
