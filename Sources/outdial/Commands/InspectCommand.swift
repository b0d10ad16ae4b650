internal import ToolArguments
internal import CampaignKit
internal import Foundation
internal import RTPMedia
internal import SIPCore

/// `outdial inspect sip|sdp|number|audio …`: how an input is read, or the typed error and where it lies; one JSON line each.
enum InspectCommand {
    private static let syntax = CommandSyntax(
        usage: "outdial inspect sip|sdp|audio FILE… | outdial inspect number NUMBER…",
        summary:
            "Show how SIP messages, session descriptions, phone numbers or recordings of callees are read: one JSON line for each.",
        positionals: ["KIND", "FILE…"],
        options: InspectAudio.options,
        discussion: """
            Of a recording (WAV, from the answer on) the line tells who answered: every verdict with its evidence, every tone of
            the line, and where there was voice.
            A line holds "input" and either "value" or "error" with "byteOffset". FILE may be - for standard input.
            Exit code 0 when every input parses, \(ExitCode.invalidInput.rawValue) when one does not.
            """)

    static func run(_ words: [String]) throws -> ExitCode {
        let arguments = try Arguments(words, for: syntax)
        let inputs = arguments.positionals.dropFirst()
        let inspect: (String) throws -> any InspectionLine
        switch arguments.positionals[0] {
        case "sip": inspect = inspectMessage
        case "sdp": inspect = inspectDescription
        case "number": inspect = inspectNumber
        case "audio":
            let settings = try InspectAudio.Settings(arguments)
            inspect = { path in try Self.inspectAudio(path, settings) }
        default:
            throw UsageError(
                "inspect what? 'sip', 'sdp', 'number' or 'audio', not '\(arguments.positionals[0])'")
        }
        var code = ExitCode.completed
        for input in inputs {
            let line = try inspect(input)
            try Output.json(line)
            if line.isError { code = .invalidInput }
        }
        return code
    }

    private static func inspectMessage(_ path: String) throws -> any InspectionLine {
        let bytes = try read(path)
        var message = SIPMessage()
        do {
            try message.parse(bytes.span.bytes)
            return Inspection(input: path, value: SIPMessageSummary(message))
        } catch {
            return Inspection<SIPMessageSummary>(
                input: path, error: error.description, byteOffset: error.byteOffset,
                suggestedStatus: error.suggestedStatus.map { Int($0.code) })
        }
    }

    private static func inspectDescription(_ path: String) throws -> any InspectionLine {
        do {
            return Inspection(input: path, value: try SDPSummary(parsing: read(path)))
        } catch let error as SDPError {
            return Inspection<SDPSummary>(
                input: path, error: "expected \(error.expected)", byteOffset: error.offset)
        }
    }

    private static func inspectAudio(
        _ path: String, _ settings: InspectAudio.Settings
    ) throws -> any InspectionLine {
        do {
            return Inspection(input: path, value: try InspectAudio.summary(of: read(path), settings))
        } catch let error as WAVError {
            return Inspection<AudioSummary>(input: path, error: error.description)
        }
    }

    private static func inspectNumber(_ text: String) throws -> any InspectionLine {
        do {
            let parsed = try PhoneNumber.parse(text)
            let value = NumberSummary(
                e164: parsed.number.e164, assumedInternational: parsed.assumedInternational)
            return Inspection(input: text, value: value)
        } catch {
            return Inspection<NumberSummary>(
                input: text, error: error.description, byteOffset: error.byteOffset)
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        if path == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw FileError("\(path): no such file, or it cannot be read")
        }
        return [UInt8](data)
    }
}

/// One line of `outdial inspect`.
private protocol InspectionLine: Encodable {
    var isError: Bool { get }
}

private struct Inspection<Value: Encodable>: InspectionLine {
    var input: String
    var value: Value?
    var error: String?
    /// Where the fault lies, from the start of the input.
    var byteOffset: Int?
    /// The status that a user agent would answer with, for a request that can still be answered.
    var suggestedStatus: Int?

    var isError: Bool { error != nil }
}

private struct NumberSummary: Encodable {
    var e164: String
    var assumedInternational: Bool
}
