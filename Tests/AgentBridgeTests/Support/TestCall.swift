internal import AgentBridge
internal import SansIO
internal import Telephony

/// Stands in for the engine of one call: 20 ms deadlines from the answer on, events by schedule, an agent on top.
final class TestCall: CallControl, @unchecked Sendable {
    let loop = TestLoop()
    private(set) var call: Call!
    /// Frames that left, one per 20 ms from the answer on.
    private(set) var sent: [[Int16]] = []
    private(set) var digitsSent = ""
    private(set) var endedAtMilliseconds: Int?
    private(set) var result: Result<AgentResult, any Error>?
    private var schedule: [(milliseconds: Int, order: Int, kind: CallEvent.Kind)] = []
    private var task: Task<Void, Never>?
    private var answeredAt: Int?
    private var wantsHangUp = false
    /// Callee audio, from the answer on.
    var calleeAudio: [Int16] = []

    init(
        context: [String: String] = [:], rateHertz: Int = 8_000, answersAt milliseconds: Int? = 1_000,
        answering: AnsweringPolicy? = nil
    ) {
        var request = CallRequest(to: "+15550100", context: context, audioRateHertz: rateHertz)
        request.answering = answering
        call = Call(
            id: CallID("test"), request: request, audio: CallAudio(rateHertz: rateHertz), eventLimit: 1_024,
            control: self, clock: loop)
        if let milliseconds { at(milliseconds, .answered) }
    }

    /// An event of the engine at a moment of the call; the answer is at 1,000 ms unless said otherwise.
    func at(_ milliseconds: Int, _ kind: CallEvent.Kind) {
        schedule.append((milliseconds, schedule.count, kind))
    }

    func voice(from start: Int, to end: Int) {
        at(start, .voiceStarted)
        at(end, .voiceStopped)
    }

    func verdict(_ answeredBy: AnsweredBy, _ stage: AnswerVerdict.Stage = .recognised, at milliseconds: Int) {
        at(
            milliseconds,
            .classified(
                AnswerVerdict(
                    answeredBy: answeredBy, stage: stage, confidence: 1, atMilliseconds: 0, evidence: "test"))
        )
    }

    /// The callee hangs up.
    func calleeHangsUp(at milliseconds: Int) { at(milliseconds, .ended(outcome(by: .callee))) }

    private func outcome(by party: CallParty) -> CallOutcome {
        CallOutcome(id: call.id, disposition: answeredAt == nil ? .noAnswer : .answered, endedBy: party)
    }

    func hangUp(_ id: CallID) { wantsHangUp = true }
    func sendDigits(_ digits: String, on id: CallID) { digitsSent += digits }

    /// Runs the agent on the call until it has returned, or until `limit`.
    @discardableResult
    func run(
        _ agent: some VoiceAgent, transcriber: (any Transcriber)? = nil, until limit: Int = 60_000
    ) -> AgentResult? {
        perform(until: limit) { try await agent.converse(on: $0, transcriber: transcriber) }
    }

    @discardableResult
    func perform(
        until limit: Int = 60_000, _ body: @escaping @Sendable (Call) async throws -> AgentResult
    ) -> AgentResult? {
        let call = self.call!
        task = Task(executorPreference: loop.taskExecutor!) {
            do { self.result = .success(try await body(call)) } catch { self.result = .failure(error) }
        }
        schedule.sort { ($0.milliseconds, $0.order) < ($1.milliseconds, $1.order) }
        var milliseconds = 0
        while result == nil, milliseconds <= limit {
            loop.advance(to: MonotonicInstant(nanoseconds: Int64(milliseconds) * 1_000_000))
            step(milliseconds)
            loop.settle()
            milliseconds += 1
        }
        if result == nil { end(by: .us, at: milliseconds) }
        loop.settle()
        return try? result?.get()
    }

    private func step(_ milliseconds: Int) {
        while let next = schedule.first, next.milliseconds <= milliseconds, endedAtMilliseconds == nil {
            schedule.removeFirst()
            if case .ended = next.kind {
                end(by: .callee, at: milliseconds)
            } else {
                if case .answered = next.kind { answeredAt = milliseconds }
                record(next.kind)
            }
            loop.settle()
        }
        if let answeredAt, endedAtMilliseconds == nil, (milliseconds - answeredAt) % 20 == 0 {
            exchangeFrames()
        }
        if wantsHangUp, endedAtMilliseconds == nil { end(by: .us, at: milliseconds) }
    }

    private func exchangeFrames() {
        let size = call.audio.frameSamples
        let start = sent.count * size
        let inbound = (start..<start + size).map { $0 < calleeAudio.count ? calleeAudio[$0] : 0 }
        call.audio.deliver(inbound.span)
        var frame = [Int16](repeating: 0, count: size)
        var span = frame.mutableSpan
        _ = call.audio.takeFrame(into: &span)
        sent.append(frame)
        for mark in call.audio.takeReachedMarks() { record(.mark(mark)) }
    }

    private func end(by party: CallParty, at milliseconds: Int) {
        guard endedAtMilliseconds == nil else { return }
        endedAtMilliseconds = milliseconds
        record(.ended(outcome(by: party)))
        call.audio.close()
        task?.cancel()
    }

    private func record(_ kind: CallEvent.Kind) { call.record(CallEvent(instant: loop.now, kind: kind)) }

    /// Milliseconds since the answer of the first and last frame that is not silent.
    var firstSpokenMilliseconds: Int? { sent.firstIndex { $0.contains { $0 != 0 } }.map { $0 * 20 } }
    var lastSpokenMilliseconds: Int? { sent.lastIndex { $0.contains { $0 != 0 } }.map { $0 * 20 } }
    var samplesSpoken: Int { sent.joined().count { $0 != 0 } }
}

/// An agent made of a closure.
struct ClosureAgent: VoiceAgent {
    var options = AgentOptions()
    let body: @Sendable (AgentSession) async throws -> AgentResult

    init(
        _ options: AgentOptions = AgentOptions(),
        _ body: @escaping @Sendable (AgentSession) async throws -> AgentResult
    ) {
        self.options = options
        self.body = body
    }

    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        try await body(session)
    }
}

/// Samples that are all audible.
func tone(milliseconds: Int, rateHertz: Int = 8_000) -> [Int16] {
    [Int16](repeating: 1_000, count: milliseconds * rateHertz / 1_000)
}
