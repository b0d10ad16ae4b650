internal import SansIO
internal import Telephony

/// All that changes in one conversation: the pure machines, what they found, and who waits for it.
///
/// Steps take `now`; the only thing they touch outside is the call's outgoing audio, whose lock is a leaf.
struct SessionState {
    /// What a task can wait for: anything but audio, or audio.
    enum Channel: Hashable, Sendable { case state, audio }

    /// Tasks that wait for the next change, in order of their arrival.
    struct Board {
        var version = 0
        var waiters: [(id: Int, continuation: UnsafeContinuation<Void, Never>)] = []
    }

    struct ToolRequest: Sendable {
        let id: Int
        let tool: AgentTool
        let arguments: [String: String]
    }

    static let eventLimit = 1_024
    static let resultLimit = 256
    /// Callee audio kept for an agent that reads, and for one that has not started to.
    static let heardLimit = Duration.seconds(10)
    static let prerollLimit = Duration.seconds(1)

    let call: Call
    let answeredAt: MonotonicInstant
    var speech: SpeechQueue
    private var bargeIn: BargeIn?
    private var turns: TurnDetector
    private(set) var isOver = false
    var boards = (state: Board(), audio: Board())
    var nextWaiterID = 0

    private var events: [AgentEvent] = []
    private var eventBase = 0
    private(set) var transcript = Transcript()
    private var results: [SpokenUtterance] = []
    private(set) var isVoiceActive = false
    private(set) var lastVoiceStart: MonotonicInstant?
    private(set) var lastVoiceStop: MonotonicInstant?
    /// When the latest turn was found to be over, some silence after its last word.
    private(set) var lastTurnEnd: MonotonicInstant?
    private(set) var verdicts: [AnswerVerdict] = []
    var unreadDigits: [Character] = []
    var digitsSent = 0
    var data: [String: String] = [:]
    /// What is done about who answers.
    private(set) var flow: AnsweringFlow
    private var flowOutput = AnsweringFlow.Output()
    private let standardBargeIn: BargeIn.Policy?
    /// What the policy wants done, in order.
    var duties: [AnsweringFlow.Duty] = []
    /// Steps of the policy that the call's observers have not been told.
    var untoldSteps: [AnsweringStep] = []
    /// What the policy has to say, as soon as the agent has it ready.
    var lines: [AnsweringFlow.Line: ReadyLine] = [:]
    /// Set by ``AgentSession/hangUp(_:note:)``.
    var conclusion: AgentResult?

    var heard = HeardAudio()
    /// Turns for the transcriber, oldest first.
    var segments: [PendingSegment] = []
    private let transcribes: Bool

    var toolRequests: [ToolRequest] = []
    var toolResults: [(id: Int, result: Result<String, AgentError>)] = []
    var nextToolID = 0
    /// Tools and transcriptions under way.
    var helpersAtWork = 0
    /// Tools whose caller has given up.
    var abandonedTools: [Int] = []

    init(call: Call, answeredAt: MonotonicInstant, options: AgentOptions) {
        self.call = call
        self.answeredAt = answeredAt
        speech = SpeechQueue(rateHertz: call.audio.rateHertz, answeredAt: answeredAt)
        bargeIn = options.bargeIn.map(BargeIn.init(policy:))
        standardBargeIn = options.bargeIn
        flow = AnsweringFlow(policy: options.answering)
        turns = TurnDetector(policy: options.turns)
        transcribes = options.transcriber != nil
        heard.keepsTurns = options.transcriber?.needsAudio == true
    }

    func milliseconds(_ instant: MonotonicInstant) -> Int {
        max(0, Int(answeredAt.duration(to: instant).nanoseconds / 1_000_000))
    }

    subscript(channel: Channel) -> Board {
        get { channel == .state ? boards.state : boards.audio }
        set { if channel == .state { boards.state = newValue } else { boards.audio = newValue } }
    }

    // MARK: Events out

