public import RTPMedia

extension ScriptedAgent.Sound {
    /// All channels of a WAV file as one.
    public init(_ file: WAVFile) { self.init(samples: file.mono, rateHertz: file.rateHertz) }

    /// The same sound at another rate; as it is when the resampler refuses the rates.
    package func converted(toHertz rate: Int) -> Self {
        guard let samples = try? AudioResampler.converted(samples, from: rateHertz, to: rate) else {
            return self
        }
        return Self(samples: samples, rateHertz: rate)
    }
}

extension ScriptedAgent {
    /// Reads a script and the recordings it plays, which lie beside it. Blocks: call it before the calls begin.
    ///
    /// - Parameter path: A JSON file.
    public init(contentsOf path: String, tools: [AgentTool] = []) throws(ScriptError) {
        let script = try AgentScript(contentsOf: path)
        var sounds: [String: Sound] = [:]
        for (index, step) in script.steps.enumerated() {
            guard case .play(let name) = step.action, sounds[name] == nil else { continue }
            sounds[name] = try ScriptFile.sound(name, ofScript: path, step: index)
        }
        try self.init(script, sounds: sounds, tools: tools)
    }
}
