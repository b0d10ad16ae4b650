public import RTPMedia

extension ScriptedAgent.Sound {
    /// All channels of a WAV file as one.
    public init(_ file: WAVFile) { self.init(samples: file.mono, rateHertz: file.rateHertz) }

    /// The same sound at another rate; as it is when the resampler refuses the rates.
    package func converted(toHertz rate: Int) -> Self {
        guard rate != rateHertz, !samples.isEmpty,
            var resampler = try? SpeexResampler(from: rateHertz, to: rate, quality: 5, start: .aligned)
        else { return self }
        var output: [Int16] = []
        // What is still in the filter comes out with silence behind the sound.
        let padded = samples + [Int16](repeating: 0, count: max(64, rateHertz / 50))
        do { try resampler.resample(padded.span, into: &output) } catch { return self }
        return Self(samples: Array(output.prefix(samples.count * rate / rateHertz)), rateHertz: rate)
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
