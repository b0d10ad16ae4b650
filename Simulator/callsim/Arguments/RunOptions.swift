import ToolArguments
import CallSimulator
import CampaignKit
import Foundation

/// The options that decide what is simulated, and the command line that gives the same again.
struct RunOptions {
    static let syntax: [CommandSyntax.Option] = [
        .init(name: "--calls", value: "N", help: "Recipients to call (100 for run, 20 for sweep)."),
        .init(name: "--loss", value: "FRACTION", help: "Independent loss each way, 0...1: 0.03 is 3 %."),
        .init(name: "--jitter", value: "MS", help: "Standard deviation of the delay each way."),
        .init(name: "--latency", value: "MS", help: "Least delay each way."),
        .init(name: "--duplicate", value: "FRACTION", help: "Datagrams that arrive twice."),
        .init(name: "--reorder", value: "FRACTION", help: "Datagrams that later ones pass by."),
        .init(
            name: "--network", value: "NAME",
            help: "Start from a model: " + NetworkModel.presets.map(\.name).joined(separator: ", ") + "."),
        .init(
            name: "--callees", value: "MIX",
            help: "Who answers: " + CalleeMix.presets.map(\.name).joined(separator: ", ")
                + " (the first unless given), or for example talks=3,busy=1."),
        .init(name: "--csv", value: "FILE", help: "Recipients from a file instead of --calls."),
        .init(name: "--pace", value: "N", help: "Calls started per minute (600)."),
        .init(name: "--concurrency", value: "N", help: "Calls at once (200)."),
        .init(name: "--no-media", value: nil, help: "Signalling only: streams are inactive, nobody speaks."),
        .init(name: "--shuffle", value: nil, help: "Draw the order of ready work from the seed."),
    ]

    private(set) var calls: Int
    private var csv: (path: String, bytes: [UInt8])?
    private var network: NetworkModel
    private var mix = CalleeMix.ordinary
    private var settings = CampaignSettings()
    private var media = MediaMode.full
    private var order = WorldConfiguration.JobOrder.arrival
    /// The options as given, for the replay command.
    private let words: [String]

    init(_ arguments: Arguments, calls standard: Int) throws {
        calls = try arguments.integer("--calls", in: 1...100_000) ?? standard
        network = .perfect
        if let name = arguments.string("--network") {
            guard let preset = NetworkModel.presets.first(where: { $0.name == name }) else {
                throw UsageError(
                    "--network knows \(NetworkModel.presets.map(\.name).joined(separator: ", "))")
            }
            network = preset.model
        } else if arguments.string("--loss") != nil || arguments.string("--jitter") != nil {
            network.latency = .milliseconds(30)
        }
        if let loss = try arguments.number("--loss", in: 0...1) { network.loss = loss }
        if let jitter = try arguments.number("--jitter", in: 0...10_000) {
            network.jitter = .microseconds(Int64(jitter * 1_000))
        }
        if let latency = try arguments.number("--latency", in: 0...10_000) {
            network.latency = .microseconds(Int64(latency * 1_000))
        }
        if let copies = try arguments.number("--duplicate", in: 0...1) { network.duplication = copies }
        if let reorder = try arguments.number("--reorder", in: 0...1) { network.reorder = reorder }
        if let text = arguments.string("--callees") {
            guard let mix = CalleeMix(text) else {
                let names = CalleeScript.presets.map(\.name).joined(separator: ", ")
                let mixes = CalleeMix.presets.map(\.name).joined(separator: ", ")
                throw UsageError("--callees takes \(mixes), or NAME=WEIGHT,… with \(names), nowhere")
            }
            self.mix = mix
        }
        if let path = arguments.string("--csv") {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw UsageError("--csv: \(path) cannot be read")
            }
            csv = (path, [UInt8](data))
        }
        settings.allowsHighRate = true
        settings.callsPerMinute = try arguments.integer("--pace", in: 1...6_000) ?? 600
        settings.maximumConcurrency = try arguments.integer("--concurrency", in: 1...2_000) ?? 200
        if arguments.flag("--no-media") { media = .signallingOnly }
        if arguments.flag("--shuffle") { order = .drawn }
        words = Self.syntax.flatMap { option -> [String] in
            guard option.name != "--calls" else { return [] }
            if option.value == nil { return arguments.flag(option.name) ? [option.name] : [] }
            return arguments.string(option.name).map { [option.name, $0] } ?? []
        }
    }

    func scenario(seed: UInt64, recording: Trace.Recording = .nothing) -> CampaignScenario {
        var world = WorldConfiguration()
        world.jobOrder = order
        world.recording = recording
        // A campaign that comes to no end polls its store for a virtual year otherwise.
        let minutes = 3 * max(calls, csv?.bytes.count ?? 0) / settings.callsPerMinute
        world.timeLimit = .seconds(7 * 86_400 + 60 * minutes)
        let scenario =
            csv.map { CampaignScenario(seed: seed, csv: $0.bytes) }
            ?? CampaignScenario(seed: seed, recipients: calls)
        return scenario.settings(settings).callees(mix).network(network).world(world).media(media)
    }

    func replay(seed: UInt64) -> String {
        (["callsim", "run", "--seed", "\(seed)"] + (csv == nil ? ["--calls", "\(calls)"] : []) + words)
            .map(Self.quoted).joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case 45...58, 61, 65...90, 95, 97...122, 44: true
            default: false
            }
        }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
