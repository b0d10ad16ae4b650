extension AgentScript {
    /// Reads a script from JSON.
    public init(json: [UInt8]) throws(ScriptError) { self = try ScriptFile.decode(json) }

    /// Reads a script from a JSON file. Blocks: call it before the calls begin.
    public init(contentsOf path: String) throws(ScriptError) {
        try self.init(json: try ScriptFile.bytes(at: path))
    }
}
