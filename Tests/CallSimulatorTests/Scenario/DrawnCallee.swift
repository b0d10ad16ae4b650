internal import AgentBridge
internal import CallSimulator
internal import RTPMedia
internal import SansIO
internal import Telephony
internal import TestSupport

/// A callee, the line to it and a policy for it, all of them drawn from one seed.
struct DrawnCallee {
    enum Kind: String, CaseIterable {
        case person, voicemail, voicemailWithoutBeep, assistant, menu, fax, nobody, notInService, trunkFault
        case busy, ringsOn
    }

    let seed: UInt64
    let kind: Kind
    private(set) var script = CalleeScript(steps: [])
    private(set) var network = NetworkModel.perfect
    private(set) var codec = AudioCodecKind.pcmu
    private(set) var policy = AnsweringPolicy()
    private(set) var number = "+15550100"
    /// In samples of what it plays after the answer; the greeting's pauses included.
    private(set) var greeting = 0..<0
    private(set) var beep: Range<Int>?
    /// It hangs up in the middle of something.
    private(set) var isHasty = false
    private var generator: SeededGenerator
    /// The number leads nowhere, or the network says why it does not put us through.
    private(set) var information: SpecialInformation?

    static let message = "Hello, this is Riverside Clinic. Please call us back today."
    static let introduction = "Riverside Clinic, about an appointment."
    static let opening = "Good day, this is Riverside Clinic."

    init(seed: UInt64, kind: Kind? = nil) {
        self.seed = seed
        generator = SeededGenerator(seed: seed, label: "callee")
        self.kind = kind ?? Self.kinds[Int(seed % UInt64(Self.kinds.count))]
        drawNetwork()
        drawPolicy()
        switch self.kind {
        case .person: person()
        case .voicemail, .voicemailWithoutBeep: voicemail()
        case .assistant: assistant()
        case .menu: menu()
        case .fax: fax()
        case .nobody: answers(with: [Int16](repeating: 0, count: 8_000), then: [])
        case .notInService, .trunkFault: information(isBadNumber: self.kind == .notInService)
        case .busy, .ringsOn: lineTone()
        }
    }

