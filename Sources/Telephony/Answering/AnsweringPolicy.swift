/// What is done about who answers: a person, a voicemail, a screening assistant, a menu, a fax, silence.
///
/// Data alone, so that a request, a campaign's settings and a scripted agent can carry it. AgentBridge follows it and tells
/// each step as ``CallEvent/Kind/answering(_:)``. Unless it is changed the agent talks from the answer on, whoever
/// answered, and only a fax or a tone of the line ends the call. It needs ``DialerConfiguration/classifiesAnswers``; inbound
/// calls have no use for it.
public struct AnsweringPolicy: Hashable, Sendable {
    /// When the agent begins to talk.
    public enum Opening: String, Hashable, Sendable, CaseIterable {
        /// At the answer. When a machine is recognised later, and something else is to be done about it, the agent is cut.
        case atAnswer
        /// When a person was recognised, or when ``AnsweringPolicy/verdictTimeout`` has passed without a verdict.
        case afterVerdict
    }

    /// What is done about a voicemail.
    public enum VoicemailAction: String, Hashable, Sendable, CaseIterable {
        /// Waits for the end of the greeting and the beep and leaves ``AnsweringPolicy/message``.
        case leaveMessage = "message"
        case hangUp
        /// The agent talks, or goes on talking.
        case converse
    }

    /// What is done about an assistant that asks who is calling and why.
    public enum ScreeningAction: String, Hashable, Sendable, CaseIterable {
        /// Says ``AnsweringPolicy/introduction`` once it has asked, then waits for the person.
        case introduce
        case hangUp
        case converse
    }

    /// What is done about a menu.
    public enum MenuAction: Hashable, Sendable {
        case hangUp
        case converse
        /// Presses telephone keys (`0`...`9`, `*`, `#`, `A`...`D`, `w` for a pause of 500 ms), then the agent talks.
        case press(String)
    }

    /// What is done about a fax, a modem, or a tone of the exchange after the answer.
    public enum MachineAction: String, Hashable, Sendable, CaseIterable { case hangUp, converse }

    /// What is done when nobody speaks.
    public enum SilenceAction: String, Hashable, Sendable, CaseIterable {
        /// Says ``AnsweringPolicy/prompt`` once and hangs up when nobody replies. An agent that talks from the answer on has
        /// said its own by then, and is given ``AnsweringPolicy/silenceTimeout`` more.
        case prompt
        case hangUp
        case converse
    }

    public var opening = Opening.atAnswer
    /// Longest wait for a verdict before the agent talks all the same, 0...60 s. Silence is a verdict after 5 s.
    public var verdictTimeout = Duration.seconds(6)

    public var voicemail = VoicemailAction.converse
    /// What is said to a voicemail, with `{{name}}` places from the call's context; `nil` leaves it to the agent.
    public var message: String?
    /// Longest wait for the beep, 0...300 s; then the message begins without one.
    public var beepTimeout = Duration.seconds(40)
    /// Silence behind the greeting after which the message begins although no beep came, 0...60 s. A beep that comes after
    /// all starts the message again.
    public var silenceBeforeMessage = Duration.seconds(3)

    public var screening = ScreeningAction.converse
    /// Who is calling and why, templated like ``message``; `nil` leaves it to the agent.
    public var introduction: String?
    /// Longest wait for the person behind the assistant, 0...300 s; then we hang up.
    public var screeningTimeout = Duration.seconds(40)

    public var menu = MenuAction.converse
    public var fax = MachineAction.hangUp

    public var silence = SilenceAction.converse
    /// Said once into the silence, templated like ``message``.
    public var prompt = "Hello?"
    /// Silence after the prompt that ends the call, 0...60 s.
    public var silenceTimeout = Duration.seconds(5)

    public init() {}
}
