public import Telephony

/// Something that talks on the phone: a language model behind an adapter, a script, an echo.
///
/// The bridge calls ``prepare(for:id:)`` before any INVITE leaves and ``converse(_:prepared:)`` right after the answer, or
/// when its ``AnsweringPolicy`` says so. Live both run on the global pool and may block; in simulation they run on the world's
/// executor.
public protocol VoiceAgent: Sendable {
    /// What preparation leaves for one conversation: a connection, rendered prompts, an opening already spoken.
    associatedtype Preparation: Sendable = Void

    /// How the agent wants to hear, be interrupted and be helped. Read once per call, before ``prepare(for:id:)``.
    var options: AgentOptions { get }

    /// Gets ready for one call, so that there is no dead air after the answer.
    ///
    /// When it throws, nothing is dialed and no attempt is used. Whoever picks up waits for nothing that is done here.
    ///
    /// - Parameters:
    ///   - request: Number, context and limits of the call.
    ///   - id: The call's id, also when the request named none.
    func prepare(for request: CallRequest, id: CallID) async throws -> Preparation

    /// Holds the conversation. Starts at the answer, or when ``AgentOptions/answering`` gives the agent the floor; its return
    /// hangs up and cuts what has not been sent.
    ///
    /// When the far end hangs up first, the task is cancelled and has two seconds to return. It is cancelled as well when a
    /// machine is recognised that the policy takes care of: what was being said is cut in the same moment,
    /// ``Utterance/result`` and ``AgentEvent/Kind/spoken(_:)`` tell to the sample what had been sent, and nothing that this
    /// conversation still says is sent. Should a person come to the phone after all, it is called again, in the same session.
    ///
    /// - Returns: Status, note and data; the transcript and data in it are completed by the bridge.
    /// - Throws: Anything; the result is then ``AgentResult/Status/interrupted`` if the call ended under it and
    ///   ``AgentResult/Status/failed`` otherwise.
    func converse(_ session: AgentSession, prepared: Preparation) async throws -> AgentResult

    /// What is left on a voicemail under ``AnsweringPolicy/VoicemailAction/leaveMessage``; ``AnsweringPolicy/message`` in the
    /// agent's voice unless implemented.
    ///
    /// Called once a voicemail is recognised, while its greeting runs, and has ten seconds: what is ready at the beep is sent
    /// with the next packet.
    ///
    /// - Returns: `nil` when there is nothing to leave; the call is hung up.
    func voicemailMessage(for session: AgentSession, prepared: Preparation) async throws -> PreparedSpeech?

    /// Who is calling and why, for a screening assistant; ``AnsweringPolicy/introduction`` in the agent's voice unless
    /// implemented. Called while the assistant asks.
    ///
    /// - Returns: `nil` to let ``converse(_:prepared:)`` do it.
    func introduction(for session: AgentSession, prepared: Preparation) async throws -> PreparedSpeech?

    /// A text in the agent's voice: the texts of the answering policy. Tones in the rhythm of speech unless implemented.
    func speech(of text: String, for session: AgentSession, prepared: Preparation) async throws
        -> PreparedSpeech
}

extension VoiceAgent {
    public var options: AgentOptions { AgentOptions() }

    public func voicemailMessage(
        for session: AgentSession, prepared: Preparation
    ) async throws -> PreparedSpeech? {
        guard let text = session.answering.message else { return nil }
        return try await speech(of: try session.filled(text), for: session, prepared: prepared)
    }

    public func introduction(
        for session: AgentSession, prepared: Preparation
    ) async throws -> PreparedSpeech? {
        guard let text = session.answering.introduction else { return nil }
        return try await speech(of: try session.filled(text), for: session, prepared: prepared)
    }

    public func speech(
        of text: String, for session: AgentSession, prepared: Preparation
    ) async throws -> PreparedSpeech {
        .tones(text, rateHertz: session.rateHertz)
    }
}

extension VoiceAgent where Preparation == Void {
    /// Nothing to prepare.
    public func prepare(for request: CallRequest, id: CallID) async throws {}
}

/// What an agent asks of the bridge.
public struct AgentOptions: Sendable {
    /// Rate of the audio both ways: 8,000, 16,000, 24,000 or 48,000 Hz. `nil` takes the call's.
    public var audioRateHertz: Int?
    /// When the callee's voice cuts the agent's speech; `nil`: never.
    public var bargeIn: BargeIn.Policy? = BargeIn.Policy()
    /// When the callee's turn is over.
    public var turns = TurnDetector.Policy()
    /// What is done about who answers; that of the call's request comes first.
    public var answering = AnsweringPolicy()
    /// Turns the callee's speech into text; without one it is recorded as untranscribed.
    public var transcriber: (any Transcriber)?
    /// What the agent can do besides talking. Names are unique; of equals the first is called.
    public var tools: [AgentTool] = []

    public init() {}
}