    /// What comes more often is here more often.
    private static let kinds: [Kind] = [
        .person, .voicemail, .fax, .person, .voicemail, .notInService, .voicemail, .person,
        .voicemailWithoutBeep,
        .nobody, .voicemail, .assistant, .person, .voicemail, .busy, .menu, .person, .voicemail, .trunkFault,
        .ringsOn,
    ]

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &generator)]
    }

    private mutating func milliseconds(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &generator)
    }

    private mutating func duration(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(milliseconds(range))
    }

    // MARK: The line

    private mutating func drawNetwork() {
        codec = pick([.pcmu, .pcma])
        network.latency = duration(1...80)
        guard generator.chance(0.8) else { return }
        network.jitter = duration(0...15)
        network.jitterCorrelation = pick([0, 0.5])
        network.loss = pick([0, 0.005, 0.01, 0.02])
        network.duplication = pick([0, 0, 0.02])
        network.reorder = pick([0, 0, 0.02])
        network.reorderDelay = duration(10...40)
    }

    private mutating func drawPolicy() {
        policy.opening = generator.chance(0.8) ? .afterVerdict : .atAnswer
        policy.voicemail = generator.chance(0.85) ? .leaveMessage : .hangUp
        policy.message = Self.message
        policy.screening = generator.chance(0.8) ? .introduce : .hangUp
        policy.introduction = Self.introduction
        policy.screeningTimeout = .seconds(15)
        policy.menu = pick([.press("0"), .hangUp, .converse])
        policy.silence = pick([.prompt, .hangUp])
    }

    /// Noise of the line over all of it; the first 20 ms are never silent, so that they can be found among the packets.
    private mutating func delivered(_ parts: [[Int16]]) -> [Int16] {
        let level = Double.random(in: 0.06...0.6, using: &generator)
        let noise = level * Double.random(in: 0.01...0.05, using: &generator)
        let hiss = Self.noise[Int.random(in: 0..<Self.noise.count, using: &generator)]
        var position = Int.random(in: 0..<hiss.count, using: &generator)
        var samples: [Int16] = []
        samples.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for part in parts {
            for sample in part {
                position = position + 1 < hiss.count ? position + 1 : 0
                samples.append(Int16(clamping: Int(level * Double(sample) + noise * Double(hiss[position]))))
            }
        }
        for index in 0..<min(160, samples.count) { samples[index] = index % 2 == 0 ? 64 : -64 }
        return samples
    }

    /// White, and softer towards the top, each of an effective 4,000.
    private static let noise: [[Int16]] = {
        var generator = SeededGenerator(seed: 1, label: "noise")
        let white = (0..<16_000).map { _ in Double.random(in: -6_928...6_928, using: &generator) }
        var last = 0.0
        let soft = white.map { value in
            last = 0.8 * last + 0.6 * value
            return Int16(clamping: Int(last))
        }
        return [white.map { Int16($0) }, soft]
    }()

    private static func silence(_ milliseconds: Int) -> [Int16] {
        [Int16](repeating: 0, count: 8 * milliseconds)
    }

    private mutating func talk(_ length: ClosedRange<Int>) -> [Int16] {
        let manner = Talker.Manner(using: &generator)
        let talker = Talker(milliseconds(0...Talker.count - 1))
        return talker.samples(milliseconds: milliseconds(length), manner, using: &generator)
    }

    private static func sound(_ tone: Tone, _ milliseconds: Int) -> [Int16] {
        var samples = Self.silence(milliseconds)
        var player = ToneGenerator(tone, rateHertz: 8_000, level: .dBm0(-6))
        var span = samples.mutableSpan
        _ = player.fill(&span)
        return samples
    }

    // MARK: Who answers

    private mutating func ring() -> [CalleeScript.Step] {
        guard generator.chance(0.3) else { return [.ring(duration(0...4_000)), .answer] }
        let tones = ringing(milliseconds(500...6_000))
        script.sounds["ringing"] = tones
        return [.earlyMedia(.zero), .play("ringing"), .answer]
    }

    private mutating func ringing(_ milliseconds: Int) -> [Int16] {
        let plan = pick(TonePlan.all)
        number = "+\(plan.callingCode)5550100"
        return plan.sound(.ringback).map { Self.sound($0, milliseconds) } ?? []
    }

    private mutating func answers(with sound: [Int16], then steps: [CalleeScript.Step]) {
        let before = ring()
        script.sounds["sound"] = sound
        var all = before + [.play("sound")]
        if kind != .nobody, generator.chance(0.1) {
            isHasty = true
            script.sounds["sound"] = Array(sound.prefix(8 * milliseconds(100...sound.count / 8)))
            all.append(.hangUp)
        } else {
            all += steps + [.wait(.seconds(90)), .hangUp]
        }
        script.attempts = [all]
    }

    private mutating func person() {
        let before = Self.silence(milliseconds(20...1_800))
        let words = talk(generator.chance(0.8) ? 250...1_200 : 1_200...3_500)
        greeting = before.count..<before.count + words.count
        let sound = delivered([before, words, Self.silence(2_500)])
        script.sounds["reply"] = delivered([talk(400...1_500)])
        answers(
            with: sound,
            then: [
                .waitForVoice(timeout: .seconds(10)),
                .waitForSilence(.milliseconds(700), timeout: .seconds(10)),
                .play("reply"),
            ])
    }

    private mutating func voicemail() {
        // Long greetings take long to simulate. A short one without a beep is not told from a person's.
        let lengths = [1_500...4_000, 4_000...8_000, 4_000...8_000, 8_000...12_000]
        let length = lengths[milliseconds(kind == .voicemail ? 0...3 : 2...3)]
        let words = talk(generator.chance(0.05) ? 12_000...25_000 : length)
        let before = Self.silence(milliseconds(50...1_500))
        greeting = before.count..<before.count + words.count
        let pause = Self.silence(milliseconds(words.count < 32_000 ? 50...600 : 50...1_200))
        var parts = [before, words, pause]
        if kind == .voicemail {
            let hertz = Double.random(in: 400...2_100, using: &generator)
            let length = generator.chance(0.3) ? milliseconds(60...150) : milliseconds(150...800)
            let start = greeting.upperBound + pause.count
            beep = start..<start + 8 * length
            parts.append(Self.sound(.beep(hertz: hertz, for: .milliseconds(length)), length))
        }
        answers(with: delivered(parts + [Self.silence(1_500)]), then: [])
    }

    private mutating func assistant() {
        let before = Self.silence(milliseconds(20...350))
        let words = talk(3_500...8_000)
        greeting = before.count..<before.count + words.count
        script.sounds["thanks"] = delivered([talk(500...900)])
        script.sounds["person"] = delivered([talk(300...800)])
        answers(
            with: delivered([before, words, Self.silence(1_000)]),
            then: [
                .waitForVoice(timeout: .seconds(10)),
                .waitForSilence(.milliseconds(900), timeout: .seconds(10)),
                .play("thanks"), .wait(duration(2_000...6_000)), .play("person"),
            ])
    }

    private mutating func menu() {
        let pause = milliseconds(350...700)
        var parts = [Self.silence(milliseconds(50...900)), talk(1_200...2_500)]
        let choices = (0..<5).map { _ in talk(1_000...1_700) }
        for choice in choices + choices {
            parts += [Self.silence(pause + milliseconds(0...100) - 50), choice]
        }
        greeting = parts[0].count..<parts.reduce(0) { $0 + $1.count }
        answers(with: delivered(parts), then: [.waitForKey(timeout: .seconds(3))])
    }

    private mutating func fax() {
        let before = Self.silence(milliseconds(100...1_900))
        let calling = Tone(
            [Tone.Segment(1_100, for: .milliseconds(500)), .silence(for: .seconds(3))], repeats: true)
        let tone =
            switch milliseconds(0...2) {
            case 0: Self.sound(calling, 7_500)
            case 1: Self.sound(.beep(hertz: 2_100, for: .seconds(4)), milliseconds(2_600...4_000))
            default: Self.sound(.beep(hertz: 2_225, for: .seconds(4)), 3_000)
            }
        greeting = before.count..<before.count + tone.count
        answers(with: delivered([before, tone, Self.silence(500)]), then: [])
    }

    // MARK: Who does not

    private mutating func information(isBadNumber: Bool) {
        let (low, high) = ((914.0, 1_371.0), (985.0, 1_429.0))
        let (short, long) = (274, 380)
        let bad: [(SpecialInformation, (Double, Int), (Double, Int))] = [
            (.intercept, (low.0, short), (low.1, short)), (.vacantCode, (high.0, long), (low.1, short)),
            (.general, (950, 330), (1_400, 330)),
        ]
        let other: [(SpecialInformation, (Double, Int), (Double, Int))] = [
            (.reorder, (low.0, short), (high.1, long)), (.reorder, (high.0, short), (low.1, long)),
            (.noCircuit, (high.0, long), (high.1, long)), (.noCircuit, (low.0, long), (low.1, long)),
        ]
        let (cause, first, second) = pick(isBadNumber ? bad : other)
        information = cause
        let tone = Tone(
            [(first.0, first.1), (second.0, second.1), (1_777, long)].map {
                Tone.Segment($0.0, for: .milliseconds($0.1))
            }, repeats: false)
        script.sounds["early"] = delivered(
            [
                Self.silence(milliseconds(0...900)), Self.sound(tone, first.1 + second.1 + long),
                Self.silence(100), talk(2_000...4_000),
            ])
        script.attempts = [[.earlyMedia(.zero), .play("early"), .wait(.seconds(90)), .answer]]
    }

    private mutating func lineTone() {
        let plan = pick(TonePlan.all)
        number = "+\(plan.callingCode)5550100"
        let meaning: TonePlan.Entry.Meaning = kind == .ringsOn ? .ringback : .busy
        let tone = plan.sound(meaning).map { Self.sound($0, 9_000) } ?? []
        script.sounds["early"] = delivered([Self.silence(milliseconds(0...900)), tone])
        script.attempts = [[.earlyMedia(.zero), .play("early"), .wait(.seconds(90)), .answer]]
    }
}

extension DrawnCallee {
    /// Calls it.
    func call() throws -> ScenarioReport {
        var dialer = DialerConfiguration()
        dialer.codecs = [codec]
        let script = AgentScript(
            answering: policy,
            steps: [
                .init(.say(Self.opening)), .init(.waitForTurn(timeout: .seconds(4))), .init(.say("Goodbye.")),
                .init(.hangUp(.done)),
            ])
        return try Scenario(seed: seed).callee(self.script).network(network).dialer(dialer)
            .request(CallRequest(to: number, ringTimeout: .seconds(12)))
            .agent(try ScriptedAgent(script)).run()
    }
}

extension TonePlan {
    /// How one of its tones sounds; `nil` when it has none of that meaning.
    func sound(_ meaning: Entry.Meaning) -> Tone? {
        guard let entry = entries.first(where: { $0.meaning == meaning }), let first = entry.frequencies.first
        else { return nil }
        let second = entry.frequencies.count > 1 ? entry.frequencies[1] : 0
        let segments = entry.cadence.enumerated().map { index, length -> Tone.Segment in
            index % 2 == 0
                ? Tone.Segment(first, second, for: .milliseconds(length))
                : .silence(for: .milliseconds(length))
        }
        return Tone(segments, repeats: true)
    }
}
