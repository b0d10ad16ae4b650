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

/// A player port: samples at the agent's rate, once or again and again.
struct AudioPlayer: Sendable {
    private var samples: [Int16] = []
    private var position = 0
    private var isRepeating = false

    init() {}

    init(samples: [Int16], isRepeating: Bool) {
        self.samples = samples
        self.isRepeating = isRepeating
    }

    /// Overwrites `frame` with the next samples, the rest with silence; leaves it alone when nothing is to be played.
    mutating func fill(_ frame: inout MutableSpan<Int16>) {
        guard !samples.isEmpty else { return }
        for index in 0..<frame.count {
            if position == samples.count {
                guard isRepeating else {
                    frame[index] = 0
                    continue
                }
                position = 0
            }
            frame[index] = samples[position]
            position += 1
        }
        if position == samples.count, !isRepeating { self = Self() }
    }
}
