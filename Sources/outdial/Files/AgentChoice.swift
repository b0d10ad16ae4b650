internal import AgentBridge
internal import Telephony

/// The agent named on the command line: `echo`, `silent`, or the path of a script in JSON.
enum AgentChoice {
    static let help = "'echo', 'silent' (the default), or a scripted agent's JSON file."

    /// The script of an agent that has one.
    ///
    /// - Throws: ``ScriptError`` naming the script's step and field.
    static func script(named name: String?) throws -> AgentScript? {
        guard let name, name != "silent", name != "echo" else { return nil }
        return try AgentScript(contentsOf: name)
    }

    /// - Throws: ``ScriptError`` naming the script's step and field.
    static func handler(named name: String?, transcriber: (any Transcriber)? = nil) throws -> any CallHandler
    {
        switch name {
        case nil, "silent": AgentCallHandler(SilentAgent(), transcriber: transcriber)
        case "echo": AgentCallHandler(EchoAgent(), transcriber: transcriber)
        case let path?: AgentCallHandler(try ScriptedAgent(contentsOf: path), transcriber: transcriber)
        }
    }
}
