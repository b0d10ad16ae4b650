internal import ToolArguments
internal import AgentBridge
internal import CallSimulator
internal import CampaignKit
internal import Foundation
internal import RTPMedia
internal import SIPCore
internal import SansIO
internal import SocketDriver
internal import Telephony

/// `outdial demo`: a small campaign over real SIP and RTP on loopback, against built-in callees behind a trunk that
/// demands digest authentication.
enum DemoCommand {
    private static let syntax = CommandSyntax(
        usage: "outdial demo [OPTIONS]",
        summary:
            "Dial a small campaign over real sockets on loopback and leave everything it makes in a folder.",
        options: [
            .init(name: "--csv", value: "FILE", help: "The people to call (Examples/appointments.csv)."),
            .init(
                name: "--agent", value: "FILE",
                help: "The scripted agent (Examples/agents/appointment-reminder.json)."),
            .init(name: "--out", value: "DIR", help: "Where the files go (./outdial-demo); emptied first."),
        ])

    static func run(_ words: [String]) async throws -> ExitCode {
        let arguments = try Arguments(words, for: syntax)
        let csv = arguments.string("--csv") ?? "Examples/appointments.csv"
        let script = arguments.string("--agent") ?? "Examples/agents/appointment-reminder.json"
        let folder = DemoFolder(path: arguments.string("--out") ?? "outdial-demo")
        try folder.prepare()
        guard let people = FileManager.default.contents(atPath: csv) else {
            throw FileError("\(csv): no such file, or it cannot be read")
        }

        // Two loops: ours, and that of the far end.
        let driver = try SocketDriver()
        let callees = try SocketDriver()
        var generator = driver.makeGenerator(label: "demo")
        let credentials = SIPCredentials(username: "outdial", password: generator.token(digits: 24))
        let peer = try makeTrunk(on: callees, credentials: credentials)
        let address = try await peer.start()
        let trunk = Trunk(
            name: "demo trunk", host: address.host, port: address.port, credentials: credentials,
            numbers: ["+15550100", "+15550101"], callerName: "Riverside Clinic")

        let store = try await CampaignStores.open(folder.database, driver: driver)
        let id = try await Campaign.create(
            "Appointment reminders", csv: [UInt8](people), settings: settings(folder), in: store,
            driver: driver)
        if let report = try await store.campaign(id).importReport {
            Output.line(CampaignDisplay.describe(report).joined(separator: "\n"))
        }
        let captures = try Captures(
            .init(pcap: folder.pcap, ladders: folder.calls, records: folder.calls))
        let dialer = Dialer(trunk: trunk, driver: driver, observers: captures.observers)
        let runner = CampaignRunner(
            campaign: id, store: store, placing: dialer,
            handler: try AgentChoice.handler(named: script, transcriber: ScriptTranscriber(peer)),
            driver: driver)
        let end = try await LiveCampaign.run(runner, on: dialer, driver: driver, isQuiet: false)
        await peer.stop()
        captures.flush()
        try await finish(id, in: store, folder: folder, driver: driver)
        return end == .completed ? .completed : .failed
    }

    /// Everybody in the CSV, each with a character of their own.
    private static func makeTrunk(
        on driver: any Driver, credentials: SIPCredentials
    ) throws -> LoopbackPeer {
        var configuration = LoopbackPeer.Configuration()
        configuration.credentials = [credentials]
        configuration.realm = "trunk.demo"
        let directory = CalleeDirectory(
            [
                "+15551234501": .confirms,
                "+15551234502": .talks,
                "+442079460503": .earlyMediaThenAnswer().talks(),
                "+15551234504": .voicemail,
                "+15551234505": .noAnswer,
                "+15551234506": .declines,
                "+15551234507": .busyFirst(then: .confirms),
                "+15551234508": .hangsUpMidSentence,
                "+4930901820509": .screening(),
            ], default: .confirms)
        return LoopbackPeer(driver: driver, directory: directory, configuration: configuration)
    }

    /// A pace and waits that fit a demo; a real campaign keeps the defaults.
    private static func settings(_ folder: DemoFolder) -> CampaignSettings {
        var settings = CampaignSettings()
        settings.callsPerMinute = 60
        settings.callingHours = .always
        settings.retry.maximumAttempts = 2
        settings.retry.busyDelay = .seconds(8)
        settings.retry.noAnswerDelay = .seconds(6)
        settings.ringTimeout = .seconds(12)
        settings.recording = .stereoWAV(directory: folder.calls)
        return settings
    }

    private static func finish(
        _ id: CampaignID, in store: any CampaignStore, folder: DemoFolder, driver: any Driver
    ) async throws {
        let report = try await CampaignReport.make(of: id, from: store, at: driver.wallClock)
        var page = CampaignReportHTML(report)
        for call in report.calls { page.files[call.id] = folder.files(of: call.id) }
        try page.render().write(toFile: folder.report, atomically: true, encoding: .utf8)
        Output.line("")
        Output.line(CampaignDisplay.describe(report.recipients))
        Output.line(CampaignDisplay.outcomeTable(report))
        Output.line(
            "left in \(folder.path)/: report.html, calls.pcap, campaign.sqlite, and per call in calls/ a")
        Output.line("stereo WAV (agent left, callee right), a JSON record and a SIP ladder")
    }
}

/// The files of a demo.
private struct DemoFolder {
    var path: String
    var calls: String { "\(path)/calls" }
    var pcap: String { "\(path)/calls.pcap" }
    var database: String { "\(path)/campaign.sqlite" }
    var report: String { "\(path)/report.html" }

    /// Empties what an earlier demo left and makes the folders.
    func prepare() throws {
        let manager = FileManager.default
        if manager.fileExists(atPath: path) {
            let isEmpty = try manager.contentsOfDirectory(atPath: path).isEmpty
            guard isEmpty || manager.fileExists(atPath: database) else {
                throw FileError("\(path) holds something that is no demo's; name another folder with --out")
            }
            try manager.removeItem(atPath: path)
        }
        try manager.createDirectory(atPath: calls, withIntermediateDirectories: true)
    }

    /// The links of one call in the report, for the files that there are.
    func files(of id: CallID) -> [CampaignReportHTML.FileLink] {
        [("audio", "wav"), ("record", "json"), ("ladder", "ladder.txt")].compactMap { label, ending in
            let file = "\(id.fileName).\(ending)"
            guard FileManager.default.fileExists(atPath: "\(calls)/\(file)") else { return nil }
            return CampaignReportHTML.FileLink(label: label, path: "calls/\(file)")
        }
    }
}
