internal import Foundation
internal import RTPMedia
internal import Telephony
internal import ToolArguments

/// `outdial inspect audio FILE…`: what the answer classifier and the tone detectors make of a recording of a callee.
enum InspectAudio {
    static let options: [CommandSyntax.Option] = [
        .init(
            name: "--amd", value: "AMD",
            help: "audio: 'built-in' (the default), 'app_amd', or app_amd's parameters: greeting=1500,…"),
        .init(
            name: "--channel", value: "N",
            help: "audio: the channel to hear, 1…; the last one otherwise (the callee's)."),
        .init(
            name: "--number", value: "+NUMBER",
            help: "audio: the called number; its country's tones come first."),
    ]

    /// How a recording is heard.
    struct Settings {
        var answers = AnswerSettings()
        var channel: Int?
        var plans = TonePlan.all

        init(_ arguments: Arguments) throws {
            do throws(AnswerSettings.Fault) {
                if let text = arguments.string("--amd") { answers = try AnswerSettings(parsing: text) }
            } catch {
                throw UsageError("--amd: \(error)")
            }
            channel = try arguments.integer("--channel", in: 1...Int(UInt8.max))
            if let number = arguments.string("--number") { plans = TonePlan.plans(for: number) }
        }
    }

    /// - Throws: ``WAVError`` for a file that is none.
    static func summary(of bytes: [UInt8], _ settings: Settings) throws -> AudioSummary {
        let file = try WAVFile(parsing: bytes)
        let channels = max(1, file.channels)
        let channel = min(settings.channel ?? channels, channels)
        let samples = try AudioResampler.converted(
            stride(from: channel - 1, to: file.samples.count, by: channels).map { file.samples[$0] },
            from: file.rateHertz, to: AudioFrame.narrowRateHertz)
        return listen(to: samples, settings, rateHertz: file.rateHertz, channels: channels)
    }

    private static func listen(
        to samples: [Int16], _ settings: Settings, rateHertz: Int, channels: Int
    ) -> AudioSummary {
        var classifier = settings.answers.makeClassifier()
        var detector = CallProgressDetector(plans: settings.plans)
        var activity = VoiceActivity()
        var summary = AudioSummary(
            milliseconds: samples.count / 8, rateHertz: rateHertz, channels: channels)
        var voiceStart: Int?
        for start in stride(from: 0, to: samples.count - 159, by: 160) {
            let frame = samples.span.extracting(start..<start + 160)
            let tones = FrameTones(of: frame)
            let now = (start + 160) / 8
            switch activity.process(frame) {
            case .started: voiceStart = now - 40
            case .stopped:
                if let start = voiceStart { summary.voice.append([start, now - 300]) }
                voiceStart = nil
            case nil: break
            }
            if let tone = detector.process(frame, tones: tones) {
                summary.tones.append(.init(at: now, tone: "\(tone)"))
            }
            if let verdict = classifier?.process(frame, tones: tones) { summary.verdicts.append(verdict) }
        }
        if let start = voiceStart { summary.voice.append([start, summary.milliseconds]) }
        summary.answeredBy = summary.verdicts.last?.answeredBy
        return summary
    }
}

/// What was heard in a recording; times in milliseconds from its start, which stands for the answer.
struct AudioSummary: Encodable {
    struct HeardTone: Encodable {
        var at: Int
        var tone: String
    }

    var milliseconds: Int
    var rateHertz: Int
    var channels: Int
    /// The last verdict's.
    var answeredBy: AnsweredBy?
    var verdicts: [AnswerVerdict] = []
    var tones: [HeardTone] = []
    /// Stretches of voice.
    var voice: [[Int]] = []
}
