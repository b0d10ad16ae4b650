public import AgentBridge
public import CampaignKit
internal import SansIO
public import Telephony

/// A whole campaign in virtual time: the production runner, dialer and agents against a trunk full of callees.
///
/// ```swift
/// let report = try CampaignScenario(seed: 7, recipients: 1_000).network(.lossy).run()
/// #expect(report.violations.isEmpty, "\(report.replay)")
/// ```
public struct CampaignScenario: Sendable {
    private var options: StageOptions
    private let source: Source
    private var settings = CampaignSettings()
    private var mix = CalleeMix.ordinary
    private var agent = AgentSource.reminder
    private var store: any CampaignStore
    private var doNotCall: [PhoneNumber] = []
    private var terms: CampaignSettings?
    private var guardedNumbers: [PhoneNumber] = []

    private enum Source: Sendable {
        case drawn(count: Int)
        case csv([UInt8])
    }

    /// - Parameters:
    ///   - recipients: How many; their numbers are `+1555…` in order.
    ///   - store: Where the campaign lives; it must not know a campaign `simulated` yet.
    public init(seed: UInt64 = 1, recipients: Int = 100, store: any CampaignStore = InMemoryCampaignStore()) {
        self.init(seed: seed, source: .drawn(count: max(0, recipients)), store: store)
    }

    /// - Parameter csv: A file as ``RecipientCSV`` reads it.
    public init(seed: UInt64 = 1, csv: [UInt8], store: any CampaignStore = InMemoryCampaignStore()) {
        self.init(seed: seed, source: .csv(csv), store: store)
    }

    private init(seed: UInt64, source: Source, store: any CampaignStore) {
        options = StageOptions(seed: seed)
        self.source = source
        self.store = store
        settings.callsPerMinute = 600
        settings.allowsHighRate = true
        settings.maximumConcurrency = 200
    }

    /// Pace, concurrency, hours and retries; 600 calls a minute and 200 at once unless set.
    public func settings(_ settings: CampaignSettings) -> Self { with { $0.settings = settings } }

    /// Who answers; ``CalleeMix/ordinary`` unless set.
    public func callees(_ mix: CalleeMix) -> Self { with { $0.mix = mix } }

    /// Who calls; an appointment reminder unless set.
    public func agent(_ agent: some VoiceAgent) -> Self { with { $0.agent = AgentSource(agent) } }

    /// Numbers that must not be called.
    public func doNotCall(_ numbers: [PhoneNumber]) -> Self {
        with {
            $0.doNotCall = numbers
            $0.guardedNumbers = numbers
        }
    }

    /// The way of datagrams, there and back; perfect unless set.
    public func network(_ model: NetworkModel) -> Self {
        with {
            $0.options.outbound = model
            $0.options.inbound = model
        }
    }

    public func faults(_ faults: FaultPlan.Fault...) -> Self {
        with { $0.options.faults.faults += faults }
    }

    /// Whether the trunk asks for a digest; it does unless set.
    public func challenge(_ challenge: TrunkChallenge) -> Self { with { $0.options.challenge = challenge } }

    public func dialer(_ configuration: DialerConfiguration) -> Self {
        with { $0.options.dialer = configuration }
    }

    /// What the world starts with: wall clock, order of ready work, limits, what the trace keeps.
    public func world(_ configuration: WorldConfiguration) -> Self {
        with { $0.options.world = configuration }
    }

    public func media(_ mode: MediaMode) -> Self { with { $0.options.media = mode } }

    /// For canaries: judges by other terms than the runner was given.
    func judged(by terms: CampaignSettings, doNotCall: [PhoneNumber] = []) -> Self {
        with {
            $0.terms = terms
            $0.guardedNumbers = doNotCall
        }
    }

    /// For canaries: calls everybody again while they are on the phone.
    func doubleCalls() -> Self { with { $0.agent = AgentSource { DoubleCaller(stage: $0) } } }

    private func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }

    // MARK: Running

    private static let id: CampaignID = {
        guard let id = CampaignID("simulated") else { preconditionFailure("the name is plain") }
        return id
    }()

    private func recipients() throws -> (recipients: [Recipient], report: ImportReport?) {
        switch source {
        case .csv(let bytes):
            let list = try RecipientCSV.read(bytes, for: Self.id)
            return (list.recipients, list.report)
        case .drawn(let count):
            return (
                try (0..<count).map { index in
                    let digits = String(index)
                    let number = "+1555" + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
                    return Recipient(
                        campaign: Self.id, row: index + 2, number: try PhoneNumber(e164: number),
                        context: ["name": "Recipient \(index + 1)"])
                }, nil
            )
        }
    }

    /// Runs the campaign until it is over and nothing of it is left.
    ///
    /// - Throws: ``WorldError``, ``RecipientCSVError``, ``CampaignRunError``, ``CampaignStoreError``.
    public func run() throws -> CampaignScenarioReport {
        let (recipients, importReport) = try recipients()
        var terms = CampaignTerms(settings: self.terms ?? settings)
        for recipient in recipients {
            terms.timeZones[CalleeDirectory.digits(of: recipient.number.e164)] = recipient.timeZone
        }
        terms.doNotCall = Set(guardedNumbers.map { CalleeDirectory.digits(of: $0.e164) })
        var options = options
        options.dialer.maximumCalls = max(options.dialer.maximumCalls, settings.maximumConcurrency)
        let stage = ScenarioStage(options, directory: mix.directory(seed: options.seed), terms: terms)
        var configuration = CampaignRunner.Configuration()
        configuration.doNotCall = DoNotCallList(doNotCall)
        let runner = CampaignRunner(
            campaign: Self.id, store: store, placing: stage.dialer, handler: agent.makeHandler(stage),
            driver: stage.driver, configuration: configuration)
        let campaign = Campaign(
            id: Self.id, name: "simulated", createdAt: options.world.wallClock, settings: settings,
            importReport: importReport)
        let store = store
        let result = try stage.run {
            try await store.create(campaign, recipients: recipients)
            let end = try await runner.run()
            let report = try await CampaignReport.make(of: Self.id, from: store, at: stage.driver.wallClock)
            return (end, report, stage.driver.now)
        }
        var speed = result.1
        speed.callSeconds = result.0.1.totalTalkSeconds
        return CampaignScenarioReport(
            seed: options.seed, end: result.0.0, campaign: result.0.1,
            duration: .nanoseconds(result.0.2.nanoseconds), callees: stage.peer.reports,
            invariants: stage.watch.counts, violations: stage.watch.violations, speed: speed,
            network: stage.world.statistics, trace: stage.world.trace)
    }
}
