public import AgentBridge
private import Foundation
private import RTPMedia

extension CalleeScript {
    /// Reads a script from JSON and checks it; recordings it plays have to be in `sounds`.
    public init(json: [UInt8], sounds: [String: [Int16]] = [:]) throws(ScriptError) {
        do {
            self = try JSONDecoder().decode(CalleeScript.self, from: Data(json))
        } catch let error as ScriptError {
            throw error
        } catch {
            throw ScriptError(step: nil, field: "script", problem: .notJSON("\(type(of: error))"))
        }
        self.sounds = sounds
        try check()
    }

    /// Reads a script and the WAV files it plays, which lie beside it. Blocks: call it before the calls begin.
    public init(contentsOf path: String) throws(ScriptError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ScriptError(step: nil, field: "script", problem: .unreadable)
        }
        let decoded: CalleeScript
        do {
            decoded = try JSONDecoder().decode(CalleeScript.self, from: data)
        } catch let error as ScriptError {
            throw error
        } catch {
            throw ScriptError(step: nil, field: "script", problem: .notJSON("\(type(of: error))"))
        }
        self = decoded
        let folder = URL(filePath: path).deletingLastPathComponent()
        for steps in attempts {
            for (index, step) in steps.enumerated() {
                guard case .play(let name) = step, sounds[name] == nil else { continue }
                func fault(_ reason: String) -> ScriptError {
                    ScriptError(step: index, field: "play", problem: .sound(reason))
                }
                let url = name.hasPrefix("/") ? URL(filePath: name) : folder.appending(path: name)
                guard let bytes = FileManager.default.contents(atPath: url.path) else {
                    throw fault("the recording cannot be read")
                }
                do {
                    let file = try WAVFile(parsing: [UInt8](bytes))
                    sounds[name] = ScriptedAgent.Sound(file).converted(toHertz: 8_000).samples
                } catch {
                    throw fault("not a usable WAV file: \(error)")
                }
            }
        }
        try check()
    }
}
