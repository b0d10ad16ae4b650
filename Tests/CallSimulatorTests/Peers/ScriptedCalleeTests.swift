internal import AgentBridge
@testable internal import CallSimulator
internal import RTPMedia
internal import SansIO
internal import Testing

@Suite("Scripted callee")
struct ScriptedCalleeTests {
    /// Runs one callee in ticks, from the INVITE at 0 ms.
    private struct Bench {
        var callee: ScriptedCallee
        var actions: [String] = []
        var out: [Int16] = []
        /// Voice of the caller, in ms since the INVITE.
        var callerSpeaks: [Range<Int>] = []
        private var pending: [ScriptedCallee.Action] = []

        init(_ script: CalleeScript, attempt: Int = 1, keepsAudio: Bool = false) {
            callee = ScriptedCallee(
                steps: script.steps(attempt: attempt), sounds: script.sounds, keepsAudio: keepsAudio)
        }

        mutating func run(until end: Int, acknowledgeAfter delay: Int = 0) {
            var hasMedia = false
            var acknowledgeAt: Int?
            callee.start(at: instant(0), into: &pending)
            for milliseconds in stride(from: 0, through: end, by: 20) {
                let now = instant(milliseconds)
                if let at = acknowledgeAt, at <= milliseconds {
                    acknowledgeAt = nil
                    callee.acknowledged(at: now, into: &pending)
                }
                if hasMedia {
                    let isLoud = callerSpeaks.contains { $0.contains(milliseconds) }
                    let frame = (0..<160).map { Int16(isLoud ? ($0 % 2 == 0 ? 4_000 : -4_000) : 0) }
                    var made = [Int16](repeating: 7, count: 160)
                    var span = made.mutableSpan
                    callee.tick(inbound: frame.span, outbound: &span, at: now, into: &pending)
                    out += made
                } else {
                    callee.fire(at: now, into: &pending)
                }
                for action in pending {
                    actions.append("\(milliseconds) \(action)")
                    if action == .answer || action == .earlyMedia { hasMedia = true }
                    if action == .answer { acknowledgeAt = milliseconds + delay }
                }
                pending.removeAll()
            }
        }

        private func instant(_ milliseconds: Int) -> MonotonicInstant {
            MonotonicInstant(nanoseconds: Int64(milliseconds) * 1_000_000)
        }

        /// First and last frame that is not silent, in ms since media began.
        var sound: ClosedRange<Int>? {
            let loud = stride(from: 0, to: out.count, by: 160).filter {
                out[$0..<$0 + 160].contains { $0 != 0 }
            }
            guard let first = loud.first, let last = loud.last else { return nil }
            return first / 8...last / 8
        }
    }

    @Test("It rings, answers in time, and stays on the line")
    func answers() {
        var bench = Bench(.answers(after: .seconds(2)))
        bench.run(until: 10_000)
        #expect(bench.actions == ["0 ring", "2000 answer"])
        #expect(bench.sound == nil)
    }

    @Test(
        "Presets that do not answer",
        arguments: [
            ("busy", ["0 reject(status: 486, reason: nil)"]),
            ("declines", ["0 ring", "3000 reject(status: 603, reason: nil)"]),
            ("noAnswer", ["0 ring"]),
        ])
    func refuses(preset: String, actions: [String]) throws {
        var bench = Bench(try #require(CalleeScript(preset: preset)))
        bench.run(until: 90_000)
        #expect(bench.actions == actions)
    }

    @Test("Busy on the first attempt, somebody there on all others")
    func busyFirst() {
        let script = CalleeScript.busyFirst(then: .answers(after: .zero))
        #expect(script.steps(attempt: 1) == [.reject(status: 486)])
        #expect(script.steps(attempt: 2) == [.answer])
        #expect(script.steps(attempt: 9) == [.answer])
    }

    @Test("Steps after the answer begin with the ACK, and hanging up ends the script")
    func waitsForACK() {
        var bench = Bench(.answers(after: .zero).says("Hello?").hangsUp(after: .seconds(1)))
        bench.run(until: 5_000, acknowledgeAfter: 500)
        let length = Int(ToneSpeech("Hello?", rateHertz: 8_000).duration / .milliseconds(1))
        #expect(bench.actions.first == "0 answer")
        #expect((bench.sound?.lowerBound).map { (480...520).contains($0) } == true)
        // The line ends at a frame's end, and a second later comes the BYE.
        let expected = (500 + length + 19) / 20 * 20 + 1_000
        #expect(
            bench.actions.last.map { abs((Int($0.prefix { $0.isNumber }) ?? 0) - expected) <= 20 } == true)
        #expect(bench.callee.saidWords == ["Hello?"])
    }

    @Test("Early media sounds before the answer and stops with it")
    func earlyMedia() {
        var bench = Bench(.earlyMediaThenAnswer(after: .seconds(1)))
        bench.run(until: 4_000)
        #expect(bench.actions == ["0 earlyMedia", "1000 answer"])
        #expect(bench.sound?.upperBound == 960)
    }

