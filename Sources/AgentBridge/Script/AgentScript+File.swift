private import Foundation

extension AgentScript {
    /// Reads a script from JSON.
    public init(json: [UInt8]) throws(ScriptError) {
        do {
            self = try JSONDecoder().decode(AgentScript.self, from: Data(json))
        } catch let error as ScriptError {
            throw error
        } catch DecodingError.dataCorrupted(let context) {
            let detail = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
            throw ScriptError(
                step: nil, field: "script", problem: .notJSON(detail ?? context.debugDescription))
        } catch {
            throw ScriptError(step: nil, field: "script", problem: .wrongType(expected: "an object"))
        }
    }

    /// Reads a script from a JSON file. Blocks: call it before the calls begin.
    public init(contentsOf path: String) throws(ScriptError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ScriptError(step: nil, field: "script", problem: .unreadable)
        }
        try self.init(json: [UInt8](data))
    }
}