    mutating func emit(_ kind: AgentEvent.Kind, at instant: MonotonicInstant) {
        events.append(AgentEvent(instant: instant, kind: kind))
        if events.count > Self.eventLimit {
            events.removeFirst()
            eventBase += 1
        }
        boards.state.version += 1
    }

    func event(at index: Int) -> (event: AgentEvent, next: Int)? {
        let wanted = max(index, eventBase)
        guard wanted < eventBase + events.count else { return nil }
        return (events[wanted - eventBase], wanted + 1)
    }

    func result(of id: UtteranceID) -> SpokenUtterance? { results.last { $0.id == id } }

    // MARK: Inputs

    /// One event of the call.
    mutating func handle(_ event: CallEvent) {
        guard !isOver else { return }
        let instant = event.instant
        switch event.kind {
        case .voiceStarted: voiceStarted(at: instant)
        case .voiceStopped: voiceStopped(at: instant)
        case .digit(let digit):
            transcript.pressed(digit, by: .callee, at: milliseconds(instant))
            if unreadDigits.count < AgentSession.digitLimit { unreadDigits.append(digit) }
            emit(.digit(digit), at: instant)
        case .classified(let verdict):
            verdicts = verdicts.suffix(15) + [verdict]
            emit(.verdict(verdict), at: instant)
            step(at: instant) { flow, out in flow.classified(verdict, at: instant, into: &out) }
        case .callProgress(let tone): step(at: instant) { flow, out in flow.heard(tone, into: &out) }
        case .mark(let mark): passed(mark, at: instant)
        case .ended: finish(at: instant)
        default: break
        }
    }

    /// Callee audio came, which is also this conversation's clock: one step per 20 ms.
    mutating func hear(_ samples: [Int16], at now: MonotonicInstant) {
        guard !isOver else { return }
        heard.append(samples, rateHertz: call.audio.rateHertz, inTurn: turns.turnStart != nil)
        boards.audio.version += 1
        tick(at: now)
    }

    mutating func tick(at now: MonotonicInstant) {
        if !speech.isIdle {
            settleSpeech(at: now)
            speech.feed(call.audio, at: now)
        }
        if bargeIn?.fire(at: now) == true {
            clear(at: now)
            emit(.bargedIn, at: now)
        }
        if let turn = turns.fire(at: now) { ended(turn, at: now) }
        if let deadline = flow.nextDeadline, deadline <= now {
            step(at: now) { flow, out in flow.fire(at: now, into: &out) }
        }
    }

    mutating func conversationEnded(turn: Int) { flow.conversationEnded(turn: turn) }

    /// One step of the answering policy. A cut is made here, with what caused it; the rest is left to the conversation.
    mutating func step(
        at now: MonotonicInstant, _ body: (inout AnsweringFlow, inout AnsweringFlow.Output) -> Void
    ) {
        guard !isOver else { return }
        body(&flow, &flowOutput)
        for duty in flowOutput.sends {
            switch duty {
            case .converse(let turn): if turn > 1 { setBargeIn(standardBargeIn, at: now) }
            case .yield, .hush, .say:
                setBargeIn(nil, at: now)
                clear(at: now)
            case .prepare, .press, .finish: break
            }
            duties.append(duty)
        }
        for step in flowOutput.events {
            untoldSteps.append(step)
            emit(.answering(step), at: now)
        }
        if !flowOutput.sends.isEmpty { boards.state.version += 1 }
        flowOutput.removeAll()
    }

    private mutating func voiceStarted(at instant: MonotonicInstant) {
        guard !isVoiceActive else { return }
        isVoiceActive = true
        lastVoiceStart = instant
        bargeIn?.voiceStarted(at: instant)
        turns.voiceStarted(at: instant)
        flow.voiceStarted(at: instant)
        emit(.voiceStarted, at: instant)
    }

    private mutating func voiceStopped(at instant: MonotonicInstant) {
        guard isVoiceActive else { return }
        isVoiceActive = false
        lastVoiceStop = instant
        bargeIn?.voiceStopped()
        turns.voiceStopped(at: instant)
        flow.voiceStopped(at: instant)
        emit(.voiceStopped, at: instant)
    }

