/// Tells voice from line noise: 8 kHz, one 20 ms frame (160 samples) at a time.
///
/// By ``Configuration/Method/bands``, eight bands are held against the noise that each of them has; by
/// ``Configuration/Method/energy`` it is the energy alone.
/// The floor follows the quietest 10 ms of the last second: it drops at once and rises slowly, so that steady noise is
/// learnt within a second or two while the dips inside speech keep it down. Nothing here allocates.
public struct VoiceActivity: Sendable {
    public struct Configuration: Hashable, Sendable {
        public enum Method: Hashable, Sendable {
            /// The energy over the noise.
            case energy
            /// Several bands over the noise of each: finds voices down to the level of steady noise.
            case bands
        }

        public var method = Method.bands
        /// How far the bands must lie above their noise on average, by ``Method/bands``.
        public var prominenceDecibels = 4.0
        /// How far above the floor a frame must be to count as loud, by ``Method/energy``.
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

        /// By ``Method/energy``, with the usual thresholds.
        public static var energy: Self {
            var configuration = Self()
            configuration.method = .energy
            return configuration
        }
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
    private var bands = VoiceBands()
    private var voicing = Voicing()
    /// Which of the last sixteen frames were voiced, the newest in the lowest bit.
    private var voiced: UInt16 = 0
    /// Periodicity of a voiced frame.
    private static let voicedPeriodicity: Float = 0.7
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
        switch configuration.method {
        case .energy: judgeEnergy(of: frame)
        case .bands: judgeBands(of: frame)
        }
        // Two decibels a second: a quieter speaker is found again, a swell of street noise is not.
        peak = max(isLoud ? energy : 0, peak * 0.991)
        loudRun = isLoud ? loudRun + 1 : 0
        // Noise that comes and goes is loud, too, but hardly ever sounds like a pitch.
        let isVoiced = configuration.method == .energy || voiced != 0
        quietRun = isLoud && isVoiced ? 0 : quietRun + 1
        if !isVoice, loudRun >= configuration.onsetFrames, isVoiced {
            isVoice = true
            return .started
        }
        if isVoice, quietRun >= configuration.hangoverFrames {
            isVoice = false
            return .stopped
        }
        return nil
    }

    private mutating func judgeEnergy(of frame: Span<Int16>) {
        let half = frame.count / 2
        let first = filter.meanSquare(frame.extracting(0..<half))
        let second = filter.meanSquare(frame.extracting(half..<frame.count))
        energy = (first + second) / 2
        // The least of many draws lies below the mean of noise; +2 dB brings it back.
        follow(min(first, second), bias: 1.6)
        isLoud = energy > max(floor * ratio, peak * rangeRatio, minimumEnergy)
    }

    private mutating func judgeBands(of frame: Span<Int16>) {
        bands.process(frame)
        energy = Double(bands.energy)
        follow(energy, bias: 1.4)
        isLoud = (energy > floor * ratio || standsOut) && energy > max(peak * rangeRatio, minimumEnergy)
        voicing.hear(frame)
        // Asked of loud frames alone: it costs as much as all the rest.
        let isVoiced = isLoud && voicing.periodicity() >= Self.voicedPeriodicity
        voiced = voiced << 1 | (isVoiced ? 1 : 0)
    }

    /// Whether the bands stand out of their noise.
    private var standsOut: Bool { Double(bands.prominence) > configuration.prominenceDecibels }

    private mutating func follow(_ quietest: Double, bias: Double) {
        let block = frames / 10 % 5
        if frames % 10 == 0 { minima[block] = .infinity }
        frames += 1
        // A lost packet sounds like digital silence and says nothing about the line; a longer silence does.
        silentRun = quietest < Self.digitalSilence ? silentRun + 1 : 0
        if silentRun < 5, silentRun > 0, floor > Self.digitalSilence { return }
        minima[block] = Swift.min(minima[block], quietest)
        var least = Double.infinity
        for index in 0..<5 { least = Swift.min(least, minima[index]) }
        // The rise is 7 dB a second.
        let target = least * bias
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
        let count = samples.count
        var sum = 0.0
        var (x1, x2, y1, y2) = (x1, x2, y1, y2)
        samples.withUnsafeBufferPointer { samples in
            var index = 0
            while index < count {
                let x0 = Double(samples[index])
                let y0 = 0.8703 * (x0 - 2 * x1 + x2) + 1.7237 * y1 - 0.7575 * y2
                x2 = x1
                x1 = x0
                y2 = y1
                y1 = y0
                sum += y0 * y0
                index = index &+ 1
            }
        }
        (self.x1, self.x2, self.y1, self.y2) = (x1, x2, y1, y2)
        return sum / Double(samples.count)
    }
}
