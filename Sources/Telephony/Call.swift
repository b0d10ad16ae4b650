public import SansIO

/// One call, as the closure that handles it sees it. Outbound and inbound calls are the same type.
public final class Call: Sendable {
    public let id: CallID
    /// What was asked for; of an inbound call: the called number, the caller's, and what its acceptance says.
    public let request: CallRequest
    public let direction: CallDirection
    /// Who placed it: the number that we show, or what the caller says of itself.
    public let caller: CallerIdentity
    /// The callee's and the agent's audio.
    public let audio: CallAudio

    private let log: EventLog<CallEvent>
    let control: any CallControl
    private let clock: any Driver
    // Guards the phase, which readers on other threads ask for; the engine writes it.
    private let state = Locked((phase: CallPhase.preparing, wasAnswered: false))

    /// For engines, and for tests that stand in for one.
    package init(
        id: CallID, request: CallRequest, audio: CallAudio, eventLimit: Int, control: any CallControl,
        clock: any Driver, incoming: IncomingCall? = nil
    ) {
        self.id = id
        self.request = request
        direction = incoming == nil ? .outbound : .inbound
        caller =
            incoming?.caller
            ?? CallerIdentity(number: request.from ?? "", displayName: request.callerName)
        self.audio = audio
        self.control = control
        self.clock = clock
        log = EventLog(limit: eventLimit)
    }

    /// Every event of the call from its start. Each loop has its own place; a slow one loses the oldest beyond
    /// the dialer's event limit.
    public var events: CallEvents { CallEvents(log: log) }

    public var phase: CallPhase { state.withLock { $0.phase } }

    /// Whether the callee has answered, also after the end.
    public var wasAnswered: Bool { state.withLock { $0.wasAnswered } }

    /// The clock under the call: real, or the world's. Agents that measure or wait use it.
    public var now: MonotonicInstant { clock.now }

    /// Suspends for `duration` on the call's clock.
    ///
    /// - Throws: `CancellationError`, also when the call's closure is cancelled because the call ended.
    public func sleep(for duration: Duration) async throws { try await clock.sleep(for: duration) }

    /// Waits until the callee answers.
    ///
    /// - Throws: ``CallError/Code/notAnswered`` when the call ends first, `CancellationError` when cancelled.
    public func answered() async throws {
        // Asked for on every event, since a late or slow reader may find that the log has dropped the answer.
        if wasAnswered { return }
        for await _ in events where wasAnswered { return }
        try Task.checkCancellation()
        throw CallError(.notAnswered, "the call ended without an answer")
    }

    /// Answers an inbound call whose acceptance left the moment to the handler. Returns at once; does nothing otherwise.
    public func answer() { control.answer(id) }

    /// Hangs up; the closure is cancelled and the outcome says that we ended it. Returns at once.
    public func hangUp() { control.hangUp(id) }

    /// Sends telephone keys to the callee, 100 ms each with 100 ms between, in the way of the trunk (``Trunk/dtmf``): as
    /// telephone events (RFC 4733), in the sound, or as INFO. Speech waits for the first two and then goes on where it was.
    ///
    /// - Parameter digits: `0`...`9`, `*`, `#`, `A`...`D`; `w` waits 500 ms.
    /// - Throws: ``CallError/Code/invalidRequest`` for any other character.
    public func sendDigits(_ digits: String) throws(CallError) {
        guard digits.allSatisfy({ "0123456789*#ABCDabcdwW".contains($0) }) else {
            throw CallError(.invalidRequest, "digits are 0-9, *, #, A-D and w")
        }
        control.sendDigits(digits.uppercased(), on: id)
    }

    /// Tells the answer classifier what the callee was understood to say: phrases sharpen its verdict. Returns at once;
    /// does nothing when nobody asks who answered.
    public func hear(transcript: PartialTranscript) { control.hear(transcript, on: id) }

    /// Tells everybody what the answering policy does. Returns at once.
    package func note(_ step: AnsweringStep) { control.note(step, at: now, on: id) }

    /// Plays a sound to the callee whenever the agent has nothing queued: comfort noise, music, ringback.
    ///
    /// Replaces what was played before; agent audio goes first and the sound pauses meanwhile. Heard from the answer on.
    ///
    /// - Parameter samples: At ``CallAudio/rateHertz``; empty to stop.
    public func play(_ samples: [Int16], _ mode: PlayMode = .once) {
        control.play(samples, mode, on: id)
    }

    /// The call's media as it stands: packets, loss, delay and, by direction, what people would say of it.
    ///
    /// Asked of the engine each time; the far end's side changes about every 5 s, when it reports.
    ///
    /// - Returns: `nil` before anything was negotiated and after the end, when the ``CallRecord`` has it.
    public func mediaQuality() async -> MediaStatistics? { await control.mediaStatistics(of: id) }

