internal import SansIO
internal import Telephony

/// Follows an ``AnsweringPolicy`` through one call: who has the floor, what is said, when it ends. Pure.
///
/// ```
/// listening ──────────────────────────► conversing      a person, a time-out, or the policy says so
/// any ──voicemail──► awaitingBeep ──beep, or silence──► leavingMessage ──whole──► parting
///                          ▲────────────voice────────────┘ └─beep─┘ begins again
/// any ──screening──► awaitingQuestion ──pause──► introducing ──► awaitingPerson ──► conversing
/// listening ──silence──► prompting ──► awaitingReply ──► conversing
/// any ──fax, tone of the line, time-out──► over
/// ```
struct AnsweringFlow: Sendable {
    enum State: Hashable, Sendable, CaseIterable {
        case idle, listening, conversing, awaitingBeep, leavingMessage, awaitingQuestion, introducing
        case awaitingPerson, prompting, awaitingReply, parting, over
    }

    /// What the policy itself has to say.
    enum Line: Hashable, Sendable, CaseIterable { case message, introduction, prompt }

    /// What became of a line.
    enum LineEnd: Hashable, Sendable, CaseIterable {
        case whole, cut
        /// The agent has nothing to say.
        case absent
        /// The agent threw or took too long.
        case failed
    }

    /// What is to be done, in order.
    enum Duty: Hashable, Sendable {
        /// The agent gets the floor; turns are counted from 1.
        case converse(turn: Int)
        /// It loses it: what has not been sent is cut and its task is cancelled.
        case yield
        /// Gets a line ready.
        case prepare(Line)
        /// Says a line; takes are counted over all lines. What an earlier take has not sent is cut.
        case say(Line, take: Int)
        /// Cuts what is being said.
        case hush
        case press(String)
        case finish(AgentResult.Status, note: String)
    }

    enum Timer: Int, CaseIterable, Sendable {
        /// The longest stay in the state.
        case limit
        /// Silence of the callee that has lasted long enough.
        case silence
        /// Voice of the callee that has lasted long enough.
        case voice
    }

    typealias Output = Effects<Duty, AnsweringStep>

    /// Times the message begins; the last time nothing but a beep-less end stops it.
    static let takeLimit = 3
    /// Times the agent gets the floor.
    static let turnLimit = 3
    /// Times we say who we are.
    static let introductionLimit = 2
    /// Voice of the mailbox in a message that began without a beep: the greeting goes on.
    static let greetingResumed = Duration.milliseconds(500)
    /// A beep shorter than this may have been a vowel, and the greeting goes on.
    static let certainBeepMilliseconds = 150
    /// By then the voice of a mailbox is known to have stopped, when it did at the beep.
    static let beepAftermath = Duration.milliseconds(1_000)
    /// Pause after which an assistant waits for us.
    static let questionPause = Duration.milliseconds(1_000)
    /// Longest wait for that pause.
    static let questionLimit = Duration.seconds(12)
    /// What an assistant says within this time of our introduction is its thanks, not the person.
    static let thanks = Duration.milliseconds(1_500)
    /// Silence that ends a person's first word.
    static let wordPause = Duration.milliseconds(600)
    /// Voice of this length behind an assistant is a voicemail's.
    static let announcement = Duration.milliseconds(2_800)
    /// Time for the far end to play the last words before the BYE.
    static let farewell = Duration.milliseconds(200)

    let policy: AnsweringPolicy
    private(set) var state = State.idle
    private var timers = TimerTable<Timer>()
    private(set) var turn = 0
    private(set) var take = 0
    private var messageTakes = 0
    private var introductions = 0
    /// Whether the message under way began after a beep that was long enough to be nothing else.
    private var hasBeeped = false
    /// Whether the last beep was.
    private var isBeepCertain = true
    private var isPersonKnown = false
    /// The conversation came to its end by itself.
    private(set) var isOverByAgent = false
    private var isVoice = false
    /// When the callee began to speak, pauses between words not counted.
    private var turnStart: MonotonicInstant?
    private var lastVoiceStop: MonotonicInstant?
    /// When the introduction was over.
    private var introducedAt: MonotonicInstant?

    init(policy: AnsweringPolicy) { self.policy = policy }