    @Test("It waits for the caller to speak and to fall silent, and measures both")
    func waits() throws {
        var bench = Bench(
            .answers(after: .zero).waitsForVoice().waitsForSilence(.milliseconds(500)).presses("1#"))
        bench.callerSpeaks = [1_000..<2_000]
        bench.run(until: 5_000)
        #expect(bench.actions == ["0 answer", "2480 press(\"1#\")"])
        let voice = try #require(bench.callee.heard.voice.first)
        #expect(bench.callee.heard.voice.count == 1)
        #expect((980...1_000).contains(voice.startMilliseconds))
        #expect((1_980...2_000).contains(voice.endMilliseconds))
        let level = try #require(bench.callee.heard.levelDBFS)
        // A square wave of 4,000 is 3 dB above a sine of that peak.
        #expect(abs(level - -15.26) < 0.1)
    }

    @Test("A wait ends by its time-out")
    func timesOut() {
        var bench = Bench(
            .answers(after: .zero).waitsForVoice(timeout: .seconds(3)).hangsUp())
        bench.run(until: 9_000)
        #expect(bench.actions == ["0 answer", "3020 hangUp"])
    }

    @Test("A recording is played sample by sample; what was heard is kept when asked for")
    func playsAndKeeps() {
        let samples = (1...400).map { Int16($0) }
        var bench = Bench(.answers(after: .zero).plays(samples), keepsAudio: true)
        bench.callerSpeaks = [0..<20]
        bench.run(until: 200)
        #expect(Array(bench.out.drop { $0 == 0 }.prefix(400)) == samples)
        #expect(bench.callee.heard.samples.count == bench.out.count)
    }

    @Test("A voicemail greets, beeps for half a second, and records")
    func voicemail() throws {
        var bench = Bench(.voicemail(greeting: "Please leave a message.", ringing: .seconds(1)))
        bench.run(until: 10_000)
        #expect(bench.actions == ["0 ring", "1000 answer"])
        #expect(bench.callee.saidWords.joined(separator: " ") == "Please leave a message.")
        let sound = try #require(bench.sound)
        let greeting = Int(
            ToneSpeech("Please leave a message.", rateHertz: 8_000).duration / .milliseconds(1))
        #expect(abs(sound.upperBound - (300 + greeting + 400 + 500)) <= 100)
    }
}

@Suite("Callee scripts as JSON")
struct CalleeScriptTests {
    @Test("Every preset and step survives writing and reading")
    func roundTrip() throws {
        let everything = CalleeScript(steps: [
            .ring(.milliseconds(1_500)), .earlyMedia(.seconds(1)), .answer, .say("a"), .play("x"),
            .beep(hertz: 440, .milliseconds(250)), .tone(.intercept, .milliseconds(1_500)),
            .wait(.seconds(1)), .waitForVoice(timeout: .seconds(2)),
            .waitForSilence(.milliseconds(300), timeout: .seconds(4)), .press("1W#"), .hangUp,
        ])
        for script in CalleeScript.presets.map(\.script) + [everything] {
            let json = [UInt8](try JSONText.encode(script))
            #expect(try JSONText.decode(json) == script)
        }
    }

    @Test(
        "A fault is named with its step and field",
        arguments: [
            (#"{}"#, nil, "steps"),
            (#"{"steps": [{"ring": {}}]}"#, 0, "ring.seconds"),
            (#"{"steps": [{"answer": {}}, {"hum": "x"}]}"#, 1, "hum"),
            (#"{"steps": [{"reject": {"status": 200}}]}"#, 0, "reject.status"),
            (#"{"steps": [{"reject": {"status": 486, "phrase": "x"}}]}"#, 0, "reject.phrase"),
            (#"{"steps": [{"say": "too early"}]}"#, 0, "say"),
            (#"{"steps": [{"answer": {}}, {"ring": {"seconds": 1}}]}"#, 1, "ring"),
            (#"{"steps": [{"answer": {}}, {"hangUp": {}}, {"say": "late"}]}"#, 2, "say"),
            (#"{"steps": [{"answer": {}}, {"tone": {"name": "hum"}}]}"#, 1, "tone.name"),
            (#"{"steps": [{"answer": {}}, {"press": "12x"}]}"#, 1, "press"),
            (#"{"steps": [{"answer": {}}, {"play": "x.wav"}]}"#, 1, "play"),
        ] as [(String, Int?, String)])
    func namesFault(json: String, step: Int?, field: String) {
        let error = #expect(throws: ScriptError.self) { try CalleeScript(json: Array(json.utf8)) }
        #expect(error?.step == step)
        #expect(error?.field == field)
    }

    @Test("A script that is not JSON is refused in words, not with the name of a type")
    func notJSON() {
        let error = ScriptError(
            step: nil, field: "script", problem: .notJSON("The given data was not valid JSON."))
        #expect(throws: error) { try CalleeScript(json: Array("{\"attempts\": [}".utf8)) }
    }

    @Test("Every preset is one that a telephone can follow")
    func presetsHold() throws {
        for preset in CalleeScript.presets { try preset.script.check() }
    }

    @Test("Numbers are compared by their digits")
    func directory() {
        let directory = CalleeDirectory(["+1 (555) 010-0100": .busy, "alice": .declines], default: .talks)
        #expect(directory.script(for: "15550100100") == .busy)
        #expect(directory.script(for: "alice") == .declines)
        #expect(directory.script(for: "42") == .talks)
        #expect(CalleeDirectory().script(for: "42") == nil)
    }
}
