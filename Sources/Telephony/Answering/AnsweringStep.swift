/// What the answering policy of a call does next, told when it begins.
@nonexhaustive
public enum AnsweringStep: Hashable, Sendable {
    /// The agent is silent until it is known who answered.
    case listening
    /// The agent talks.
    case conversing
    /// A voicemail: the agent is silent until the beep, or until its greeting is over and no beep came.
    case awaitingBeep
    /// The message begins: for the first time, or again because it had begun too early.
    case leavingMessage(attempt: Int)
    /// The message was sent whole.
    case messageLeft
    /// A screening assistant: the agent is silent until it has asked.
    case awaitingQuestion
    /// Who is calling and why is being said.
    case introducing
    /// The person behind the assistant is waited for.
    case awaitingPerson
    /// A question is asked into the silence.
    case prompting
    /// A reply to it is waited for.
    case awaitingReply
    /// Keys are pressed for a menu.
    case pressing(String)
    /// The policy ends the call; why, in words.
    case hangingUp(String)
}

extension AnsweringStep: CustomStringConvertible {
    /// For logs: one line without anything that was said.
    public var description: String {
        switch self {
        case .listening: "listening for who answered"
        case .conversing: "the agent talks"
        case .awaitingBeep: "waiting for the beep"
        case .leavingMessage(1): "leaving the message"
        case .leavingMessage(let attempt): "leaving the message again (\(attempt))"
        case .messageLeft: "message left"
        case .awaitingQuestion: "waiting for the screening assistant's question"
        case .introducing: "saying who is calling and why"
        case .awaitingPerson: "waiting for the person"
        case .prompting: "asking into the silence"
        case .awaitingReply: "waiting for a reply"
        case .pressing(let keys): "pressing \(keys)"
        case .hangingUp(let reason): "hanging up: \(reason)"
        }
    }
}