    /// The earliest instant at which ``fire(at:into:)`` has work to do.
    var nextDeadline: MonotonicInstant? { timers.next }

    /// Whether the agent may speak.
    var isConversing: Bool { state == .conversing }

    private var isEnding: Bool { state == .parting || state == .over }

    // MARK: Inputs

    /// The callee answered.
    mutating func start(at now: MonotonicInstant, into out: inout Output) {
        guard state == .idle else { return }
        switch policy.opening {
        case .atAnswer: talk(into: &out)
        case .afterVerdict:
            enter(.listening, .listening, into: &out)
            timers.set(.limit, to: now.advanced(by: policy.verdictTimeout))
        }
    }

    mutating func classified(_ verdict: AnswerVerdict, at now: MonotonicInstant, into out: inout Output) {
        guard state != .idle, !isEnding else { return }
        switch verdict.answeredBy {
        case .human: person(into: &out)
        case .voicemail:
            isBeepCertain = verdict.facts.beepMilliseconds.map { $0 >= Self.certainBeepMilliseconds } ?? true
            voicemail(verdict.stage, at: now, into: &out)
        case .screening: screening(verdict.stage, at: now, into: &out)
        case .ivr: menu(into: &out)
        case .fax: machine("a fax answered", into: &out)
        case .silence: silence(at: now, into: &out)
        case .unknown:
            if let tone = verdict.facts.tone { return machine(tone, into: &out) }
            if state == .listening { talk(into: &out) }
        }
    }

    /// A tone was heard after the answer.
    mutating func heard(_ tone: ProgressTone, into out: inout Output) {
        guard state != .idle, !isEnding, !isPersonKnown else { return }
        switch tone {
        case .busy: machine("busy tone", into: &out)
        case .congestion: machine("congestion tone", into: &out)
        case .specialInformation(let information):
            machine("special information tone: \(information.text)", into: &out)
        case .faxAnswering, .faxCalling: machine("fax tone", into: &out)
        case .dialTone, .ringback, .beep, .key: break
        }
    }

    mutating func voiceStarted(at now: MonotonicInstant) {
        guard !isVoice else { return }
        isVoice = true
        if timers.deadline(of: .silence) == nil || turnStart == nil { turnStart = now }
        timers.stop(.silence)
        switch state {
        case .leavingMessage where !hasBeeped && messageTakes < Self.takeLimit:
            timers.set(.voice, to: now.advanced(by: Self.greetingResumed))
        case .awaitingPerson:
            let length = (turnStart ?? now).advanced(by: Self.announcement)
            timers.set(.voice, to: max(now, length))
        case .awaitingReply: timers.stop(.limit)
        default: break
        }
    }

    mutating func voiceStopped(at now: MonotonicInstant) {
        guard isVoice else { return }
        isVoice = false
        lastVoiceStop = now
        timers.stop(.voice)
        switch state {
        case .awaitingBeep: timers.set(.silence, to: now.advanced(by: policy.silenceBeforeMessage))
        case .awaitingQuestion: timers.set(.silence, to: now.advanced(by: Self.questionPause))
        case .awaitingPerson, .awaitingReply:
            timers.set(.silence, to: now.advanced(by: Self.wordPause))
        default: break
        }
    }

    /// A line was sent, cut, or could not be had. Only that of the latest take counts.
    mutating func said(
        _ line: Line, take: Int, _ end: LineEnd, at now: MonotonicInstant, into out: inout Output
    ) {
        guard take == self.take else { return }
        switch (state, line, end) {
        case (.leavingMessage, .message, .whole):
            enter(.parting, .messageLeft, into: &out)
            timers.set(.limit, to: now.advanced(by: Self.farewell))
        case (.leavingMessage, .message, .cut): close(.interrupted, "the message was cut", into: &out)
        case (.leavingMessage, .message, .absent):
            close(.notReached, "voicemail, and no message to leave", into: &out)
        case (.leavingMessage, .message, .failed):
            close(.failed, "the agent had no message for the voicemail", into: &out)
        case (.introducing, .introduction, .whole), (.introducing, .introduction, .cut):
            introducedAt = now
            enter(.awaitingPerson, .awaitingPerson, into: &out)
            timers.set(.limit, to: now.advanced(by: policy.screeningTimeout))
        // The agent says by itself who it is.
        case (.introducing, .introduction, .absent), (.introducing, .introduction, .failed): talk(into: &out)
        case (.prompting, .prompt, _):
            enter(.awaitingReply, .awaitingReply, into: &out)
            timers.set(isVoice ? .voice : .limit, to: now.advanced(by: policy.silenceTimeout))
        default: break
        }
    }

