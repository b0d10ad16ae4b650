/// Tells voice from line noise by energy over an adaptive floor: 8 kHz, one 20 ms frame (160 samples) at a time.
///
/// The floor follows the quietest 10 ms of the last 1.2 s: it drops at once and rises slowly, so that steady noise is
/// learnt within a second or two while the dips inside speech keep it down. Nothing here allocates.
public struct VoiceActivity: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// How far above the floor a frame must be to count as loud.
        public var thresholdDecibels = 9.0
        /// Below this no frame is loud, however quiet the line.
        public var minimumLevel = AudioLevel.dBFS(-48)
        /// Loud frames that start voice.
        public var onsetFrames = 2
        /// Quiet frames that end it: 15 are 300 ms, longer than any pause inside a word.
        public var hangoverFrames = 15

        public init() {}
    }

    public enum Event: Hashable, Sendable {
        /// Voice began ``Configuration/onsetFrames`` frames ago.
        case started
        /// The last loud frame lies ``Configuration/hangoverFrames`` frames back.
        case stopped
    }

    /// Whether voice is on, hangover included.
    public private(set) var isVoice = false
    /// Whether the last frame by itself was loud.
    public private(set) var isLoud = false
    /// Mean square of the last frame.
    public private(set) var energy = 0.0
    /// Mean square taken for noise.
    public private(set) var floor = 0.0
    /// Frames seen.
    public private(set) var frames = 0

    private let ratio: Double
    private let minimumEnergy: Double
    private let configuration: Configuration
    private var loudRun = 0
    private var quietRun = 0
    /// Least energy of each of the last six blocks of ten frames; the current one at `frames / 10 % 6`.
    private var minima: InlineArray<6, Double> = .init(repeating: .infinity)

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        ratio = AudioLevel.dBFS(configuration.thresholdDecibels).meanSquare / AudioLevel.dBFS(0).meanSquare
        minimumEnergy = configuration.minimumLevel.meanSquare
    }

    /// Takes the next frame.
    public mutating func process(_ frame: Span<Int16>) -> Event? {
        let half = frame.count / 2
        let first = Mixer.meanSquare(frame.extracting(0..<half))
        let second = Mixer.meanSquare(frame.extracting(half..<frame.count))
        energy = (first + second) / 2
        follow(min(first, second))
        isLoud = energy > max(floor * ratio, minimumEnergy)
        loudRun = isLoud ? loudRun + 1 : 0
        quietRun = isLoud ? 0 : quietRun + 1
        if !isVoice, loudRun >= configuration.onsetFrames {
            isVoice = true
            return .started
        }
        if isVoice, quietRun >= configuration.hangoverFrames {
            isVoice = false
            return .stopped
        }
        return nil
    }

    private mutating func follow(_ quietest: Double) {
        let block = frames / 10 % 6
        if frames % 10 == 0 { minima[block] = .infinity }
        minima[block] = Swift.min(minima[block], quietest)
        var least = Double.infinity
        for index in 0..<6 { least = Swift.min(least, minima[index]) }
        frames += 1
        // The least of many draws lies below the mean of noise; +2 dB brings it back. The rise is 6 dB a second.
        let target = least * 1.6
        floor = frames <= 5 ? target : Swift.min(target, Swift.max(floor, 4) * 1.028)
    }
}
