private import Foundation
private import RTPMedia
private import SansIO

/// `bench --voice [DIR]`: voices in noise, found by energy alone and by bands and periodicity.
///
/// Stretches of speech with pauses between them are mixed with noise at a given distance from the speech's level. A hit is a
/// frame of speech with voice on; a false alarm is a frame with voice on more than 400 ms after speech.
enum VoiceBench {
    private static let noises = ["white", "pink", "car", "babble"]
    private static let ratios = [0.0, 5, 10, 15, 20]

    /// - Parameter folder: WAV files of clean speech; `nil` for the project's test data.
    /// - Returns: The exit code.
    static func run(folder: String?) -> Int32 {
        let root = ProcessInfo.processInfo.environment["OUTDIAL_TESTDATA"] ?? "../shared/testdata"
        let folder = URL(filePath: folder ?? root + "/amd")
        do {
            let voices = try SpeechFile.all(in: folder, at: 8_000, most: 24).map(\.samples)
                .filter { $0.count > 8_000 }
            guard voices.count > 1 else { throw CocoaError(.fileReadNoSuchFile) }
            print(
                "\(voices.count) recordings of \(folder.path): hits, false alarms in %, false onsets a minute"
            )
            print("noise   dB      by energy                by bands")
            for noise in noises {
                for ratio in ratios {
                    var line = noise.padding(toLength: 7, withPad: " ", startingAt: 0)
                    line += String(format: "%3.0f", ratio)
                    for method in [VoiceActivity.Configuration.Method.energy, .bands] {
                        var score = Score()
                        for index in 0..<min(8, voices.count) {
                            let mix = NoisySpeech(
                                voices, first: index, noise: noise, decibels: ratio, seed: UInt64(index + 1))
                            score.add(mix, by: method)
                        }
                        line += score.text
                    }
                    print(line)
                }
            }
            return 0
        } catch {
            FileHandle.standardError.write(Data("bench: \(folder.path): \(error)\n".utf8))
            return 1
        }
    }

    private struct Score {
        var speech = 0
        var hits = 0
        var quiet = 0
        var alarms = 0
        var onsets = 0

        var text: String {
            let minutes = Double(quiet) / 3_000
            return String(
                format: "   %6.1f %6.1f %6.1f   ", 100 * Double(hits) / Double(max(1, speech)),
                100 * Double(alarms) / Double(max(1, quiet)), Double(onsets) / max(0.01, minutes))
        }

        mutating func add(_ mix: NoisySpeech, by method: VoiceActivity.Configuration.Method) {
            var configuration = VoiceActivity.Configuration()
            configuration.method = method
            var detector = VoiceActivity(configuration)
            let samples = mix.samples.span
            for frame in mix.isSpeech.indices {
                let event = detector.process(samples.extracting(frame * 160..<frame * 160 + 160))
                guard frame >= 100 else { continue }
                if mix.isSpeech[frame] {
                    speech += 1
                    if detector.isVoice { hits += 1 }
                } else if mix.isQuiet[frame] {
                    quiet += 1
                    if detector.isVoice { alarms += 1 }
                    if event == .started { onsets += 1 }
                }
            }
        }
    }
}

/// Forty seconds of speech with pauses, in noise.
private struct NoisySpeech {
    private static let length = 320_000
    private static let level = 3_000.0
    var samples: [Int16] = []
    var isSpeech: [Bool] = []
    /// Long after speech.
    var isQuiet: [Bool] = []

    init(_ voices: [[Int16]], first: Int, noise: String, decibels: Double, seed: UInt64) {
        var generator = SeededGenerator(seed: seed, label: "voices")
        var clean = [Double](repeating: 0, count: Self.length)
        var position = 16_000
        var voice = first
        while position + 40_000 < Self.length {
            let words = voices[voice % voices.count].prefix(28_000)
            for (offset, sample) in words.enumerated() { clean[position + offset] = Double(sample) }
            position += words.count + 8_000 + Int(generator.nextUnit() * 16_000)
            voice += voices.count / 8 + 1
        }
        let loudness = (0..<Self.length / 160).map { Self.rms(clean[$0 * 160..<$0 * 160 + 160]) }
        let least = 0.05 * (loudness.max() ?? 0)
        isSpeech = loudness.map { $0 > least }
        var since = 1_000
        isQuiet = isSpeech.map { isSpeech in
            since = isSpeech ? 0 : since + 1
            return since >= 20
        }
        let active = loudness.filter { $0 > least }
        let scale =
            Self.level / (active.reduce(0) { $0 + $1 * $1 } / Double(max(1, active.count))).squareRoot()
        let other = Self.noise(noise, voices, first: first, &generator)
        let gain = Self.level * pow(10, -decibels / 20) / Self.rms(other[...])
        samples = zip(clean, other).map {
            Int16(max(-32_768, min(32_767, $0 * scale + $1 * gain)))
        }
    }

    private static func rms(_ samples: ArraySlice<Double>) -> Double {
        (samples.reduce(0) { $0 + $1 * $1 } / Double(max(1, samples.count))).squareRoot()
    }

    private static func noise(
        _ kind: String, _ voices: [[Int16]], first: Int, _ generator: inout SeededGenerator
    ) -> [Double] {
        var result = [Double](repeating: 0, count: length)
        if kind == "babble" {
            // Eight voices at once, none of them the speaker's first.
            for talker in 1...8 {
                let voice = voices[(first + talker) % voices.count]
                let offset = Int(generator.nextUnit() * Double(voice.count))
                for index in 0..<length { result[index] += Double(voice[(offset + index) % voice.count]) }
            }
            return result
        }
        var (low, lower, high) = (0.0, 0.0, 0.0)
        for index in 0..<length {
            let white = (0..<6).reduce(-3.0) { sum, _ in sum + generator.nextUnit() }
            low = 0.97 * low + white
            lower = 0.997 * lower + 0.1 * white
            high = 0.6 * high + 0.05 * white
            switch kind {
            case "white": result[index] = white
            case "pink": result[index] = lower + 0.3 * high * 10 + 0.1 * low + 0.2 * white
            default: result[index] = low + 3 * high
            }
        }
        return result
    }
}
