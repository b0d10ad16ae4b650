public import AgentBridge

extension CalleeScript {
    /// Reads a script from JSON and checks it; recordings it plays have to be in `sounds`.
    public init(json: [UInt8], sounds: [String: [Int16]] = [:]) throws(ScriptError) {
        self = try ScriptFile.decode(json)
        self.sounds = sounds
        try check()
    }

    /// Reads a script and the WAV files it plays, which lie beside it. Blocks: call it before the calls begin.
    public init(contentsOf path: String) throws(ScriptError) {
        self = try ScriptFile.decode(try ScriptFile.bytes(at: path))
        for steps in attempts {
            for (index, step) in steps.enumerated() {
                guard case .play(let name) = step, sounds[name] == nil else { continue }
                let sound = try ScriptFile.sound(name, ofScript: path, step: index)
                sounds[name] = sound.converted(toHertz: 8_000).samples
            }
        }
        try check()
    }
}
