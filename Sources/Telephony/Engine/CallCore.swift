internal import SIPCore
internal import SansIO

/// One call between its request and its outcome: the rules, without sockets, clocks or tasks.
///
///     preparing ─dial→ dialing ─18x→ ringing / earlyMedia ─2xx→ answering ─media agrees→ answered
///         │               └───────┬───────────┘                    │                       │
///         │      final response   │  ring timeout, hang-up         │    hang-up, limit     │ BYE
///         │               ▼       ▼                                ▼                       ▼
///         └────────────► ended ◄─ ending (waits for the user agent, bounded) ◄─────────── ended
///
/// A trunk that cannot carry the call, before anything rang, leads from `dialing` to `rerouting` and back, where there is
/// another trunk. From `ended` it waits for the agent's closure (bounded by the grace time) and the media engine's figures; then it
/// is `concluded`, once.
struct CallCore: Sendable {
    enum State: Hashable, Sendable {
        case preparing, dialing, ringing, earlyMedia, answering, answered, ending, ended, concluded
        /// Between two trunks: no INVITE is out.
        case rerouting

        /// An INVITE is out and no final response has come.
        var awaitsAnswer: Bool { self == .dialing || self == .ringing || self == .earlyMedia }
    }

    enum Timer: Int, CaseIterable, Sendable { case prepare, ring, answer, duration, patience, grace }

    /// What the engine has to do, in order.
    enum Command: Hashable, Sendable {
        case invite
        /// Inbound: our response to the INVITE, with our session description if that is 183 or 200.
        case respond(status: Int)
        /// CANCEL or BYE, as the state of the session asks.
        case endSession(reason: String?)
        /// Read the far end's session description; `nil`: the one of the early media holds.
        case negotiate(answer: [UInt8]?, isFinal: Bool)
        case stopMedia
        case cancelAgent
        /// Everything is known: hand the outcome to whoever waits.
        case conclude
    }

    typealias Output = Effects<Command, CallEvent.Kind>

    /// Both clocks at one step.
    struct Now: Hashable, Sendable {
        var monotonic: MonotonicInstant
        var wall: WallClockInstant
    }

    struct Configuration: Hashable, Sendable {
        var ringTimeout: Duration
        var maximumDuration: Duration
        var classifiesAnswers: Bool
        /// Time until dialing, the agent's preparations included.
        var prepareTimeout = Duration.seconds(30)
        /// Waited for the answer to our CANCEL or BYE, before the outcome is given without it.
        var patience = Duration.seconds(5)
        /// The agent's time to return after the call has ended.
        var grace = Duration.seconds(2)
        /// `nil` for a call that we place.
        var inbound: Inbound?
    }

    let id: CallID
    let configuration: Configuration
    // Written here and in `CallCore+Inbound.swift` only.
    var state = State.preparing
    var outcome: CallOutcome
    var timers = TimerTable<Timer>()
    /// Last status seen or given, for ends that the far end did not decide.
    var lastStatus: Int?
    /// The last tone of the line before the answer.
    private var lineTone: ProgressTone?
    private var agentIsRunning = true
    var mediaIsOpen = false
    /// Inbound: the ACK for our 200 has come.
    var isAcknowledged = false
    /// Both clocks when the first INVITE left, or came. The call's instants are counted from there by the clock that is
    /// never set, so that no call seems shorter than it was.
    var begin: Now?
    /// A provisional response other than 100 has come: the far end is at work.
    private var hasProgressed = false
    /// Why the last trunk could not carry it.
    private var trunkFault: CallConclusion?

    init(id: CallID, configuration: Configuration) {
        self.id = id
        self.configuration = configuration
        outcome = CallOutcome(
            id: id, disposition: .unknown, endedBy: .network)
    }

    var nextDeadline: MonotonicInstant? { timers.next }

    /// The wall clock as it goes on from the call's begin.
    func wall(at now: Now) -> WallClockInstant {
        begin.map { $0.wall.advanced(by: $0.monotonic.duration(to: now.monotonic)) } ?? now.wall
    }

    // MARK: Our side

    /// The call was taken: it must be dialed in time, or an agent that never gets ready would hold it for ever.
    mutating func admitted(at now: Now) {
        guard state == .preparing else { return }
        timers.set(.prepare, to: now.monotonic.advanced(by: configuration.prepareTimeout))
    }

