internal import CallSimulator
internal import Foundation

enum JSONText {
    static func encode(_ script: CalleeScript) throws -> Data { try JSONEncoder().encode(script) }
    static func decode(_ bytes: [UInt8]) throws -> CalleeScript {
        try JSONDecoder().decode(CalleeScript.self, from: Data(bytes))
    }
}