    /// Silences the call's recording from here on, for card numbers and the like; its time goes on, and event and record say so.
    /// Returns once the recorder has stopped listening. Does nothing when nothing is recorded. Recordings of rooms are
    /// paused by themselves (``Room/pauseRecording()``), and so are those of the other calls of a bridge or room, whose far ends hear this
    /// one; a capture of packets (pcap) is not touched.
    public func pauseRecording() async { await control.pauseRecording(true, of: id) }

    /// Ends ``pauseRecording()``.
    public func resumeRecording() async { await control.pauseRecording(false, of: id) }

    /// Engines only: records an event, moves the phase and wakes readers.
    package func record(_ event: CallEvent) {
        let phase: CallPhase? =
            switch event.kind {
            case .dialing: .dialing
            case .ringing: .ringing
            case .earlyMedia: .earlyMedia
            case .answered: .answered
            case .ended: .ended
            default: nil
            }
        if let phase {
            state.withLock { state in
                state.phase = max(state.phase, phase)
                if phase == .answered { state.wasAnswered = true }
            }
        }
        log.append(event)
        if phase == .ended { log.finish() }
    }
}

/// How often a sound is played.
public enum PlayMode: Hashable, Sendable { case once, repeated }

/// What a ``Call`` asks of its engine. Any thread; all return at once.
package protocol CallControl: AnyObject, Sendable {
    func hangUp(_ id: CallID)
    func answer(_ id: CallID)
    /// - Parameter then: Called exactly once, on any thread, at the end of the call at the latest.
    func hold(
        _ id: CallID, _ isHeld: Bool, then: @escaping @Sendable (Result<Void, CallError>) -> Void)
    func transfer(
        _ id: CallID, to target: TransferTarget,
        then: @escaping @Sendable (Result<TransferResult, CallError>) -> Void)
    func sendInfo(
        _ id: CallID, contentType: String, body: [UInt8],
        then: @escaping @Sendable (Result<Int, CallError>) -> Void)
    /// - Parameter digits: Already checked.
    func sendDigits(_ digits: String, on id: CallID)
    /// What the far end hears while it is held from now on; empty: the dialer's music.
    /// Returns once it is done, at the end of the call at the latest.
    func pauseRecording(_ pauses: Bool, of id: CallID) async
    func setHoldMusic(_ samples: [Int16], on call: Call)
    /// A room on the call's media loop, for itself and another call.
    func makeBridge(for call: Call) async throws(CallError) -> Room
    /// - Parameter gain: In 1/4096.
    func link(_ call: Call, to other: Call, _ link: MediaLink, gain: Int32) async throws(CallError)
    func play(_ samples: [Int16], _ mode: PlayMode, on id: CallID)
    func hear(_ transcript: PartialTranscript, on id: CallID)
    func mediaStatistics(of id: CallID) async -> MediaStatistics?
    func note(_ step: AnsweringStep, at now: MonotonicInstant, on id: CallID)
}

extension CallControl {
    package func answer(_ id: CallID) {}

    package func hold(
        _ id: CallID, _ isHeld: Bool, then: @escaping @Sendable (Result<Void, CallError>) -> Void
    ) { then(.failure(CallError(.ended, "there is no such call"))) }

    package func transfer(
        _ id: CallID, to target: TransferTarget,
        then: @escaping @Sendable (Result<TransferResult, CallError>) -> Void
    ) { then(.failure(CallError(.ended, "there is no such call"))) }

    package func sendInfo(
        _ id: CallID, contentType: String, body: [UInt8],
        then: @escaping @Sendable (Result<Int, CallError>) -> Void
    ) { then(.failure(CallError(.ended, "there is no such call"))) }
    package func pauseRecording(_ pauses: Bool, of id: CallID) async {}
    package func setHoldMusic(_ samples: [Int16], on call: Call) {}
    package func makeBridge(for call: Call) async throws(CallError) -> Room {
        throw CallError(.ended, "there is no such call")
    }
    package func link(
        _ call: Call, to other: Call, _ link: MediaLink, gain: Int32
    ) async throws(CallError) { throw CallError(.ended, "there is no such call") }
    package func play(_ samples: [Int16], _ mode: PlayMode, on id: CallID) {}
    package func hear(_ transcript: PartialTranscript, on id: CallID) {}

    package func mediaStatistics(of id: CallID) async -> MediaStatistics? { nil }
    package func note(_ step: AnsweringStep, at now: MonotonicInstant, on id: CallID) {}
}
