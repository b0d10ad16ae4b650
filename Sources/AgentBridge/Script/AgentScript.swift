public import Telephony

/// What a ``ScriptedAgent`` does, step by step: for tests, demos and simple reminders.
///
/// Text is templated from the call's context (``PromptTemplate``) and from what earlier steps saved. As JSON each step is
/// an object with one action and, if others jump to it, a `label`; see `Examples/agents`.
public struct AgentScript: Hashable, Sendable {
    /// One step; the next one follows unless the action jumps.
    public struct Step: Hashable, Sendable {
        /// Target of ``Branch`` and ``Action/goTo(_:)``; unique.
        public var label: String?
        public var action: Action

        public init(_ action: Action, label: String? = nil) {
            self.action = action
            self.label = label
        }
    }

    @nonexhaustive
    public enum Action: Hashable, Sendable {
        /// Says a templated text and waits until it was sent or cut.
        case say(String)
        /// Plays a WAV file, named relative to the script.
        case play(file: String)
        /// Waits until the callee speaks.
        case waitForVoice(timeout: Duration)
        /// Waits until the callee has been silent for so long.
        case waitForSilence(Duration, timeout: Duration)
        /// Waits until a turn of the callee has ended.
        case waitForTurn(timeout: Duration)
        /// Collects keys and saves them under a name.
        case waitForDigits(count: Int, terminator: Character? = nil, timeout: Duration, saveAs: String? = nil)
        case wait(Duration)
        case branch(Branch)
        case goTo(String)
        /// Sends keys; the text is templated.
        case sendDigits(String)
        /// Calls a tool with templated arguments and saves its result under a name.
        case callTool(String, arguments: [String: String] = [:], saveAs: String? = nil)
        /// Waits until a voicemail's beep is over or its greeting has ended without one.
        case waitForBeep(timeout: Duration)
        /// Waits for the beep and says a templated text that nothing interrupts; the call's status becomes *message left*.
        case leaveMessage(String, timeout: Duration)
        /// Puts templated values into the result's data; later texts can use them.
        case set([String: String])
        /// Waits until everything was sent and hangs up.
        case hangUp(AgentResult.Status, note: String = "")
    }

    /// Goes to the step of the case that comes about, to `otherwise` when it is not listed, or on to the next step.
    public struct Branch: Hashable, Sendable {
        public enum Subject: String, Hashable, Sendable, Codable, CaseIterable {
            /// Who answered: `human`, `voicemail`, `screening`, `ivr`, `fax`, `silence`, `unknown`; no word in time is
            /// `unknown`.
            case verdict
            /// The keys collected last or, when there are none, one pressed in time; `none`.
            case digits
            /// How the last thing said ended: `whole`, or `cut` by the callee's voice.
            case speech
            /// `voice` as soon as the callee speaks, or `silence`.
            case voice
            /// A key, `voice` once the callee's turn is over, or `none`.
            case response
        }

        public var subject: Subject
        public var timeout: Duration
        /// Labels by case.
        public var cases: [String: String]
        public var otherwise: String?

        public init(
            on subject: Subject, timeout: Duration = .zero, cases: [String: String], otherwise: String? = nil
        ) {
            self.subject = subject
            self.timeout = timeout
            self.cases = cases
            self.otherwise = otherwise
        }
    }

    /// When the callee's voice cuts what is being said.
    public enum Interruption: Hashable, Sendable {
        case never
        case byVoice(BargeIn.Policy)
    }

    public var name: String
    /// Rate at which it speaks; `nil` takes the call's.
    public var rateHertz: Int?
    public var interruption: Interruption
    /// What is done about who answers, beside the steps: they are what a person hears.
    public var answering: AnsweringPolicy
    public var steps: [Step]

    public init(
        name: String = "script", rateHertz: Int? = nil,
        interruption: Interruption = .byVoice(BargeIn.Policy()),
        answering: AnsweringPolicy = AnsweringPolicy(), steps: [Step]
    ) {
        self.name = name
        self.rateHertz = rateHertz
        self.interruption = interruption
        self.answering = answering
        self.steps = steps
    }

    /// Most steps of one script.
    public static let stepLimit = 1_000
}