    /// Starts dialing; ignored when the call was ended while it was being prepared.
    ///
    /// - Parameters:
    ///   - callerNumber: Shown to the callee; `nil` when none is.
    ///   - trunk: To be told; `nil` where there is only one.
    /// - Returns: Whether it was started.
    @discardableResult
    mutating func dial(
        sipCallID: String, from callerNumber: String? = nil, over trunk: String? = nil, at now: Now,
        into out: inout Output
    ) -> Bool {
        guard state == .preparing || state == .rerouting else { return false }
        if state == .preparing {
            begin = now
            outcome.timings.dialed = now.wall
            timers.stop(.prepare)
            timers.set(.ring, to: now.monotonic.advanced(by: configuration.ringTimeout))
        }
        state = .dialing
        mediaIsOpen = true
        lastStatus = nil
        outcome.callerNumber = callerNumber
        if let trunk { out.emit(.routed(trunk: trunk)) }
        out.emit(.dialing(sipCallID: sipCallID))
        out.send(.invite)
        return true
    }

    /// The call waits for a place on a trunk, which has a limit of its own.
    mutating func queued() { timers.stop(.prepare) }

    /// Whether the call can go on over another trunk.
    var mayReroute: Bool { state == .dialing && !hasProgressed }

    /// The trunk could not carry it, and another one may.
    mutating func reroute(after conclusion: CallConclusion, over trunk: String, into out: inout Output) {
        guard mayReroute else { return }
        state = .rerouting
        out.emit(.failedOver(from: trunk, cause: conclusion.cause))
        trunkFault = conclusion
    }

    /// There is no other trunk after all.
    mutating func noTrunkLeft(at now: Now, into out: inout Output) {
        guard state == .rerouting else { return }
        finish(trunkFault, at: now, into: &out)
    }

    /// Ends the call by protocol, whatever its state.
    mutating func hangUp(text: String, at now: Now, into out: inout Output) {
        switch state {
        case .preparing where !owesFinalResponse, .rerouting:
            finish(CallConclusion(.cancelled, CallCause(text: text), endedBy: .us), at: now, into: &out)
        case .preparing, .dialing, .ringing, .earlyMedia:
            end(owesFinalResponse ? .declined : .cancelled, text: text, at: now, into: &out)
        case .answering, .answered:
            end(.answered, text: text, at: now, into: &out)
        case .ending, .ended, .concluded: break
        }
    }

    /// Ends the attempt for a reason on our own side, before or after dialing.
    mutating func abort(
        _ disposition: CallDisposition, text: String, at now: Now, into out: inout Output
    ) {
        abort(disposition, CallCause(text: text), at: now, into: &out)
    }

    mutating func abort(
        _ disposition: CallDisposition, _ cause: CallCause, at now: Now, into out: inout Output
    ) {
        switch state {
        case .preparing where !owesFinalResponse, .rerouting:
            let endedBy: CallParty = disposition == .trunkFault ? .network : .us
            finish(CallConclusion(disposition, cause, endedBy: endedBy), at: now, into: &out)
        case .preparing, .dialing, .ringing, .earlyMedia, .answering, .answered:
            end(CallConclusion(disposition, cause, endedBy: .us), at: now, into: &out)
        case .ending, .ended, .concluded: break
        }
    }

    /// The INVITE could not even be written.
    mutating func inviteRefused(text: String, at now: Now, into out: inout Output) {
        guard state == .dialing else { return }
        finish(CallConclusion(.failed, CallCause(text: text), endedBy: .us), at: now, into: &out)
    }

    /// The agent's closure is over; hangs up when the call is not.
    mutating func agentFinished(_ result: AgentResult?, at now: Now, into out: inout Output) {
        guard agentIsRunning else { return }
        agentIsRunning = false
        outcome.agentResult = result
        hangUp(text: "the agent was done", at: now, into: &out)
        concludeIfComplete(into: &out)
    }

    mutating func classified(_ verdict: AnswerVerdict, into out: inout Output) {
        guard state == .answered else { return }
        outcome.answeredBy = verdict.answeredBy
        out.emit(.classified(verdict))
    }

    /// A tone of the line. In early media one that says that the number leads nowhere ends the call.
    mutating func heard(_ tone: ProgressTone, at now: Now, into out: inout Output) {
        guard state.awaitsAnswer || state == .answered else { return }
        out.emit(.callProgress(tone))
        if case .key = tone { return }
        if state.awaitsAnswer { lineTone = tone }
        guard state.awaitsAnswer, direction == .outbound, case .specialInformation(let information) = tone,
            information.isBadNumber
        else { return }
        end(
            .badNumber, text: "special information tone before the answer: \(information.text)", at: now,
            into: &out)
    }

