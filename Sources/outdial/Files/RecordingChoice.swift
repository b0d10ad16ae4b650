internal import ToolArguments
internal import Foundation
internal import RTPMedia
internal import Telephony

#if Opus
    internal import OpusMedia
#endif

/// `--record DIR`, `--record-format` and `--record-layout`: what the commands that place or take calls keep of their audio.
enum RecordingChoice {
    static let options: [CommandSyntax.Option] = [
        .init(
            name: "--record", value: "DIR", help: "Leave a stereo recording there: agent left, callee right."),
        .init(
            name: "--record-format", value: "F",
            help: "wav (the default), or opus in a build with the trait Opus."),
        .init(
            name: "--record-layout", value: "L",
            help: "stereo (the default), mono, or separate: a file for each side."),
    ]

    /// Makes the directory.
    ///
    /// - Returns: `nil` without `--record`.
    /// - Throws: `UsageError` for a word that is none of the choices.
    static func policy(_ arguments: Arguments) throws -> RecordingPolicy? {
        let format = try word(RecordingFormat.self, arguments, "--record-format", "wav or opus") ?? .wav
        let layout =
            try word(RecordingSettings.Layout.self, arguments, "--record-layout", "stereo, mono or separate")
            ?? .stereo
        guard let directory = arguments.string("--record") else {
            if arguments.string("--record-format") != nil || arguments.string("--record-layout") != nil {
                throw UsageError("--record-format and --record-layout need --record DIR")
            }
            return nil
        }
        if format == .opus, encoders.isEmpty {
            throw UsageError("--record-format opus needs a build with the trait Opus")
        }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return .files(RecordingSettings(directory: directory, format: format, layout: layout))
    }

    private static func word<Word: RawRepresentable<String>>(
        _ type: Word.Type, _ arguments: Arguments, _ option: String, _ choices: String
    ) throws -> Word? {
        guard let text = arguments.string(option) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw UsageError("\(option) takes \(choices), not '\(text)'")
        }
        return word
    }

    /// For the dialer's configuration.
    static var encoders: [any RecordingEncoderProvider] {
        #if Opus
            [OpusRecording()]
        #else
            []
        #endif
    }
}
