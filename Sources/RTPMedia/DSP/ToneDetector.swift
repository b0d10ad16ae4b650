/// Finds beeps: a steady pitch, or two at once, from 400 to 2,100 Hz, in 8 kHz audio of 20 ms frames (160 samples).
///
/// Each frame is weighted with a Hann window and measured by 40 Goertzel filters, 50 Hz apart. A frame is tonal when one or
/// two peaks hold nearly all of its energy; a tone is a run of tonal frames whose pitch and level stand still, which
/// the harmonics of a voice do not. Nothing here allocates.
public struct ToneDetector: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// Shortest tone in frames: 4 are found in every beep of 100 ms.
        public var minimumFrames = 4
        /// Where the stronger pitch must lie, in hertz.
        public var pitches = 390.0...2_110.0
        /// Share of a frame's energy in its peak, or in its two peaks.
        public var minimumPurity = 0.82
        /// How far the pitch may move from frame to frame, in hertz: 440 and 480 Hz together seem to move by 15.
        public var maximumDrift = 18.0

        public init() {}
    }

    /// What a tone is like so far.
    public struct Heard: Hashable, Sendable {
        /// The stronger pitch, within a few hertz.
        public var hertz: Double
        /// The weaker pitch of a dual tone.
        public var secondHertz: Double?
        /// Frames that were tonal.
        public var frames: Int
        /// First frame, counted from the first one processed.
        public var firstFrame: Int
        /// Samples from the first one processed to the tone's end, within some milliseconds.
        public var endSample: Int
        /// How far the stronger pitch moved from frame to frame, at most, in hertz; the first and the last frame, which the tone
        /// may fill in part, do not count.
        public var pitchStep = 0.0
        /// Mean square of the loudest of those frames over that of the quietest.
        public var levelRatio = 1.0
        /// Least share of those frames' energy in the pitch, or the pair, 0...1.
        public var purity = 1.0
    }

    public enum Event: Hashable, Sendable {
        /// A tone has lasted ``Configuration/minimumFrames``.
        case started(Heard)
        /// It is over, since one frame.
        case ended(Heard)
    }

    /// Whether the last frame by itself was tonal.
    public private(set) var isTonal = false
    /// Whether a tone goes on.
    public private(set) var isOn = false
    /// Frames seen.
    public private(set) var frames = 0

    private let configuration: Configuration
    private var current: Heard?
    /// Greatest mean square in the current run.
    private var loudest = 0.0
    private var misses = 0
    /// The last frame of the current run, which is not counted as long as it may be the last.
    private var latest = Measured()
    private var quietest = 0.0
    /// From the last frame but one to the last.
    private var lastStep = 0.0

    private struct Measured {
        var hertz = 0.0
        var energy = 0.0
        var purity = 1.0
    }

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Takes the next frame of 160 samples.
    ///
    /// - Parameter tones: What has been measured of this frame already; `nil`: it is measured here.
    public mutating func process(_ frame: Span<Int16>, tones: FrameTones? = nil) -> Event? {
        precondition(frame.count == ToneSpectrum.frameSamples, "a frame is 20 ms at 8 kHz")
        let index = frames
        frames += 1
        let tones = tones ?? FrameTones(of: frame)
        let (energy, peaks) = (tones.energy, tones.peaks)
        isTonal =
            peaks.map { peaks in
                peaks.purity >= configuration.minimumPurity && configuration.pitches.contains(peaks.hertz)
            } ?? false
        if let peaks, isTonal, continues(peaks, energy: energy) {
            return extend(peaks, energy: energy, at: index)
        }
        if isOn {
            // One odd frame inside a tone is forgiven, and one of digital silence: lost packets sound like that. A drop to
            // the noise of the line is the end.
            misses += 1
            let isLong = current.map { $0.frames >= 4 } ?? false
            if isLong, misses < 2, energy > loudest / 16 || energy < 1 { return nil }
            return end(frame)
        }
        current = nil
        if let peaks, isTonal { return extend(peaks, energy: energy, at: index) }
        return nil
    }

    /// Whether a tonal frame belongs to the current run; a first one always does.
    private func continues(_ peaks: ToneSpectrum.Peaks, energy: Double) -> Bool {
        guard let current else { return true }
        guard energy > loudest / 4, abs(peaks.hertz - current.hertz) <= configuration.maximumDrift
        else { return false }
        // The first frame may hold only the tone's beginning.
        return current.frames < 2 || energy < loudest * 4
    }

    private mutating func extend(_ peaks: ToneSpectrum.Peaks, energy: Double, at index: Int) -> Event? {
        misses = 0
        if var run = current {
            if run.frames > 1 {
                quietest = run.frames == 2 ? latest.energy : min(quietest, latest.energy)
                run.levelRatio = max(run.levelRatio, loudest / quietest)
                run.pitchStep = max(run.pitchStep, lastStep)
                run.purity = min(run.purity, latest.purity)
            }
            lastStep = run.frames > 1 ? abs(peaks.hertz - latest.hertz) : 0
            // The pitch is that of the whole run; the first frame, which may be half silence, counts for less.
            run.frames += 1
            let weight = 1 / Double(min(run.frames, 8))
            run.hertz += (peaks.hertz - run.hertz) * weight
            if let second = peaks.secondHertz { run.secondHertz = run.secondHertz ?? second }
            current = run
            loudest = max(loudest, energy)
        } else {
            current = Heard(
                hertz: peaks.hertz, secondHertz: peaks.secondHertz, frames: 1, firstFrame: index,
                endSample: 0)
            loudest = energy
        }
        latest = Measured(hertz: peaks.hertz, energy: energy, purity: peaks.purity)
        current?.endSample = (index + 1) * ToneSpectrum.frameSamples
        guard !isOn, let current, current.frames >= configuration.minimumFrames else { return nil }
        isOn = true
        return .started(current)
    }

    /// Ends the tone; how far it reached into the frame that ended it is read off in pieces of 5 ms.
    private mutating func end(_ frame: Span<Int16>) -> Event? {
        guard var heard = current else { return nil }
        if misses == 1 {
            let piece = ToneSpectrum.frameSamples / 4
            for part in 0..<4 {
                let energy = Mixer.meanSquare(frame.extracting(part * piece..<(part + 1) * piece))
                guard energy > loudest / 4 else { break }
                heard.endSample += piece
            }
        }
        isOn = false
        current = nil
        misses = 0
        return .ended(heard)
    }
}
