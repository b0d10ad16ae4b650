internal import SansIO
private import Telephony
private import TestSupport

/// Every tone that the detector bank must know, as lines deliver them: how many it tells, plan by plan and kind by kind.
enum ToneBench {
    private static let rounds = 60

    static func run() {
        print(
            "\ntones of the line, \(rounds) variations each: -40...-3 dBm0, ±1 %, noise 15...30 dB below, twist ±3 dB, loss 0...3 %"
        )
        var generator = SeededGenerator(seed: 7)
        for plan in TonePlan.all { show(plan, &generator) }
        showInformation(&generator)
        showFax(&generator)
        showBeeps(&generator)
    }

    private static func show(_ plan: TonePlan, _ generator: inout SeededGenerator) {
        var parts: [String] = []
        for entry in plan.entries {
            let wanted: ProgressTone =
                switch entry.meaning {
                case .dialTone: .dialTone
                case .ringback: .ringback
                case .busy: .busy
                case .congestion: .congestion
                }
            var segments: [(hertz: [Double], milliseconds: Int)] = entry.cadence.enumerated().map {
                ($0.offset % 2 == 0 ? entry.frequencies : [], $0.element)
            }
            if segments.isEmpty { segments = [(entry.frequencies, 60_000)] }
            let length = entry.meaning == .ringback ? 2 * entry.cadence.reduce(0, +) : 6_000
            let right = count(&generator) { sound, generator in
                let samples = sound.samples(
                    segments, repeats: true, lasting: sound.start + length, using: &generator)
                return told(samples, plans: [plan] + TonePlan.all.filter { $0 != plan }).last == wanted
            }
            parts.append("\(entry.meaning) \(right)")
        }
        print("  \(plan.region): " + parts.joined(separator: ", "))
    }

    private static func showInformation(_ generator: inout SeededGenerator) {
        let (low, high) = ((913.8, 1_370.6), (985.2, 1_428.5))
        let (short, long) = (274, 380)
        let kinds: [(SpecialInformation, [(Double, Int)])] = [
            (.intercept, [(low.0, short), (low.1, short)]), (.vacantCode, [(high.0, long), (low.1, short)]),
            (.reorder, [(low.0, short), (high.1, long)]), (.reorder, [(high.0, short), (low.1, long)]),
            (.noCircuit, [(high.0, long), (high.1, long)]), (.noCircuit, [(low.0, long), (low.1, long)]),
            (.general, [(950, 330), (1_400, 330)]),
        ]
        var parts: [String] = []
        for (kind, segments) in kinds {
            var any = 0
            let right = count(&generator) { sound, generator in
                let all =
                    segments.map { (hertz: [$0.0], milliseconds: $0.1) } + [([1_776.7], long), ([], 1_000)]
                let samples = sound.samples(
                    all, repeats: false, lasting: sound.start + 2_200, using: &generator)
                let heard = told(samples)
                if heard.contains(where: { if case .specialInformation = $0 { true } else { false } }) {
                    any += 1
                }
                return heard.contains(.specialInformation(kind))
            }
            parts.append("\(kind.rawValue) \(right) (as any \(AnswerScore.percent(any, of: rounds)))")
        }
        print("  information: " + parts.joined(separator: ", "))
    }

    private static func showFax(_ generator: inout SeededGenerator) {
        var parts: [String] = []
        let sounds: [(String, ProgressTone, [(hertz: [Double], milliseconds: Int)], Bool, Int)] = [
            ("CNG", .faxCalling, [([1_100], 500), ([], 3_000)], true, 7_600),
            ("CED", .faxAnswering, [([2_100], 3_000)], false, 3_600),
            ("2,225 Hz", .faxAnswering, [([2_225], 3_000)], false, 3_600),
        ]
        for (name, tone, segments, repeats, length) in sounds {
            let right = count(&generator) { sound, generator in
                let samples = sound.samples(
                    segments, repeats: repeats, lasting: sound.start + length, using: &generator)
                return told(samples).contains(tone)
            }
            parts.append("\(name) \(right)")
        }
        for (name, pitches) in [("V.21 calling", (980.0, 1_180.0)), ("V.21 answering", (1_650.0, 1_850.0))] {
            let right = count(&generator) { sound, generator in
                let flags = ShiftedTone.flags(pitches, milliseconds: 1_000 + sound.start)
                return told(sound.samples(of: flags, using: &generator)).contains(.faxAnswering)
            }
            parts.append("\(name) \(right)")
        }
        print("  fax: " + parts.joined(separator: ", "))
    }

    private static func showBeeps(_ generator: inout SeededGenerator) {
        var parts: [String] = []
        for length in [60, 80, 100, 200, 500] {
            let right = count(&generator) { sound, generator in
                let hertz = Double.random(in: 400...2_100, using: &generator)
                let samples = sound.samples(
                    [([hertz], length), ([], 2_000)], repeats: false, lasting: sound.start + 2_000,
                    using: &generator)
                var classifier = EnergyAnswerClassifier()
                var isHeard = false
                for start in stride(from: 0, to: samples.count - 159, by: 160) {
                    let verdict = classifier.process(samples.span.extracting(start..<start + 160))
                    isHeard = isHeard || verdict?.stage == .beepHeard
                }
                return isHeard
            }
            parts.append("\(length) ms \(right)")
        }
        print("  beeps 400...2,100 Hz by the classifier: " + parts.joined(separator: ", "))
    }

    private static func count(
        _ generator: inout SeededGenerator, _ isRight: (LineSound, inout SeededGenerator) -> Bool
    ) -> String {
        var right = 0
        for _ in 0..<rounds {
            let sound = LineSound(using: &generator)
            if isRight(sound, &generator) { right += 1 }
        }
        return AnswerScore.percent(right, of: rounds)
    }

    private static func told(_ samples: [Int16], plans: [TonePlan] = TonePlan.all) -> [ProgressTone] {
        var detector = CallProgressDetector(plans: plans)
        return stride(from: 0, to: samples.count - 159, by: 160).compactMap {
            detector.process(samples.span.extracting($0..<$0 + 160))
        }
    }
}