    /// The agent's conversation came to its end by itself: its result counts.
    mutating func conversationEnded(turn: Int) {
        guard state == .conversing, turn == self.turn else { return }
        isOverByAgent = true
        state = .over
        timers.stopAll()
    }

    mutating func fire(at now: MonotonicInstant, into out: inout Output) {
        while let timer = timers.popDue(at: now) {
            switch (state, timer) {
            case (.listening, _), (.awaitingReply, .silence), (.awaitingReply, .voice): talk(into: &out)
            case (.awaitingPerson, .silence): if !isThanks { talk(into: &out) }
            case (.awaitingPerson, .voice): voicemail(.recognised, at: now, into: &out)
            case (.awaitingPerson, .limit): close(.notReached, "screened, and nobody came", into: &out)
            case (.conversing, _), (.awaitingReply, .limit): close(.notReached, "nobody spoke", into: &out)
            case (.awaitingBeep, _): leaveMessage(at: nil, into: &out)
            case (.leavingMessage, _):
                out.send(.hush)
                take += 1
                awaitBeep(at: now, into: &out)
            case (.awaitingQuestion, _): introduce(into: &out)
            case (.parting, _): finish(.messageLeft, "", into: &out)
            case (.idle, _), (.introducing, _), (.prompting, _), (.over, _): break
            }
        }
    }

    // MARK: Who answered

    private mutating func person(into out: inout Output) {
        isPersonKnown = true
        switch state {
        case .conversing: timers.stop(.limit)
        case .leavingMessage where hasBeeped: break  // It speaks onto the tape.
        case .listening, .awaitingBeep, .leavingMessage, .awaitingQuestion, .introducing, .awaitingPerson,
            .prompting, .awaitingReply:
            talk(into: &out)
        case .idle, .parting, .over: break
        }
    }

    private mutating func voicemail(
        _ stage: AnswerVerdict.Stage, at now: MonotonicInstant, into out: inout Output
    ) {
        switch policy.voicemail {
        case .converse: talkUnlessTalking(into: &out)
        case .hangUp: close(.notReached, "a voicemail answered", into: &out)
        case .leaveMessage: mailbox(stage, at: now, into: &out)
        }
    }

    private mutating func mailbox(
        _ stage: AnswerVerdict.Stage, at now: MonotonicInstant, into out: inout Output
    ) {
        if state == .leavingMessage {
            // The greeting had only paused: nothing of what was said before this beep is on the tape.
            if stage == .beepHeard, messageTakes < Self.takeLimit { leaveMessage(at: now, into: &out) }
            return
        }
        if state != .awaitingBeep {
            giveUpFloor(into: &out)
            out.send(.prepare(.message))
            awaitBeep(at: now, into: &out)
        }
        switch stage {
        case .recognised: break
        case .greetingEnded:
            let silence = isVoice ? now : lastVoiceStop ?? now
            timers.set(.silence, to: max(now, silence.advanced(by: policy.silenceBeforeMessage)))
        case .beepHeard: leaveMessage(at: now, into: &out)
        }
    }

    private mutating func screening(
        _ stage: AnswerVerdict.Stage, at now: MonotonicInstant, into out: inout Output
    ) {
        if state == .leavingMessage { return }
        switch policy.screening {
        case .converse: return talkUnlessTalking(into: &out)
        case .hangUp: return close(.notReached, "a screening assistant answered", into: &out)
        case .introduce: break
        }
        switch state {
        case .introducing, .leavingMessage: return
        case .awaitingPerson:
            guard stage != .recognised, introductions < Self.introductionLimit else { return }
        case .awaitingQuestion: break
        case _ where introductions >= Self.introductionLimit: return
        case .idle, .listening, .conversing, .awaitingBeep, .prompting, .awaitingReply, .parting, .over:
            giveUpFloor(into: &out)
            out.send(.prepare(.introduction))
            enter(.awaitingQuestion, .awaitingQuestion, into: &out)
            timers.set(.limit, to: now.advanced(by: Self.questionLimit))
            if !isVoice {
                let pause = (lastVoiceStop ?? now).advanced(by: Self.questionPause)
                timers.set(.silence, to: max(now, pause))
            }
        }
        if stage != .recognised { introduce(into: &out) }
    }

