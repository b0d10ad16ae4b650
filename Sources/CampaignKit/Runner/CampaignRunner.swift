public import SansIO
public import Telephony

/// Runs one campaign from its store to its end: wakes when something is due, asks ``CampaignCore``, writes, dials, and follows what people ask
/// for in the store from other processes.
///
/// An attempt is in the store, with its SIP Call-ID, before its INVITE leaves. A lease keeps other runners away, and a fencing number
/// keeps out what they might still write. When the store fails, no new call starts, those in the air are carried to their end, their outcomes are kept
/// and written as soon as it works again.
public actor CampaignRunner {
    public struct Configuration: Sendable {
        /// What the runner does while the campaign is paused.
        @nonexhaustive
        public enum WhenPaused: Hashable, Sendable {
            /// Waits to be resumed.
            case wait
            /// Waits when a person paused it; returns when it paused itself, over a fault.
            case waitUnlessFault
            /// Returns as soon as the running calls are over.
            case finish
        }

        public var whenPaused = WhenPaused.waitUnlessFault
        /// How often the store is asked what people want.
        public var pollInterval = Duration.seconds(1)
        /// How long the campaign stays ours without a sign of life. A runner that dies blocks the next one for that long.
        public var leaseDuration = Duration.seconds(10)
        /// Name of this runner in the lease, such as host and process.
        public var owner = "outdial"
        /// How often a failing store is tried again, a poll interval apart, once no call is in the air.
        public var storeRetries = 5
        /// Progress kept for a slow subscriber.
        public var progressLimit = 1_024
        public var doNotCall = DoNotCallList()

        public init() {}
    }

    let id: CampaignID
    let store: any CampaignStore
    let placing: any CallPlacing
    let handler: any CallHandler
    let driver: any Driver
    let configuration: Configuration
    let hub: ProgressHub

    var session: RunnerSession?
    /// Ends the wait of one call's child task that hangs it up.
    var hangUps = OrderedTable<CallID, AsyncStream<Never>.Continuation>()
    private var hasRun = false
    // Guards the one word that other threads say to a running campaign.
    private let wantsStop = Locked(false)

    /// - Parameters:
    ///   - id: A campaign in `store`.
    ///   - placing: The ``Dialer``, whose `run()` must be running.
    ///   - handler: Made of a voice agent, or written by the application.
    ///   - driver: The same as the dialer's: its clock is the campaign's.
    public init(
        campaign id: CampaignID, store: any CampaignStore, placing: any CallPlacing, handler: any CallHandler,
        driver: any Driver, configuration: Configuration = Configuration()
    ) {
        self.id = id
        self.store = store
        self.placing = placing
        self.handler = handler
        self.driver = driver
        self.configuration = configuration
        hub = ProgressHub(limit: configuration.progressLimit)
    }

    /// What happens from now on; each caller has a stream of its own, which ends with the run. A slow reader loses the oldest.
    public nonisolated func progress() -> AsyncStream<CampaignProgress> { hub.subscribe() }

    /// Starts no more calls and lets ``run()`` return once those in the air are over. Any thread.
    public nonisolated func stop() { wantsStop.withLock { $0 = true } }

    /// Runs the campaign until it is over, paused as configured, or stopped. Once per runner: make a new one to go on.
    ///
    /// Cancelling the task hangs up the calls in the air by protocol and writes their outcomes before it throws.
    ///
    /// - Throws: ``CampaignRunError``, ``CampaignStoreError`` when the campaign cannot be taken up, `CancellationError`.
    public func run() async throws -> CampaignEnd {
        guard !hasRun else { throw CampaignRunError.alreadyRunning }
        hasRun = true
        defer { hub.finish() }
        let lease = try await acquireLease()
        do {
            session = try await openSession(lease)
        } catch {
            try? await store.release(lease)
            throw error
        }
        publish(.opened)
        let result: Result<CampaignEnd, any Error> = await withTaskGroup(of: Void.self) { group in
            await serve(&group)
        }
        try? await store.release(lease)
        session = nil
        return try result.get()
    }

    // MARK: Taking up

    /// Waits out the lease of a runner that died; one that is alive shows it by moving its expiry.
    private func acquireLease() async throws -> CampaignLease {
        var seen: LeaseResult?
        while true {
            let result = try await store.acquireLease(
                on: id, owner: configuration.owner, at: driver.wallClock, for: configuration.leaseDuration)
            switch result {
            case .acquired(let lease): return lease
            case .held(let owner, _):
                if let seen, seen != result { throw CampaignRunError.ownedByAnother(owner: owner) }
                seen = result
                try await driver.sleep(for: configuration.pollInterval)
            }
        }
    }

    private func openSession(_ lease: CampaignLease) async throws -> RunnerSession {
        let campaign = try await store.campaign(id)
        do { try campaign.settings.validate() } catch { throw CampaignRunError.settings(error) }
        let recipients = try await store.recipients(of: id)
        let attempts = try await store.attempts(of: id)
        let core = CampaignCore(
            campaign: campaign, recipients: recipients, attempts: attempts,
            doNotCall: configuration.doNotCall,
            at: driver.now, wall: driver.wallClock)
        return RunnerSession(core: core, lease: lease, renewAt: driver.now, pollAt: driver.now)
    }

    // MARK: Serving

    /// Outcomes and deadlines alike end a child task of `group`, which is what wakes this loop.
    private func serve(_ group: inout TaskGroup<Void>) async -> Result<CampaignEnd, any Error> {
        while true {
            await poll()
            for planned in await decide() { start(planned, in: &group) }
            if let end = await finish() { return end }
            armTimer(in: &group)
            _ = await group.next()
        }
    }

    private func decide() async -> [PlannedCall] {
        guard let open = session, !isStopping, open.storeFault == nil else {
            await save()
            return []
        }
        let decisions = session?.core.tick(at: driver.now, wall: driver.wallClock) ?? []
        let isWritten = await save()
        var planned: [PlannedCall] = []
        for decision in decisions {
            switch decision.action {
            case .start(let call) where isWritten: planned.append(call)
            case .start(let call): session?.core.withdraw(call.id, at: driver.wallClock)
            default: publish(.decided(decision))
            }
        }
        return planned
    }

    private func start(_ planned: PlannedCall, in group: inout TaskGroup<Void>) {
        let (hangUp, continuation) = AsyncStream.makeStream(of: Never.self)
        hangUps[planned.id] = continuation
        if let recipient = session?.core.recipient(of: planned.id) { publish(.queued(planned.id, recipient)) }
        group.addTask { await self.place(planned, hangUp: hangUp) }
    }

    /// The end of the run, once nothing is in the air and everything is written or given up.
    private func finish() async -> Result<CampaignEnd, any Error>? {
        guard let open = session, open.core.running == 0 else { return nil }
        let end: CampaignEnd
        switch open.core.campaign.state {
        case .completed: end = .completed
        case .cancelled: end = .cancelled
        case .paused where returnsWhenPaused:
            end = .paused(open.core.campaign.pauseReason ?? PauseReason(.requested, ""))
        case .pending, .running, .paused:
            guard isStopping || open.storeFault != nil else { return nil }
            end = .stopped
        }
        guard await save() else {
            guard let fault = session?.storeFault else { return nil }
            session?.storeTries += 1
            let tries = session?.storeTries ?? 0
            guard !fault.isTransient || tries > configuration.storeRetries || Task.isCancelled else {
                return nil
            }
            return .failure(CampaignRunError.store(fault, unwritten: session?.core.unwrittenAttempts ?? []))
        }
        if Task.isCancelled { return .failure(CancellationError()) }
        // The store works again: whatever there is left to do goes on.
        if end == .stopped, !isStopping { return nil }
        return .success(end)
    }

    private var isStopping: Bool { Task.isCancelled || wantsStop.withLock { $0 } }

    private var returnsWhenPaused: Bool {
        switch configuration.whenPaused {
        case .wait: false
        case .finish: true
        case .waitUnlessFault: session?.core.campaign.pauseReason?.code != .requested
        }
    }

    /// Sees to it that a child task ends at the next deadline, at the latest with the next poll.
    private func armTimer(in group: inout TaskGroup<Void>) {
        // A cancelled task cannot sleep: only the calls' ends are waited for.
        guard let open = session, !Task.isCancelled else { return }
        let now = driver.now
        let poll = open.pollAt
        let deadline =
            open.storeFault == nil && !isStopping
            ? min(poll, open.core.nextDeadline(at: now, wall: driver.wallClock) ?? poll) : poll
        if let armed = open.armedUntil, armed > now, armed <= deadline { return }
        session?.armedUntil = deadline
        let driver = driver
        group.addTask { try? await driver.sleep(until: deadline) }
    }
}

/// What a runner holds while it runs.
struct RunnerSession {
    var core: CampaignCore
    var lease: CampaignLease
    var renewAt: MonotonicInstant
    var pollAt: MonotonicInstant
    /// A child task sleeps until then.
    var armedUntil: MonotonicInstant?
    /// Why the latest write failed; `nil` once one succeeds.
    var storeFault: CampaignStoreError?
    var storeTries = 0
    /// Counts changes of the campaign's state made here, so that an answer from before one is not taken for news.
    var statusVersion = 0
}
