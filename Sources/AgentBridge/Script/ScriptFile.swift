private import Foundation
private import RTPMedia

/// Scripts of agents and callees as files: JSON, with the WAV files that they play beside it. Blocks.
package enum ScriptFile {
    /// Reads the bytes of a script.
    package static func bytes(at path: String) throws(ScriptError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ScriptError(step: nil, field: "script", problem: .unreadable)
        }
        return [UInt8](data)
    }

    /// Decodes a script whose own errors are ``ScriptError``.
    package static func decode<Script: Decodable>(_ json: [UInt8]) throws(ScriptError) -> Script {
        do {
            return try JSONDecoder().decode(Script.self, from: Data(json))
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

    /// Reads a recording that a step plays.
    ///
    /// - Parameters:
    ///   - name: Relative to the script's folder, or absolute.
    ///   - path: The script.
    package static func sound(
        _ name: String, ofScript path: String, step: Int
    ) throws(ScriptError) -> ScriptedAgent.Sound {
        func fault(_ reason: String) -> ScriptError {
            ScriptError(step: step, field: "play", problem: .sound(reason))
        }
        let folder = URL(filePath: path).deletingLastPathComponent()
        let url = name.hasPrefix("/") ? URL(filePath: name) : folder.appending(path: name)
        guard let data = FileManager.default.contents(atPath: url.path) else {
            throw fault("the recording cannot be read")
        }
        do {
            return ScriptedAgent.Sound(try WAVFile(parsing: [UInt8](data)))
        } catch {
            throw fault("not a usable WAV file: \(error)")
        }
    }
}