    /// What a call that rang out is: a network that plays its tone to the end has said so, without a status.
    private var unanswered: (CallDisposition, String) {
        switch lineTone {
        case .busy: (.busy, "busy tone before the answer, until the ring timeout")
        case .congestion: (.trunkFault, "congestion tone before the answer, until the ring timeout")
        case .specialInformation(let information):
            (.trunkFault, "special information tone before the answer: \(information.text)")
        case .dialTone, .ringback, .faxCalling, .faxAnswering, .beep, .key, nil: (.noAnswer, "ring timeout")
        }
    }

    /// The media engine has given the ports back.
    mutating func mediaStopped(_ quality: CallQuality? = nil, into out: inout Output) {
        mediaIsOpen = false
        if outcome.timings.answered != nil { outcome.quality = quality }
        concludeIfComplete(into: &out)
    }

    /// The dialer stops: what is still under way at `deadline` is given up.
    mutating func drain(by deadline: MonotonicInstant, at now: Now, into out: inout Output) {
        hangUp(text: "the dialer was stopped", at: now, into: &out)
        for timer in [Timer.patience, .grace] {
            if let set = timers.deadline(of: timer), set > deadline { timers.set(timer, to: deadline) }
        }
    }

    // MARK: The far end

    mutating func receive(provisional response: ReceivedResponse, at now: Now, into out: inout Output) {
        guard state.awaitsAnswer else { return }
        if response.status > 100 { hasProgressed = true }
        let isNew = lastStatus != response.status
        lastStatus = response.status
        let answer = response.body?.sessionDescription
        if response.status == 180 || (response.status > 180 && answer == nil) {
            if outcome.timings.ringing == nil { outcome.timings.ringing = wall(at: now) }
            if state == .dialing { state = .ringing }
            if isNew { out.emit(.ringing(status: response.status)) }
        }
        if let answer { out.send(.negotiate(answer: answer, isFinal: false)) }
    }

    mutating func receive(answer response: ReceivedResponse, at now: Now, into out: inout Output) {
        lastStatus = response.status
        guard state.awaitsAnswer else { return }
        state = .answering
        timers.stop(.ring)
        outcome.timings.answered = wall(at: now)
        timers.set(.duration, to: now.monotonic.advanced(by: configuration.maximumDuration))
        out.send(.negotiate(answer: response.body?.sessionDescription, isFinal: true))
    }

    /// - Parameter detail: What was wrong with the connection, for people.
    mutating func receive(
        failure: InviteFailure, detail: String? = nil, at now: Now, into out: inout Output
    ) {
        switch failure {
        case .rejected(let response), .credentialsRefused(let response): lastStatus = response.status
        case .abandoned where state == .ending && outcome.disposition == .trunkFault:
            // Not even 100 had come.
            outcome.cause = CallCause(text: "no response from the trunk")
        case .timedOut, .transportFailed, .abandoned: break
        }
        if state == .ending {
            finish(nil, at: now, into: &out)
        } else if state.awaitsAnswer {
            var conclusion = CallConclusion(failure, at: now.wall)
            if let detail { conclusion.cause.text += ": \(detail)" }
            finish(conclusion, at: now, into: &out)
        }
    }

    mutating func receive(end: SessionEnd, isReplaced: Bool = false, at now: Now, into out: inout Output) {
        switch state {
        case .ending: finish(nil, at: now, into: &out)
        case .answering, .answered:
            var conclusion = CallConclusion(end)
            if isReplaced {
                // Our BYE, but by the far end's wish.
                conclusion.cause.text = "replaced by another call"
                conclusion.endedBy = direction == .inbound ? .caller : .callee
            }
            finish(conclusion, at: now, into: &out)
        default: break
        }
    }

    /// Media flows: early, or for good.
    mutating func mediaReady(isFinal: Bool, at now: Now, into out: inout Output) {
        switch state {
        case .answering where isFinal:
            state = .answered
            out.emit(.answered)
        case .dialing where !isFinal, .ringing where !isFinal && direction == .outbound:
            state = .earlyMedia
            out.emit(.earlyMedia)
        default: break
        }
    }

    /// Nothing has come from the far end for a long time: neither audio nor reports.
    mutating func mediaTimedOut(text: String, at now: Now, into out: inout Output) {
        guard state == .answered else { return }
        end(CallConclusion(.dropped, CallCause(text: text), endedBy: .network), at: now, into: &out)
    }

