internal import AgentBridge
internal import Foundation
internal import RTPMedia
internal import Telephony

/// The agent named on the command line: `echo`, `silent`, or the path of a script in JSON.
enum AgentChoice {
    static let help = "'echo', 'silent' (the default), or a scripted agent's JSON file."

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

extension ScriptedAgent {
    /// Reads a script and the WAV files that it plays, which lie beside it.
    ///
    /// - Throws: ``ScriptError`` naming the step and the field.
    init(contentsOf path: String) throws {
        let script = try AgentScript(contentsOf: path)
        let folder = URL(filePath: path).deletingLastPathComponent()
        var sounds: [String: Sound] = [:]
        for (index, step) in script.steps.enumerated() {
            guard case .play(let name) = step.action, sounds[name] == nil else { continue }
            let url = name.hasPrefix("/") ? URL(filePath: name) : folder.appending(path: name)
            guard let bytes = FileManager.default.contents(atPath: url.path) else {
                throw ScriptError(step: index, field: "play", problem: .sound("the recording cannot be read"))
            }
            sounds[name] = Sound(try WAVFile(parsing: [UInt8](bytes)))
        }
        try self.init(script, sounds: sounds)
    }
}
