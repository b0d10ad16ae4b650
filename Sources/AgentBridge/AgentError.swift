public import Telephony

/// A failure of the agent's side of a call.
///
/// Texts name steps, fields and tools, never numbers, names or what was said.
@nonexhaustive
public enum AgentError: ReportableError, Hashable, Sendable {
    /// The agent needs one sample rate and the call runs at another.
    case rateMismatch(agentHertz: Int, callHertz: Int)
    /// More speech is waiting than ``AgentSession/speechLimit`` allows: the agent floods.
    case tooMuchSpeech
    /// The agent sent more than ``AgentSession/digitLimit`` keys.
    case tooManyDigits
    case unknownTool(String)
    /// The tool took longer than its time-out; what it still does is ignored.
    case toolTimedOut(String)
    /// The tool threw; the type of its error.
    case toolFailed(String, error: String)
    /// A required argument of the tool is missing.
    case missingArgument(tool: String, argument: String)
    /// A script that cannot be run.
    case script(ScriptError)
    /// The agent gave up; in its own words, fit for a report.
    case failed(String)

    public var description: String {
        switch self {
        case .rateMismatch(let agent, let call): "the agent speaks at \(agent) Hz and the call at \(call) Hz"
        case .tooMuchSpeech: "more speech is waiting than a call can hold"
        case .tooManyDigits: "more keys were sent than a call allows"
        case .unknownTool(let name): "there is no tool \(name)"
        case .toolTimedOut(let name): "tool \(name) took too long"
        case .toolFailed(let name, let error): "tool \(name) failed: \(error)"
        case .missingArgument(let tool, let argument): "tool \(tool) needs the argument \(argument)"
        case .script(let error): error.description
        case .failed(let text): text
        }
    }
}