    private mutating func ended(_ turn: TurnDetector.Turn, at now: MonotonicInstant) {
        let (start, end) = (milliseconds(turn.start), milliseconds(turn.end))
        lastTurnEnd = now
        let samples = heard.takeTurn()
        if let index = transcript.calleeSpoke(from: start, to: end), transcribes {
            let segment = VoiceSegment(
                call: call.id, callee: call.request.to, startMilliseconds: start, endMilliseconds: end,
                rateHertz: call.audio.rateHertz, samples: samples)
            segments.append(PendingSegment(index: index, segment: segment))
        }
        emit(.turnEnded(startMilliseconds: start, endMilliseconds: end), at: now)
    }

    mutating func transcribed(
        _ index: Int, as text: String, source: TranscriptEntry.Source, at now: MonotonicInstant
    ) {
        if let entry = transcript.transcribed(index, as: text, source: source) {
            emit(.heard(entry), at: now)
        }
    }

    mutating func sentDigits(_ digits: String, at now: MonotonicInstant) {
        digitsSent += digits.count
        for digit in digits where digit != "w" && digit != "W" {
            transcript.pressed(digit, by: .agent, at: milliseconds(now))
        }
    }

    // MARK: Speech

    /// Something was added to the queue.
    mutating func feedSpeech(at now: MonotonicInstant) {
        speech.feed(call.audio, at: now)
        if speech.isSpeaking { bargeIn?.speechStarted(at: now) }
        settleSpeech(at: now)
    }

    /// Removes everything that has not been sent.
    mutating func clear(at now: MonotonicInstant) {
        let sent = call.audio.clear()
        cutSpeech(sent: sent, at: now)
    }

    /// A new policy has an opening of its own only if nothing was said yet.
    mutating func setBargeIn(_ policy: BargeIn.Policy?, at now: MonotonicInstant) {
        guard let policy else { return bargeIn = nil }
        var next = bargeIn?.with(policy) ?? BargeIn(policy: policy)
        if isVoiceActive, let lastVoiceStart { next.voiceStarted(at: lastVoiceStart) }
        if speech.isSpeaking { next.speechStarted(at: now) }
        bargeIn = next
    }

    private mutating func cutSpeech(sent: Int64, at now: MonotonicInstant) {
        let (spoken, marks) = speech.cut(sent: sent, at: now)
        for utterance in spoken { settle(utterance, at: now) }
        for name in marks { emit(.mark(MarkEvent(name: name, samplesSent: sent, wasCleared: true)), at: now) }
        bargeIn?.speechEnded()
    }

    private mutating func settleSpeech(at now: MonotonicInstant) {
        for utterance in speech.takeFinished(sent: call.audio.samplesSent, at: now) {
            settle(utterance, at: now)
        }
        if speech.isIdle { bargeIn?.speechEnded() }
    }

    private mutating func settle(_ utterance: SpokenUtterance, at now: MonotonicInstant) {
        transcript.agentSpoke(utterance)
        results = results.suffix(Self.resultLimit - 1) + [utterance]
        emit(.spoken(utterance), at: now)
    }

    private mutating func passed(_ mark: MarkEvent, at instant: MonotonicInstant) {
        guard mark.name.hasPrefix(SpeechQueue.markPrefix) else { return emit(.mark(mark), at: instant) }
        let generation = Int(mark.name.dropFirst(SpeechQueue.markPrefix.count))
        if mark.wasCleared, generation == speech.generation {
            // Somebody cleared the call's audio past the queue.
            cutSpeech(sent: mark.samplesSent, at: instant)
        } else {
            settleSpeech(at: instant)
            speech.feed(call.audio, at: instant)
        }
    }

    // MARK: End

    /// The conversation is over: open speech and the open turn end here. Further inputs change nothing that is reported.
    mutating func finish(at now: MonotonicInstant) {
        guard !isOver else { return }
        clear(at: now)
        if let turn = turns.finish(at: now) { ended(turn, at: now) }
        isVoiceActive = false
        emit(.ended, at: now)
        isOver = true
        boards.audio.version += 1
    }
}