    /// The far end's description is not one that we can speak; in early media that is borne.
    mutating func mediaRefused(text: String, isFinal: Bool, at now: Now, into out: inout Output) {
        guard isFinal, state == .answering else { return }
        end(.mediaRefused, text: text, at: now, into: &out)
    }

    // MARK: Time

    mutating func fire(at now: Now, into out: inout Output) {
        while let timer = timers.popDue(at: now.monotonic) {
            switch timer {
            case .prepare:
                abort(.notPrepared, text: "the agent was not ready in time", at: now, into: &out)
            case .ring where state == .rerouting:
                noTrunkLeft(at: now, into: &out)
            case .ring where hasProgressed || direction == .inbound:
                let (disposition, text) = unanswered
                end(disposition, text: text, at: now, into: &out)
            case .ring:
                // 100 is the next hop's word alone: nothing says that anybody was reached.
                let cause = CallCause(sipStatus: 100, text: "no more than that came from the trunk")
                end(CallConclusion(.trunkFault, cause, endedBy: .network), at: now, into: &out)
            case .answer:
                answer(at: now, into: &out)
            case .duration:
                end(.answered, text: "maximum duration", at: now, into: &out)
            case .patience:
                finish(nil, at: now, into: &out)
            case .grace:
                guard agentIsRunning else { break }
                agentIsRunning = false
                if outcome.timings.answered != nil {
                    outcome.agentResult = AgentResult(
                        status: .interrupted, note: "the agent did not stop when the call ended")
                }
                concludeIfComplete(into: &out)
            }
        }
    }

    // MARK: Ends

    /// Speaks the protocol to its end with an outcome that is settled already.
    private mutating func end(
        _ disposition: CallDisposition, text: String, at now: Now, into out: inout Output
    ) {
        end(CallConclusion(disposition, CallCause(text: text), endedBy: .us), at: now, into: &out)
    }

    private mutating func end(_ conclusion: CallConclusion, at now: Now, into out: inout Output) {
        let isOwed = owesFinalResponse
        settle(conclusion, at: now)
        if isOwed {
            let status = Self.refusal(for: conclusion.disposition)
            lastStatus = status
            out.send(.respond(status: status))
            return finish(nil, at: now, into: &out)
        }
        state = .ending
        timers.stopAll()
        timers.set(.patience, to: now.monotonic.advanced(by: configuration.patience))
        out.send(.endSession(reason: nil))
        release(at: now, into: &out)
    }

    /// No more is to be heard from the user agent.
    ///
    /// - Parameter conclusion: `nil` when ``end(_:text:at:into:)`` has settled it.
    mutating func finish(_ conclusion: CallConclusion?, at now: Now, into out: inout Output) {
        let grace = timers.deadline(of: .grace)
        let wasEnding = state == .ending
        if let conclusion { settle(conclusion, at: now) }
        outcome.cause.sipStatus = outcome.cause.sipStatus ?? lastStatus
        state = .ended
        timers.stopAll()
        if let grace { timers.set(.grace, to: grace) }
        out.emit(.ended(outcome))
        if !wasEnding { release(at: now, into: &out) }
        concludeIfComplete(into: &out)
    }

    private mutating func settle(_ conclusion: CallConclusion, at now: Now) {
        outcome.disposition = conclusion.disposition
        outcome.cause = conclusion.cause
        // The far end of an inbound call is the one that called.
        outcome.endedBy =
            direction == .inbound && conclusion.endedBy == .callee ? .caller : conclusion.endedBy
        outcome.timings.ended = wall(at: now)
        let wasHeard = conclusion.disposition == .answered || conclusion.disposition == .dropped
        if configuration.classifiesAnswers, wasHeard, outcome.answeredBy == nil {
            outcome.answeredBy = .unknown
        }
    }

    /// Lets go of the agent and the media, as soon as the call is ending.
    private mutating func release(at now: Now, into out: inout Output) {
        if mediaIsOpen { out.send(.stopMedia) }
        guard agentIsRunning else { return }
        timers.set(.grace, to: now.monotonic.advanced(by: configuration.grace))
        out.send(.cancelAgent)
    }

    private mutating func concludeIfComplete(into out: inout Output) {
        guard state == .ended, !agentIsRunning, !mediaIsOpen else { return }
        state = .concluded
        timers.stopAll()
        out.send(.conclude)
    }
}
