internal import ToolArguments
internal import CampaignKit
internal import Foundation
internal import SansIO
internal import SocketDriver
internal import Telephony

/// `outdial campaign run`: imports a CSV, or takes up a campaign of the store again, and dials it to its end.
enum CampaignRunCommand {
    private static let syntax = CommandSyntax(
        usage: "outdial campaign run CSV|ID --store FILE --trunk FILE [OPTIONS]",
        summary: "Dial everybody in a CSV, or take up a campaign again where it stopped.",
        positionals: ["CSV|ID"],
        options: [
            CampaignStoreCommands.storeOption,
            .init(
                name: "--trunk", value: "FILE", help: "The settings of the trunk or trunks (JSON); required."),
            .init(name: "--agent", value: "AGENT", help: AgentChoice.help),
            .init(name: "--settings", value: "FILE", help: "Pace, retries, calling hours, answering (JSON)."),
            .init(name: "--name", value: "NAME", help: "The campaign's name; the file's otherwise."),
            .init(name: "--do-not-call", value: "FILE", help: "Numbers that must not be called, one a line."),
            .init(name: "--records", value: "DIR", help: "Leave each call's record there as JSON."),
            .init(name: "--ladders", value: "DIR", help: "Leave each call's SIP messages there as text."),
            .init(name: "--pcap", value: "FILE", help: "Write every datagram."),
            .init(name: "--report", value: "FILE", help: "Write the report as a page when it ends."),
            .init(name: "--json", value: nil, help: "Print the final status as one line of JSON."),
        ] + MediaTimeout.options + RecordingChoice.options + AnsweringOptions.options + Monitoring.options,
        discussion: """
            The first run prints the campaign's id. ^C hangs up the calls in the air and leaves the rest for the next run.
            Exit code 0 when the campaign completed or was paused or cancelled by a person, 1 otherwise.
            """)

    static func run(_ words: [String]) async throws -> ExitCode {
        let arguments = try Arguments(words, for: syntax)
        var trunks = try TrunkFile.loadAll(arguments.required("--trunk"))
        try MediaTimeout.apply(arguments, to: &trunks)
        let handler = try AgentChoice.handler(named: arguments.string("--agent"))
        let driver = try SocketDriver()
        let store = try await CampaignStores.open(arguments.required("--store"), driver: driver)
        let campaign = try await takeUp(arguments, in: store, driver: driver)
        let captures = try Captures(
            .init(
                pcap: arguments.string("--pcap"), ladders: arguments.string("--ladders"),
                records: arguments.string("--records")))

        var configuration = CampaignRunner.Configuration()
        configuration.owner = "outdial \(ProcessInfo.processInfo.processIdentifier)"
        if let path = arguments.string("--do-not-call") { configuration.doNotCall = try readDoNotCall(path) }
        let monitoring = try await Monitoring(arguments, driver: driver)
        var dialing = try TrunkSecurity.configuration(for: arguments.required("--trunk"))
        dialing.recordingEncoders = RecordingChoice.encoders
        let dialer = Dialer(
            trunks: trunks, configuration: dialing, driver: driver,
            observers: captures.observers + monitoring.observers)
        let runner = CampaignRunner(
            campaign: campaign, store: store, placing: dialer, handler: handler, driver: driver,
            configuration: configuration)
        let isJSON = arguments.flag("--json")
        let counted = runner.progress()
        let end = try await LiveCampaign.run(
            runner, on: dialer, driver: driver, isQuiet: isJSON, monitoring: monitoring
        ) {
            await monitoring.follow(counted, of: campaign)
        }
        captures.flush()
        return try await finish(end, of: campaign, in: store, at: driver.wallClock, arguments: arguments)
    }

    // MARK: Before

