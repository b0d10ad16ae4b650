private import Foundation
private import RTPMedia
internal import SansIO
private import Telephony
private import TestSupport

/// Music as it is played instead of ringback and on hold: how often the detectors take it for something that it is not.
enum MusicBench {
    /// How an instrument sounds.
    private struct Timbre {
        var name: String
        /// Amplitudes of the partials and their ratios to the pitch.
        var partials: [(ratio: Double, amplitude: Double)]
        /// Milliseconds in which a note falls by half; 0 for one that stands.
        var halfLife = 0.0
        /// Lengths of the notes and of the pauses behind them.
        var notes = 150...700
        var pauses = 0...0
        /// Notes at once.
        var voices = 1
        var vibratoHertz = 0.0
    }

    private static let rounds = 60
    private static let harmonics = [1, 0.5, 0.35, 0.2, 0.12, 0.08]
    /// Two octaves of C major from 262 Hz.
    private static let scale = [0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19, 21, 23, 24].map {
        261.63 * pow(2, Double($0) / 12)
    }

    private static var timbres: [Timbre] {
        let rich = harmonics.enumerated().map { (ratio: Double($0.offset + 1), amplitude: $0.element) }
        let bell = [(1.0, 1.0), (2.76, 0.5), (5.4, 0.25)].map { (ratio: $0.0, amplitude: $0.1) }
        return [
            Timbre(name: "sine melody", partials: [(1, 1)]),
            Timbre(name: "sine notes apart", partials: [(1, 1)], notes: 80...400, pauses: 60...400),
            Timbre(name: "flute", partials: [(1, 1), (2, 0.15)], notes: 300...1_200, vibratoHertz: 6),
            Timbre(name: "organ", partials: [(1, 1), (2, 0.7), (4, 0.4)], notes: 300...900),
            Timbre(name: "piano", partials: rich, halfLife: 150, notes: 150...600),
            Timbre(name: "chime", partials: bell, halfLife: 200, notes: 400...900, pauses: 0...800),
            Timbre(name: "music box", partials: [(1, 1), (3, 0.1)], halfLife: 90, notes: 150...500),
            Timbre(name: "chords", partials: rich, halfLife: 400, notes: 500...1_500, voices: 3),
            Timbre(name: "sine chords", partials: [(1, 1)], notes: 500...2_000, voices: 3),
            Timbre(name: "thirds", partials: [(1, 1)], notes: 200...800, pauses: 0...200, voices: 2),
        ]
    }

    static func run() {
        print(
            "\nmusic of 10 s, \(rounds) pieces each: pieces with a beep of the tone bank, with a tone of the line or a fax, "
                + "with a beep of the classifier, called a person, a voicemail")
        var generator = SeededGenerator(seed: 19)
        for timbre in timbres {
            var (beeps, tones, classified, people, voicemails) = (0, 0, 0, 0, 0)
            for _ in 0..<rounds {
                let samples = piece(timbre, &generator)
                var bank = CallProgressDetector()
                var classifier = EnergyAnswerClassifier()
                var (hasBeep, hasTone, hasClassified) = (false, false, false)
                var who: AnsweredBy?
                for start in stride(from: 0, to: samples.count - 159, by: 160) {
                    let frame = samples.span.extracting(start..<start + 160)
                    switch bank.process(frame) {
                    case .beep?: hasBeep = true
                    case nil: break
                    default: hasTone = true
                    }
                    if let verdict = classifier.process(frame) {
                        hasClassified = hasClassified || verdict.stage == .beepHeard
                        who = verdict.answeredBy
                    }
                }
                beeps += hasBeep ? 1 : 0
                tones += hasTone ? 1 : 0
                classified += hasClassified ? 1 : 0
                people += who == .human ? 1 : 0
                voicemails += who == .voicemail ? 1 : 0
            }
            print("  \(timbre.name): \(beeps), \(tones), \(classified), \(people), \(voicemails)")
        }
    }

    private static func piece(_ timbre: Timbre, _ generator: inout SeededGenerator) -> [Int16] {
        var sound = [Double](repeating: 0, count: 80_000)
        var position = Int.random(in: 0...8_000, using: &generator)
        while position < sound.count {
            let length = 8 * Int.random(in: timbre.notes, using: &generator)
            let lowest = Int.random(in: 0..<scale.count - 4, using: &generator)
            for voice in 0..<timbre.voices {
                add(scale[lowest + 2 * voice], timbre, &sound, position..<min(sound.count, position + length))
            }
            position += length + 8 * Int.random(in: timbre.pauses, using: &generator)
        }
        var line = LineSound(using: &generator)
        line.level = .dBm0(Double.random(in: -30 ... -12, using: &generator))
        return line.samples(of: sound, using: &generator)
    }

    private static func add(
        _ hertz: Double, _ timbre: Timbre, _ sound: inout [Double], _ range: Range<Int>
    ) {
        for partial in timbre.partials where hertz * partial.ratio < 3_600 {
            let step = 2 * Double.pi * hertz * partial.ratio / 8_000
            // The pitch moves by 0.6 % to either side.
            let depth =
                timbre.vibratoHertz > 0 ? 0.006 * hertz * partial.ratio / timbre.vibratoHertz : 0
            for index in range {
                let since = Double(index - range.lowerBound)
                let left = Double(range.upperBound - index)
                var amplitude = partial.amplitude * min(1, since / 40, left / 40)
                if timbre.halfLife > 0 {
                    // Higher partials die sooner.
                    amplitude *= pow(0.5, since / 8 / timbre.halfLife * partial.ratio.squareRoot())
                }
                let swing = depth > 0 ? depth * sin(2 * .pi * timbre.vibratoHertz * since / 8_000) : 0
                sound[index] += amplitude * sin(step * since + swing)
            }
        }
    }
}
