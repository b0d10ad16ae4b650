/// Brings speech to one level, whoever speaks: mono 16-bit samples at any rate, in frames of 20 ms. For what is heard of one call
/// (``VoiceProcessing/automaticLevel``) and for each talker of a conference.
///
/// The level of speech is measured while there is speech, as the mean square of its louder half; the gain goes there by at
/// most 12 dB a second and stays in pauses, so that noise does not swell. A peak that would not fit is turned down before it
/// comes, as far as the frame shows it coming; none is cut off.
/// Nothing here allocates.
public struct AutomaticLevelControl: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// Level of the speech that comes out.
        public var target = AudioLevel.dBFS(-18)
        /// Most that is added, in decibels.
        public var maximumGainDecibels = 30.0
        /// Most that is taken away, in decibels.
        public var maximumCutDecibels = 20.0
        /// Below this there is no speech.
        public var minimumLevel = AudioLevel.dBFS(-55)

        public init() {}
    }

    /// The gain now, in decibels.
    public var gainDecibels: Double { 20 * Decibels.of(gain) / 10 }

    /// Magnitude that leaves 1 dB to spare.
    private static let ceiling = 29_200.0

    private let target: Double
    private let most: Double
    private let least: Double
    private let minimum: Double
    /// As a factor.
    private var gain = 1.0
    /// Mean square of the speech; 0 until there was some.
    private var speech = 0.0
    /// Mean square of the loudest speech of late.
    private var peak = 0.0
    private var speechFrames = 0
    /// Magnitude of the last sample that came out.
    private var last = 0.0

    public init(_ configuration: Configuration = Configuration()) {
        target = configuration.target.meanSquare
        most = Decibels.ratio(max(0, configuration.maximumGainDecibels) / 2)
        least = Decibels.ratio(-max(0, configuration.maximumCutDecibels) / 2)
        minimum = configuration.minimumLevel.meanSquare
    }

    /// Changes a frame in place. Takes for speech what lies within 15 dB of the loudest of late: the rest are its ends, and noise.
    public mutating func process(_ frame: inout MutableSpan<Int16>) {
        let energy = Mixer.meanSquare(frame.span)
        peak = max(energy, peak * 0.995)
        process(&frame, energy: energy, isSpeech: energy > peak * 0.03)
    }

    /// Changes a frame in place, for a caller that knows whether it is speech (``VoiceActivity/isLoud``).
    public mutating func process(_ frame: inout MutableSpan<Int16>, isSpeech: Bool) {
        process(&frame, energy: Mixer.meanSquare(frame.span), isSpeech: isSpeech)
    }

    private mutating func process(_ frame: inout MutableSpan<Int16>, energy: Double, isSpeech: Bool) {
        guard frame.count > 0 else { return }
        let before = gain
        if isSpeech { learn(energy) }
        var loudest: Int32 = 0
        for index in 0..<frame.count { loudest = max(loudest, abs(Int32(frame[index]))) }
        if Double(loudest) * gain > Self.ceiling { gain = max(Self.ceiling / Double(loudest), least) }
        if gain < before, Double(loudest) * before > Self.ceiling {
            lower(&frame, from: before)
        } else {
            // Linear over the frame, so that no step is heard.
            let slope = (gain - before) / Double(frame.count)
            for index in 0..<frame.count {
                let factor = before + slope * Double(index + 1)
                frame[index] = Int16(clamping: Int((Double(frame[index]) * factor).rounded()))
            }
        }
        last = abs(Double(frame[frame.count - 1]))
    }

    /// Brings the gain down before the first sample that would not fit: over 2.5 ms, where the frame shows it so early.
    private func lower(_ frame: inout MutableSpan<Int16>, from before: Double) {
        var first = 0
        while first < frame.count, abs(Double(frame[first])) * before <= Self.ceiling { first += 1 }
        let ramp = frame.count / 8
        let slope = (gain - before) / Double(max(ramp, 1))
        var factor = before
        var magnitude = last
        for index in 0..<frame.count {
            let sample = Double(frame[index])
            if first >= ramp {
                if index >= first { factor = gain } else if index >= first - ramp { factor += slope }
            } else {
                // Else the gain falls as the sound rises, so that what comes out does not jump.
                factor = max(gain, min(factor, magnitude / max(abs(sample), 1)))
            }
            let scaled = (sample * factor).rounded()
            frame[index] = Int16(clamping: Int(scaled))
            magnitude = abs(scaled)
        }
    }

    private mutating func learn(_ energy: Double) {
        guard energy > minimum else { return }
        speechFrames += 1
        let share = max(0.02, 1 / Double(speechFrames))
        speech += (energy - speech) * share
        let wanted = min(most, max(least, (target / max(speech, 1)).squareRoot()))
        // 12 dB a second: 0.24 dB a frame. The first half second may go faster.
        let pace = speechFrames < 25 ? 1.12 : 1.028
        gain = min(max(wanted, gain / pace), gain * pace)
    }
}
