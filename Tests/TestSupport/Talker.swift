private import Foundation
public import SansIO

/// Somebody who talks, made in code: syllables of a voice with three formants and a gliding pitch, consonants of noise, words,
/// sentences and the pauses between them. Nobody understands it; classifiers take it for speech.
///
/// Syllables are made once for each of ``count`` voices; what is said is put together from them, so that many long texts cost
/// little.
public struct Talker: Sendable {
    /// How many voices there are.
    public static let count = 12

    /// How somebody talks.
    public struct Manner: Sendable {
        /// Syllables of a word, at most.
        public var longestWord = 3
        /// Milliseconds between words; most have none.
        public var wordGaps = 0...60
        /// Words of a sentence.
        public var sentences = 4...10
        /// Milliseconds between sentences.
        public var pauses = 200...600

        public init() {}

        /// Any that a person, or whoever reads out a greeting, may have.
        public init(using generator: inout SeededGenerator) {
            longestWord = Int.random(in: 2...5, using: &generator)
            wordGaps = 0...Int.random(in: 20...110, using: &generator)
            let shortest = Int.random(in: 3...6, using: &generator)
            sentences = shortest...shortest + Int.random(in: 1...6, using: &generator)
            pauses = 150...Int.random(in: 250...700, using: &generator)
        }
    }

    private struct Sound: Sendable {
        var vowel: [Int16]
        var consonant: [Int16]
    }

    private let sounds: [Sound]

    /// - Parameter index: Which voice; any number.
    public init(_ index: Int) { sounds = Self.bank[(index % Self.count + Self.count) % Self.count] }

    /// Talk of about so many milliseconds, at 8,000 Hz, its loud parts near full scale.
    ///
    /// - Returns: The samples; the last is that of the last word.
    public func samples(
        milliseconds: Int, _ manner: Manner = Manner(), using generator: inout SeededGenerator
    ) -> [Int16] {
        let length = 8 * milliseconds
        var samples: [Int16] = []
        samples.reserveCapacity(length + 4_000)
        var wordsLeft = Int.random(in: manner.sentences, using: &generator)
        while true {
            for _ in 0..<Int.random(in: 1...max(1, manner.longestWord), using: &generator) {
                let sound = sounds[Int.random(in: 0..<sounds.count, using: &generator)]
                if generator.chance(0.6) { samples += sound.consonant }
                samples += sound.vowel
                if samples.count >= length { return samples }
            }
            wordsLeft -= 1
            var gap = generator.chance(0.5) ? 0 : Int.random(in: manner.wordGaps, using: &generator)
            if wordsLeft <= 0 {
                wordsLeft = Int.random(in: manner.sentences, using: &generator)
                gap = Int.random(in: manner.pauses, using: &generator)
                // A pause behind which nothing would come is none.
                if samples.count + 8 * gap + 1_600 >= length { return samples }
            }
            samples.append(contentsOf: repeatElement(0, count: 8 * gap))
        }
    }

    // MARK: Voices

    private static let bank: [[Sound]] = (0..<count).map { index in
        var generator = SeededGenerator(seed: UInt64(index), label: "talker")
        // From low men to children, evenly over the voices.
        let pitch = 85 * pow(3.2, (Double(index) + generator.nextUnit()) / Double(count))
        let tract = 0.85 + 0.4 * Double(index) / Double(count)
        let length = Double.random(in: 110...230, using: &generator)
        return (0..<10).map { _ in
            Sound(
                vowel: vowel(pitch, tract, length, &generator), consonant: consonant(length, &generator))
        }
    }

    private static let formants: [(Double, Double, Double)] = [
        (730, 1_090, 2_440), (530, 1_840, 2_480), (390, 1_990, 2_550), (570, 840, 2_410), (440, 1_020, 2_240),
        (640, 1_190, 2_390), (300, 870, 2_240), (490, 1_350, 1_690),
    ]

    private static func vowel(
        _ pitch: Double, _ tract: Double, _ length: Double, _ generator: inout SeededGenerator
    ) -> [Int16] {
        let count = Int(8 * length * Double.random(in: 0.6...1.5, using: &generator))
        let chosen = formants[Int.random(in: 0..<formants.count, using: &generator)]
        var filters = [(chosen.0, 80.0, 1.0), (chosen.1, 110, 0.5), (chosen.2, 160, 0.25)].map {
            Resonance(hertz: min(3_400, $0.0 * tract), bandwidth: $0.1, gain: $0.2)
        }
        let tune = Double.random(in: -0.12...0.12, using: &generator)
        let glide = Double.random(in: -0.2...0.12, using: &generator)
        var untilPulse = 0.0
        let raw = (0..<count).map { index -> Double in
            let progress = Double(index) / Double(count)
            untilPulse -= 1
            var pulse = 0.02 * (generator.nextUnit() - 0.5)
            if untilPulse <= 0 {
                pulse += 1
                let shimmer = 1 + 0.02 * (generator.nextUnit() - 0.5)
                untilPulse += 8_000 / (pitch * (1 + tune) * (1 + glide * progress) * shimmer)
            }
            let loudness = min(1, progress / 0.15, (1 - progress) / 0.35)
            return loudness * (filters[0].pass(pulse) + filters[1].pass(pulse) + filters[2].pass(pulse))
        }
        let peak = raw.reduce(1e-9) { max($0, abs($1)) }
        let level = Double.random(in: 12_000...26_000, using: &generator)
        return raw.map { Int16(level * $0 / peak) }
    }

    /// A gap, as before a plosive, then a hiss.
    private static func consonant(_ length: Double, _ generator: inout SeededGenerator) -> [Int16] {
        let gap = 8 * Int.random(in: 0...45, using: &generator)
        let count = Int(8 * length * Double.random(in: 0.15...0.5, using: &generator))
        let level = Double.random(in: 800...5_000, using: &generator)
        var last = 0.0
        let hiss = (0..<count).map { index -> Int16 in
            let value = generator.nextUnit() - 0.5
            defer { last = value }
            let progress = Double(index) / Double(count)
            return Int16(level * (value - 0.7 * last) * min(1, progress / 0.2, (1 - progress) / 0.3))
        }
        return [Int16](repeating: 0, count: gap) + hiss
    }

    /// Two poles.
    private struct Resonance {
        private let first: Double
        private let second: Double
        private let gain: Double
        private var last = (0.0, 0.0)

        init(hertz: Double, bandwidth: Double, gain: Double) {
            let radius = exp(-.pi * bandwidth / 8_000)
            first = 2 * radius * cos(2 * .pi * hertz / 8_000)
            second = -radius * radius
            self.gain = gain
        }

        mutating func pass(_ input: Double) -> Double {
            let output = input + first * last.0 + second * last.1
            last = (output, last.0)
            return gain * output
        }
    }
}
