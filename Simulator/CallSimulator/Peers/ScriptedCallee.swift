internal import AgentBridge
internal import RTPMedia
internal import SansIO

/// One callee following its script: a pure machine.
///
/// Before media flows its owner calls ``fire(at:into:)`` at ``nextDeadline``; from early media or the answer on it calls
/// ``tick(inbound:outbound:at:into:)`` every 20 ms instead.
struct ScriptedCallee: Sendable {
    enum Action: Hashable, Sendable {
        case ring, earlyMedia, answer, hangUp
        case reject(status: Int, reason: String?)
        case press(String)
    }

    /// What the step under way waits for.
    private enum Wait: Sendable {
        case until(MonotonicInstant)
        case acknowledgement
        case sound
        case voice(until: MonotonicInstant)
        case key(until: MonotonicInstant)
        case silence(Duration, since: MonotonicInstant, until: MonotonicInstant)
    }

    private let steps: [CalleeScript.Step]
    private let sounds: [String: [Int16]]
    private var index = 0
    private var wait: Wait?
    // What it plays: one of these at a time, and silence when there is none.
    private var speech: ToneSpeech?
    private var tone: ToneGenerator?
    private var recording: ArraySlice<Int16> = []
    private var ears: CalleeEars
    /// Keys of the caller that a step has waited for.
    private var keysTaken = 0
    /// Words of the line being said that have not begun.
    private var wordsToCome: ArraySlice<SpokenWord> = []
    /// What it has said so far, word by word as each began.
    private(set) var saidWords: [String] = []
    private(set) var answeredAt: MonotonicInstant?

    /// - Parameter keepsAudio: Whether every sample heard after the answer is kept.
    init(steps: [CalleeScript.Step], sounds: [String: [Int16]] = [:], keepsAudio: Bool = false) {
        self.steps = steps
        self.sounds = sounds
        ears = CalleeEars(keepsAudio: keepsAudio)
    }

    var heard: HeardByCallee { ears.heard }

    /// When ``fire(at:into:)`` has work while there is no media.
    var nextDeadline: MonotonicInstant? {
        if case .until(let deadline) = wait { deadline } else { nil }
    }

    /// The INVITE has come.
    mutating func start(at now: MonotonicInstant, into actions: inout [Action]) {
        advance(at: now, into: &actions)
    }

    mutating func fire(at now: MonotonicInstant, into actions: inout [Action]) {
        guard case .until(let deadline) = wait, deadline <= now else { return }
        wait = nil
        hush()
        advance(at: now, into: &actions)
    }

    /// The ACK for the answer has come: the line is open.
    mutating func acknowledged(at now: MonotonicInstant, into actions: inout [Action]) {
        guard case .acknowledgement = wait else { return }
        wait = nil
        advance(at: now, into: &actions)
    }

    /// The caller pressed a key.
    mutating func heard(_ digit: Character) { ears.heard(digit) }

    /// Hears one frame and makes one, 160 samples each.
    mutating func tick(
        inbound: Span<Int16>, outbound: inout MutableSpan<Int16>, at now: MonotonicInstant,
        into actions: inout [Action]
    ) {
        if let answeredAt { ears.hear(inbound, at: answeredAt.duration(to: now)) }
        settle(at: now, into: &actions)
        fill(&outbound)
    }

    // MARK: Steps

    private mutating func settle(at now: MonotonicInstant, into actions: inout [Action]) {
        let isDone =
            switch wait {
            case nil: false
            case .until(let deadline): deadline <= now
            case .acknowledgement: false
            case .sound: isSilent
            case .voice(let deadline): ears.isVoice || deadline <= now
            case .key(let deadline): ears.heard.digits.count > keysTaken || deadline <= now
            case .silence(let silence, let start, let deadline):
                deadline <= now || ears.silence(at: now, since: start, answeredAt: answeredAt) >= silence
            }
        guard isDone else { return }
        if case .key = wait { keysTaken = min(keysTaken + 1, ears.heard.digits.count) }
        wait = nil
        hush()
        advance(at: now, into: &actions)
    }

    private mutating func advance(at now: MonotonicInstant, into actions: inout [Action]) {
        while wait == nil, index < steps.count {
            let step = steps[index]
            index += 1
            begin(step, at: now, into: &actions)
        }
    }

    private mutating func begin(
        _ step: CalleeScript.Step, at now: MonotonicInstant, into actions: inout [Action]
    ) {
        switch step {
        case .ring(let duration):
            actions.append(.ring)
            wait = .until(now.advanced(by: duration))
        case .earlyMedia(let duration):
            actions.append(.earlyMedia)
            tone = ToneGenerator(.ringback, rateHertz: 8_000)
            wait = .until(now.advanced(by: duration))
        case .answer:
            actions.append(.answer)
            answeredAt = now
            hush()
            wait = .acknowledgement
        case .reject(let status, let reason):
            actions.append(.reject(status: status, reason: reason))
            index = steps.count
        case .say(let text): say(text)
        case .beep(let hertz, let duration):
            tone = ToneGenerator(.beep(hertz: hertz, for: duration), rateHertz: 8_000)
            wait = .sound
        case .tone(let line, let duration):
            tone = ToneGenerator(line.tone, rateHertz: 8_000)
            wait = .until(now.advanced(by: duration))
        case .play(let name):
            guard let samples = sounds[name], !samples.isEmpty else { return }
            recording = samples[...]
            wait = .sound
        case .wait(let duration): wait = .until(now.advanced(by: duration))
        case .waitForVoice(let timeout): wait = .voice(until: now.advanced(by: timeout))
        case .waitForSilence(let silence, let timeout):
            wait = .silence(silence, since: now, until: now.advanced(by: timeout))
        case .waitForKey(let timeout): wait = .key(until: now.advanced(by: timeout))
        case .press(let keys): actions.append(.press(keys))
        case .hangUp:
            actions.append(.hangUp)
            index = steps.count
        }
    }

    private mutating func say(_ text: String) {
        let speech = ToneSpeech(text, rateHertz: 8_000, voice: .high)
        wordsToCome = SpokenWord.words(of: text, in: speech)[...]
        self.speech = speech
        wait = .sound
    }

    // MARK: Sound

    private var isSilent: Bool {
        (speech?.remaining ?? 0) == 0 && tone?.isFinished != false && recording.isEmpty
    }

    private mutating func hush() {
        speech = nil
        tone = nil
        recording = []
    }

    private mutating func fill(_ frame: inout MutableSpan<Int16>) {
        var count = 0
        if speech != nil {
            count = speech?.fill(&frame) ?? 0
            let position = (speech?.sampleCount ?? 0) - (speech?.remaining ?? 0)
            while let word = wordsToCome.first, word.samples.lowerBound < position {
                saidWords.append(word.text)
                wordsToCome.removeFirst()
            }
        } else if tone != nil {
            count = tone?.fill(&frame) ?? 0
        } else if !recording.isEmpty {
            count = min(frame.count, recording.count)
            for index in 0..<count { frame[index] = recording[recording.startIndex + index] }
            recording.removeFirst(count)
        }
        for index in count..<frame.count { frame[index] = 0 }
    }
}