    private mutating func menu(into out: inout Output) {
        // What a mailbox or an assistant says next may sound like choices.
        guard state != .leavingMessage, state != .introducing, state != .awaitingPerson else { return }
        switch policy.menu {
        case .converse: talkUnlessTalking(into: &out)
        case .hangUp: close(.notReached, "a menu answered", into: &out)
        case .press(let keys):
            out.emit(.pressing(keys))
            out.send(.press(keys))
            talkUnlessTalking(into: &out)
        }
    }

    private mutating func machine(_ what: String, into out: inout Output) {
        switch policy.fax {
        case .converse: if state == .listening { talk(into: &out) }
        case .hangUp: close(.notReached, what, into: &out)
        }
    }

    private mutating func silence(at now: MonotonicInstant, into out: inout Output) {
        guard state == .listening || state == .conversing else { return }
        switch (policy.silence, state) {
        case (.converse, .listening): talk(into: &out)
        case (.converse, _): break
        case (.hangUp, _): close(.notReached, "nobody spoke", into: &out)
        case (.prompt, .listening):
            enter(.prompting, .prompting, into: &out)
            take += 1
            out.send(.prepare(.prompt))
            out.send(.say(.prompt, take: take))
        case (.prompt, _):
            if !isVoice { timers.set(.silence, to: now.advanced(by: policy.silenceTimeout)) }
        }
    }

    // MARK: Steps

    private var isThanks: Bool {
        guard let introducedAt, let turnStart else { return false }
        return introducedAt.duration(to: turnStart) < Self.thanks
    }

    private mutating func talkUnlessTalking(into out: inout Output) {
        if state != .conversing { talk(into: &out) }
    }

    private mutating func talk(into out: inout Output) {
        guard turn < Self.turnLimit else {
            return close(.notReached, "it stayed unclear who answered", into: &out)
        }
        turn += 1
        giveUpFloor(into: &out)
        enter(.conversing, .conversing, into: &out)
        out.send(.converse(turn: turn))
    }

    private mutating func giveUpFloor(into out: inout Output) {
        switch state {
        case .conversing: out.send(.yield)
        case .introducing, .prompting, .leavingMessage:
            take += 1
            out.send(.hush)
        default: break
        }
    }

    private mutating func awaitBeep(at now: MonotonicInstant, into out: inout Output) {
        enter(.awaitingBeep, .awaitingBeep, into: &out)
        timers.set(.limit, to: now.advanced(by: policy.beepTimeout))
        if !isVoice {
            let silence = (lastVoiceStop ?? now).advanced(by: policy.silenceBeforeMessage)
            timers.set(.silence, to: max(now, silence))
        }
    }

    /// - Parameter beep: When it was heard; `nil` without one.
    private mutating func leaveMessage(at beep: MonotonicInstant?, into out: inout Output) {
        messageTakes += 1
        take += 1
        hasBeeped = beep != nil && isBeepCertain
        enter(.leavingMessage, .leavingMessage(attempt: messageTakes), into: &out)
        if let beep, !hasBeeped, isVoice, messageTakes < Self.takeLimit {
            timers.set(.voice, to: beep.advanced(by: Self.beepAftermath))
        }
        out.send(.say(.message, take: take))
    }

    private mutating func introduce(into out: inout Output) {
        introductions += 1
        take += 1
        enter(.introducing, .introducing, into: &out)
        out.send(.say(.introduction, take: take))
    }

    private mutating func close(_ status: AgentResult.Status, _ reason: String, into out: inout Output) {
        giveUpFloor(into: &out)
        out.emit(.hangingUp(reason))
        finish(status, reason, into: &out)
    }

    private mutating func finish(_ status: AgentResult.Status, _ note: String, into out: inout Output) {
        state = .over
        timers.stopAll()
        out.send(.finish(status, note: note))
    }

    private mutating func enter(_ next: State, _ step: AnsweringStep, into out: inout Output) {
        state = next
        timers.stopAll()
        out.emit(step)
    }
}