    /// The id of the campaign to run: a new one from a CSV, or one that is in the store.
    private static func takeUp(
        _ arguments: Arguments, in store: any CampaignStore, driver: any Driver
    ) async throws -> CampaignID {
        let source = arguments.positionals[0]
        guard let data = FileManager.default.contents(atPath: source) else {
            guard let id = CampaignID(source), (try? await store.campaign(id)) != nil else {
                throw FileError("\(source): neither a file that can be read nor a campaign of the store")
            }
            return id
        }
        var settings = CampaignSettings()
        if let path = arguments.string("--settings") {
            settings = try JSONFile.load(CampaignSettings.self, from: path)
        }
        if let recording = try RecordingChoice.policy(arguments) { settings.recording = recording }
        settings.answering = try AnsweringOptions.policy(
            arguments, over: settings.answering, agent: arguments.string("--agent"))
        let name =
            arguments.string("--name") ?? URL(filePath: source).deletingPathExtension().lastPathComponent
        let id = try await Campaign.create(
            name, csv: [UInt8](data), settings: settings, in: store, driver: driver)
        if !arguments.flag("--json"), let report = try await store.campaign(id).importReport {
            Output.line("campaign \(id)")
            Output.line(CampaignDisplay.describe(report).joined(separator: "\n"))
        }
        return id
    }

    private static func readDoNotCall(_ path: String) throws -> DoNotCallList {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw FileError("\(path): no such file, or it cannot be read")
        }
        let list = DoNotCallList(text: String(decoding: data, as: UTF8.self))
        guard list.unreadableLines.isEmpty else {
            let lines = list.unreadableLines.prefix(5).map(String.init).joined(separator: ", ")
            throw FileError(
                "\(path): no numbers on lines \(lines); correct them, somebody must not be called")
        }
        return list
    }

    // MARK: After

    private static func finish(
        _ end: CampaignEnd, of id: CampaignID, in store: any CampaignStore, at now: WallClockInstant,
        arguments: Arguments
    ) async throws -> ExitCode {
        let report = try await CampaignReport.make(of: id, from: store, at: now)
        if let path = arguments.string("--report") {
            try CampaignReportHTML(report).render().write(toFile: path, atomically: true, encoding: .utf8)
        }
        if arguments.flag("--json") {
            try Output.json(report)
        } else {
            Output.line(CampaignDisplay.describe(report.recipients))
            if let quality = CampaignDisplay.describe(report.quality) { Output.line(quality) }
        }
        switch end {
        case .completed, .cancelled: return .completed
        case .paused(let reason) where reason.code == .requested: return .completed
        case .paused(let reason):
            Output.error("the campaign paused: \(reason). `outdial campaign resume` and run it again.")
            return .failed
        default: return .failed
        }
    }
}

/// A campaign over real sockets, with its progress on standard output.
enum LiveCampaign {
    static func run(
        _ runner: CampaignRunner, on dialer: Dialer, driver: any Driver, isQuiet: Bool,
        monitoring: Monitoring? = nil, alongside: @escaping @Sendable () async -> Void = {}
    ) async throws -> CampaignEnd {
        try await Service.run(dialer) {
            guard let monitoring else {
                return try await run(runner, driver: driver, isQuiet: isQuiet, alongside: alongside)
            }
            return try await monitoring.watch(dialer) {
                try await run(runner, driver: driver, isQuiet: isQuiet, alongside: alongside)
            }
        }
    }

    /// - Parameter alongside: Ends with the runner's progress.
    private static func run(
        _ runner: CampaignRunner, driver: any Driver, isQuiet: Bool,
        alongside: @escaping @Sendable () async -> Void
    ) async throws -> CampaignEnd {
        let progress = runner.progress()
        let display = CampaignDisplay(clock: driver)
        return try await withThrowingTaskGroup(of: CampaignEnd?.self) { group in
            group.addTask { try await runner.run() }
            group.addTask {
                if !isQuiet { await display.follow(progress) }
                return nil
            }
            group.addTask {
                await alongside()
                return nil
            }
            var end: CampaignEnd?
            while let finished = try await group.next() { end = finished ?? end }
            return end ?? .stopped
        }
    }
}
