/// Tells voice from line noise by energy over an adaptive floor: 8 kHz, one 20 ms frame (160 samples) at a time.
///
/// The floor follows the quietest 10 ms of the last second: it drops at once and rises slowly, so that steady noise is
/// learnt within a second or two while the dips inside speech keep it down. Nothing here allocates.
public struct VoiceActivity: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// How far above the floor a frame must be to count as loud.
        public var thresholdDecibels = 5.5
        /// How far below the loudest voice of late a frame may be.
        public var rangeDecibels = 25.0
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

    private var filter = HighPass()
    /// Mean square of -75 dB of full scale.
    private static let digitalSilence = 17.0
    private var silentRun = 0
    private let ratio: Double
    private let rangeRatio: Double
    /// Mean square of the loudest frame, fading.
    private var peak = 0.0
    private let minimumEnergy: Double
    private let configuration: Configuration
    private var loudRun = 0
    private var quietRun = 0
    /// Least energy of each of the last six blocks of ten frames; the current one at `frames / 10 % 5`.
    private var minima: InlineArray<5, Double> = .init(repeating: .infinity)

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        ratio = Decibels.ratio(configuration.thresholdDecibels)
        rangeRatio = Decibels.ratio(-configuration.rangeDecibels)
        minimumEnergy = configuration.minimumLevel.meanSquare
    }

    /// Takes the next frame.
    public mutating func process(_ frame: Span<Int16>) -> Event? {
        let half = frame.count / 2
        let first = filter.meanSquare(frame.extracting(0..<half))
        let second = filter.meanSquare(frame.extracting(half..<frame.count))
        energy = (first + second) / 2
        follow(min(first, second))
        isLoud = energy > max(floor * ratio, peak * rangeRatio, minimumEnergy)
        // Two decibels a second: a quieter speaker is found again, a swell of street noise is not.
        peak = max(isLoud ? energy : 0, peak * 0.991)
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
        let block = frames / 10 % 5
        if frames % 10 == 0 { minima[block] = .infinity }
        frames += 1
        // A lost packet sounds like digital silence and says nothing about the line; a longer silence does.
        silentRun = quietest < Self.digitalSilence ? silentRun + 1 : 0
        if silentRun < 5, silentRun > 0, floor > Self.digitalSilence { return }
        minima[block] = Swift.min(minima[block], quietest)
        var least = Double.infinity
        for index in 0..<5 { least = Swift.min(least, minima[index]) }
        // The least of many draws lies below the mean of noise; +2 dB brings it back. The rise is 7 dB a second.
        let target = least * 1.6
        floor = frames <= 5 ? target : Swift.min(target, Swift.max(floor, 4) * 1.035)
    }
}

/// A second-order Butterworth high-pass at 250 Hz for 8 kHz: hum, rumble and most of a room's noise lie below, nearly all
/// of telephone speech above.
private struct HighPass: Sendable {
    private var x1 = 0.0
    private var x2 = 0.0
    private var y1 = 0.0
    private var y2 = 0.0

    /// Mean square of the filtered samples.
    mutating func meanSquare(_ samples: Span<Int16>) -> Double {
        guard samples.count > 0 else { return 0 }
        var sum = 0.0
        for index in 0..<samples.count {
            let x0 = Double(samples[index])
            let y0 = 0.8703 * (x0 - 2 * x1 + x2) + 1.7237 * y1 - 0.7575 * y2
            (x2, x1, y2, y1) = (x1, x0, y1, y0)
            sum += y0 * y0
        }
        return sum / Double(samples.count)
    }
}
