internal import ToolArguments
internal import CampaignKit
internal import CampaignSQLite
internal import Foundation
internal import SansIO
internal import SocketDriver

/// The campaign commands that only look at the store or write a wish into it.
enum CampaignStoreCommands {
    static let storeOption = CommandSyntax.Option(
        name: "--store", value: "FILE", help: "The SQLite file with the campaigns; required.")
    private static let jsonOption = CommandSyntax.Option(
        name: "--json", value: nil, help: "Print one line of JSON.")

    static func list(_ words: [String]) async throws -> ExitCode {
        let syntax = CommandSyntax(
            usage: "outdial campaign list --store FILE [--json]", summary: "List the campaigns of a store.",
            options: [storeOption, jsonOption])
        let arguments = try Arguments(words, for: syntax)
        let store = try await openStore(arguments)
        let campaigns = try await store.campaigns()
        if arguments.flag("--json") {
            for campaign in campaigns { try Output.json(campaign) }
            return .completed
        }
        for campaign in campaigns {
            let counts = try await store.counts(of: campaign.id)
            Output.line(
                "\(campaign.id)  \(campaign.state.rawValue)  \(counts.finished)/\(counts.total)  \(campaign.name)"
            )
        }
        return .completed
    }

    static func status(_ words: [String]) async throws -> ExitCode {
        let syntax = CommandSyntax(
            usage: "outdial campaign status ID --store FILE [--json]",
            summary: "Show where a campaign stands.", positionals: ["ID"], options: [storeOption, jsonOption])
        let arguments = try Arguments(words, for: syntax)
        let store = try await openStore(arguments)
        let campaign = try await store.campaign(try identifier(arguments))
        let counts = try await store.counts(of: campaign.id)
        if arguments.flag("--json") {
            try Output.json(CampaignStatusLine(campaign: campaign, counts: counts))
            return .completed
        }
        var lines = ["\(campaign.name) (\(campaign.id)): \(campaign.state.rawValue)"]
        if let reason = campaign.pauseReason { lines.append("paused: \(reason)") }
        lines.append(CampaignDisplay.describe(counts))
        if let report = campaign.importReport { lines += CampaignDisplay.describe(report) }
        Output.line(lines.joined(separator: "\n"))
        return .completed
    }

    static func steer(_ words: [String], to desired: DesiredCampaignState, verb: String) async throws
        -> ExitCode
    {
        let syntax = CommandSyntax(
            usage: "outdial campaign \(verb) ID --store FILE",
            summary:
                "Ask for a campaign to be \(desired.rawValue); its runner follows within about a second.",
            positionals: ["ID"], options: [storeOption])
        let arguments = try Arguments(words, for: syntax)
        let driver = try SocketDriver()
        let store = try await CampaignStores.open(arguments.required("--store"), driver: driver)
        let id = try identifier(arguments)
        try await store.setDesiredState(desired, of: id, at: driver.wallClock)
        Output.line("\(id): \(desired.rawValue) requested")
        return .completed
    }

    static func requeue(_ words: [String]) async throws -> ExitCode {
        let syntax = CommandSyntax(
            usage: "outdial campaign requeue ID RECIPIENT…|--all-unknown --store FILE",
            summary: "Let recipients whose calls ended unknown be called again.",
            positionals: ["ID", "[RECIPIENT…]"],
            options: [
                storeOption,
                .init(name: "--all-unknown", value: nil, help: "Everyone whose call ended unknown."),
            ],
            discussion: """
                A process that dies while it calls leaves recipients of whom nobody knows whether their phone rang. They \
                are never called again by themselves: look into the carrier's records first.
                """)
        let arguments = try Arguments(words, for: syntax)
        let named = arguments.positionals.dropFirst().map { RecipientID($0) }
        let takesAll = arguments.flag("--all-unknown")
        guard takesAll != !named.isEmpty else {
            throw UsageError("name recipients, or say --all-unknown", syntax: syntax)
        }
        let driver = try SocketDriver()
        let store = try await CampaignStores.open(arguments.required("--store"), driver: driver)
        let requeued = try await store.requeueUnknown(
            takesAll ? nil : named, of: try identifier(arguments), at: driver.wallClock)
        for recipient in requeued { Output.line("\(recipient): pending") }
        Output.line("\(requeued.count) queued again")
        return .completed
    }

    static func report(_ words: [String]) async throws -> ExitCode {
        let syntax = CommandSyntax(
            usage: "outdial campaign report ID --store FILE [--html FILE] [--json]",
            summary: "Print a campaign's report, or write it as a self-contained page.", positionals: ["ID"],
            options: [
                storeOption, jsonOption, .init(name: "--html", value: "FILE", help: "Write the page there."),
            ])
        let arguments = try Arguments(words, for: syntax)
        let driver = try SocketDriver()
        let store = try await CampaignStores.open(arguments.required("--store"), driver: driver)
        let report = try await CampaignReport.make(
            of: try identifier(arguments), from: store, at: driver.wallClock)
        if let path = arguments.string("--html") {
            try CampaignReportHTML(report).render().write(toFile: path, atomically: true, encoding: .utf8)
        }
        if arguments.flag("--json") {
            try Output.json(report)
        } else {
            Output.line(CampaignDisplay.describe(report.recipients))
            Output.line(CampaignDisplay.outcomeTable(report))
            if let quality = CampaignDisplay.describe(report.quality) { Output.line(quality) }
        }
        return .completed
    }

    static func identifier(_ arguments: Arguments) throws -> CampaignID {
        guard let id = CampaignID(arguments.positionals[0]) else {
            throw UsageError("'\(arguments.positionals[0])' is no campaign id; see outdial campaign list")
        }
        return id
    }

    private static func openStore(_ arguments: Arguments) async throws -> any CampaignStore {
        try await CampaignStores.open(arguments.required("--store"), driver: try SocketDriver())
    }
}

/// Campaign stores by file name.
enum CampaignStores {
    /// - Throws: ``FileError`` when the tool was built without the `SQLite` trait.
    static func open(_ path: String, driver: any Driver) async throws -> any CampaignStore {
        #if SQLite
            return try await SQLiteCampaignStore.open(path, driver: driver)
        #else
            throw FileError("this outdial was built without SQLite: build it with --traits SQLite")
        #endif
    }
}

private struct CampaignStatusLine: Encodable {
    var campaign: Campaign
    var counts: CampaignCounts
}
