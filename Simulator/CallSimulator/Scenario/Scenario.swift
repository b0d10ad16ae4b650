public import AgentBridge
internal import RTPMedia
internal import SansIO
public import Telephony

/// One call to a simulated callee, in virtual time, over real SIP and RTP.
///
/// ```swift
/// let report = try Scenario(seed: 7)
///     .callee(.answers(after: .seconds(4)).says("Hello?"))
///     .network(.cellular)
///     .agent(MyAgent())
///     .request(CallRequest(to: "+15550100", context: ["name": "Jane"]))
///     .run()
/// #expect(report.outcome.disposition == .answered)
/// #expect(report.violations.isEmpty, "\(report)")
/// ```
///
/// The agent is the one of production, unchanged: its `Task.sleep` and the standard clocks run in virtual time. The seed and
/// the values given decide everything; the same ones give the same call again, to the nanosecond.
public struct Scenario: Sendable {
    private var options: StageOptions
    private var script = CalleeScript.talks
    private var agent = AgentSource.reminder
    private var request = CallRequest(to: "+15550100")

    public init(seed: UInt64 = 1) {
        options = StageOptions(seed: seed)
        options.world.recording = .datagrams
        options.challenge = .none
    }

    /// Who is called; ``CalleeScript/talks`` unless set.
    public func callee(_ script: CalleeScript) -> Self { with { $0.script = script } }

    /// The way of datagrams, there and back; perfect unless set.
    public func network(_ model: NetworkModel) -> Self { network(toCallee: model, fromCallee: model) }

    public func network(toCallee: NetworkModel, fromCallee: NetworkModel) -> Self {
        with {
            $0.options.outbound = toCallee
            $0.options.inbound = fromCallee
        }
    }

    /// Faults at exact datagrams and times, on top of the network's.
    public func faults(_ faults: FaultPlan.Fault...) -> Self {
        with { $0.options.faults.faults += faults }
    }

    /// Who calls; an appointment reminder unless set. Without a transcriber of its own it is told the callee's words.
    public func agent(_ agent: some VoiceAgent) -> Self { with { $0.agent = AgentSource(agent) } }

    /// Who calls, without the bridge: the call itself.
    public func handler(_ handler: some CallHandler) -> Self {
        with { $0.agent = AgentSource(handler: handler) }
    }

    /// What is dialed; `+15550100` unless set.
    public func request(_ request: CallRequest) -> Self { with { $0.request = request } }

    /// Whether the trunk asks for a digest; not unless set.
    public func challenge(_ challenge: TrunkChallenge) -> Self { with { $0.options.challenge = challenge } }

    /// Defaults and limits of the dialer.
    public func dialer(_ configuration: DialerConfiguration) -> Self {
        with { $0.options.dialer = configuration }
    }

    /// What the world starts with: wall clock, order of ready work, limits. Its network is set by ``network(_:)``.
    public func world(_ configuration: WorldConfiguration) -> Self {
        with {
            $0.options.world = configuration
            $0.options.world.recording = .datagrams
        }
    }

    /// Writes the dialer's stereo recording of the call into a directory.
    public func records(in directory: String) -> Self {
        with { $0.options.dialer.recording = .stereoWAV(directory: directory) }
    }

    /// Keeps every sample that the callee heard, in ``HeardByCallee/samples``.
    public func keepsCalleeAudio() -> Self { with { $0.options.keepsAudio = true } }

    /// Without audio the callee answers with an inactive stream and says nothing.
    public func media(_ mode: MediaMode) -> Self { with { $0.options.media = mode } }

    func blindfolded(_ blindfold: InvariantWatch.Blindfold) -> Self {
        with { $0.options.blindfold = blindfold }
    }

    func rogue(_ fault: RogueCallee.Fault) -> Self { with { $0.options.rogue = fault } }

    private func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }

    /// Runs the call from dialing until nothing of it is left.
    ///
    /// - Throws: ``WorldError`` when the world stalls or goes on without end, ``CallError`` when the dialer refuses the
    ///   request. What becomes of the call is never thrown.
    public func run() throws -> ScenarioReport {
        let log = CallLog()
        let stage = ScenarioStage(options, directory: CalleeDirectory(default: script), observers: [log])
        let handler = agent.makeHandler(stage)
        let request = request
        var (outcome, speed) = try stage.run { try await stage.dialer.call(request, handler: handler) }
        speed.callSeconds = outcome.timings.talkTime?.inSeconds ?? 0
        return ScenarioReport(
            seed: options.seed, outcome: outcome, record: log.records.first, callees: stage.peer.reports,
            events: ScenarioReport.Event.list(log.events), invariants: stage.watch.counts,
            violations: stage.watch.violations, speed: speed, trace: stage.world.trace,
            wallClockStart: options.world.wallClock)
    }
}

/// Notes a call's events and record.
final class CallLog: CallObserver {
    // Guards what the dialer's loop writes and the end of the run reads.
    private let state = Locked((events: [CallEvent](), records: [CallRecord]()))

    var events: [CallEvent] { state.withLock { $0.events } }
    var records: [CallRecord] { state.withLock { $0.records } }

    func call(_ id: CallID, did event: CallEvent) { state.withLock { $0.events.append(event) } }
    func callEnded(_ record: CallRecord) { state.withLock { $0.records.append(record) } }
}
