internal import RTPMedia
internal import SansIO

/// What a callee heard of its caller. Times are milliseconds since the callee's answer.
public struct HeardByCallee: Hashable, Sendable, Codable {
    /// One stretch of voice.
    public struct Voice: Hashable, Sendable, Codable {
        public var startMilliseconds: Int
        public var endMilliseconds: Int

        public init(startMilliseconds: Int, endMilliseconds: Int) {
            self.startMilliseconds = startMilliseconds
            self.endMilliseconds = endMilliseconds
        }
    }

    /// In order. One that has not ended ends with the last loud frame.
    public var voice: [Voice] = []
    /// Keys, in order.
    public var digits = ""
    /// Mean level of the loud frames in dBFS, a full-scale sine being 0; `nil` when nothing was loud.
    public var levelDBFS: Double?
    /// End of the last frame that was not digital silence; `nil` when all were.
    public var lastSoundMilliseconds: Int?
    /// Everything heard, 8,000 Hz, when it was asked for; otherwise empty.
    public var samples: [Int16] = []

    public init() {}

    /// Sum of all stretches of voice.
    public var voiceMilliseconds: Int { voice.reduce(0) { $0 + $1.endMilliseconds - $1.startMilliseconds } }
}

/// Listens frame by frame.
struct CalleeEars: Sendable {
    private(set) var heard = HeardByCallee()
    /// By the energy: a callee's script may wait for any sound.
    private var activity = VoiceActivity(.energy)
    private let keepsAudio: Bool
    private var loudFrames = 0
    private var loudEnergy = 0.0
    private var lastLoud: Duration?

    init(keepsAudio: Bool) { self.keepsAudio = keepsAudio }

    var isVoice: Bool { activity.isVoice }

    /// - Parameter elapsed: From the answer to this frame's deadline.
    mutating func hear(_ frame: Span<Int16>, at elapsed: Duration) {
        let end = Int(elapsed.nanoseconds / 1_000_000)
        let event = activity.process(frame)
        if activity.isLoud {
            loudFrames += 1
            loudEnergy += activity.energy
            lastLoud = elapsed
            heard.levelDBFS = AudioLevel(meanSquare: loudEnergy / Double(loudFrames)).decibelsFullScale
        }
        if activity.energy > 64 { heard.lastSoundMilliseconds = end }
        switch event {
        case .started:
            let onset = VoiceActivity.Configuration().onsetFrames * 20
            heard.voice.append(.init(startMilliseconds: max(0, end - onset), endMilliseconds: end))
        case .stopped, nil:
            if activity.isVoice, activity.isLoud, let last = heard.voice.indices.last {
                heard.voice[last].endMilliseconds = end
            }
        }
        guard keepsAudio else { return }
        for index in 0..<frame.count { heard.samples.append(frame[index]) }
    }

    mutating func heard(_ digit: Character) {
        // Bounded: a caller may press keys for an hour.
        if heard.digits.count < 4_096 { heard.digits.append(digit) }
    }

    /// How long the caller has been silent, counted from the last loud frame or from `start`.
    func silence(
        at now: MonotonicInstant, since start: MonotonicInstant, answeredAt: MonotonicInstant?
    ) -> Duration {
        guard let lastLoud, let answeredAt else { return start.duration(to: now) }
        return max(start, answeredAt.advanced(by: lastLoud)).duration(to: now)
    }
}
