import CampaignKit
import SansIO
import Telephony
import Testing

@Suite("Campaign runner")
struct CampaignRunnerTests {
    /// Runs a campaign with recipients in rows 2, 3, … and returns how it ended and what is in the store.
    private func run(
        _ count: Int, settings: (inout CampaignSettings) -> Void = { _ in },
        configuration: CampaignRunner.Configuration = .init(), store: InMemoryCampaignStore = .init(),
        driver: VirtualDriver = VirtualDriver(),
        meanwhile:
            @escaping @Sendable (CampaignRunner, InMemoryCampaignStore, VirtualDriver) async throws -> Void =
            { _, _, _ in },
        script: @escaping @Sendable (CallRequest, Int) -> ScriptedCallPlacing.Script = { _, _ in .init() }
    ) throws -> (end: CampaignEnd, store: Stored, dialed: [ScriptedCallPlacing.Dialed]) {
        let campaign = Sample.campaign("spring", settings)
        let recipients = try Sample.recipients(count, of: campaign)
        let placing = ScriptedCallPlacing(driver: driver, script)
        return try driver.run {
            try await store.create(campaign, recipients: recipients)
            let runner = CampaignRunner(
                campaign: campaign.id, store: store, placing: placing, handler: NoHandler(), driver: driver,
                configuration: configuration)
            let end = try await withThrowingTaskGroup(of: CampaignEnd?.self) { group in
                group.addTask { try await runner.run() }
                group.addTask {
                    try await meanwhile(runner, store, driver)
                    return nil
                }
                var end: CampaignEnd?
                for try await result in group { end = result ?? end }
                return end
            }
            let stored = Stored(
                campaign: try await store.campaign(campaign.id),
                recipients: try await store.recipients(of: campaign.id),
                attempts: try await store.attempts(of: campaign.id))
            return (try #require(end), stored, placing.dialed)
        }
    }

    struct Stored: Sendable {
        var campaign: Campaign
        var recipients: [Recipient]
        var attempts: [Attempt]
    }

    @Test("Everybody gets an outcome, at the rate and in the order of the rows")
    func completes() throws {
        let (end, stored, dialed) = try run(4) { $0.callsPerMinute = 6 }
        #expect(end == .completed)
        #expect(stored.campaign.state == .completed)
        #expect(stored.recipients.map(\.state) == [.completed, .completed, .completed, .completed])
        #expect(
            stored.attempts.map(\.id.rawValue) == ["spring-2-1", "spring-3-1", "spring-4-1", "spring-5-1"])
        #expect(
            stored.attempts.map(\.sipCallID) == [
                "sip-spring-2-1", "sip-spring-3-1", "sip-spring-4-1", "sip-spring-5-1",
            ])
        #expect(stored.attempts.allSatisfy { $0.state == .ended && $0.outcome?.disposition == .answered })
        let starts = dialed.map { Sample.start.duration(to: $0.at).inMilliseconds }
        #expect(starts == [200, 10_200, 20_200, 30_200])
    }

    @Test("Busy is tried again after 5 and 10 minutes; the third busy ends it")
    func busy() throws {
        let (end, stored, dialed) = try run(1, script: { _, _ in .ending(.busy) })
        #expect(end == .completed)
        #expect(stored.recipients[0].state == .failed)
        #expect(stored.recipients[0].attemptsUsed == 3)
        #expect(stored.recipients[0].reason == "busy, 3 attempts used")
        let starts = dialed.map { Sample.start.duration(to: $0.at).inSeconds }
        #expect(starts == [0.2, 320.4, 940.6])
    }

    @Test("A retry goes before rows not yet called")
    func retriesFirst() throws {
        let (_, _, dialed) = try run(
            6,
            settings: {
                $0.callsPerMinute = 1
                $0.retry.busyDelay = .seconds(60)
            },
            script: { request, before in
                request.to == Sample.number(2) && before == 0 ? .ending(.busy) : .init()
            })
        #expect(dialed.map(\.request).map { $0.suffix(1) } == ["2", "3", "2", "4", "5", "6", "7"])
    }

    @Test("Three trunk faults in a row pause the campaign and say why; no attempt is used")
    func trunkFault() throws {
        let (end, stored, _) = try run(
            5,
            script: { _, _ in
                .failing(CallError(.noRoute, "the trunk's name does not resolve"))
            })
        let reason = PauseReason(.trunkFault, "3 in a row: the trunk's name does not resolve")
        #expect(end == .paused(reason))
        #expect(stored.campaign.state == .paused && stored.campaign.desiredState == .paused)
        #expect(stored.campaign.pauseReason == reason)
        #expect(stored.recipients.allSatisfy { $0.state == .pending && $0.attemptsUsed == 0 })
        #expect(stored.attempts.isEmpty)
    }

    @Test("Trunk faults with a success between them do not pause")
    func trunkFaultsApart() throws {
        let (end, stored, _) = try run(
            4,
            script: { request, before in
                before == 0 && request.to != Sample.number(3) ? .ending(.trunkFault) : .init()
            })
        #expect(end == .completed)
        #expect(stored.recipients.map(\.attemptsUsed) == [1, 1, 1, 1])
        #expect(stored.recipients.map(\.attemptsStarted) == [2, 1, 2, 2])
    }

    @Test("An agent that cannot get ready pauses the campaign at once; nobody was dialed")
    func notPrepared() throws {
        let (end, stored, dialed) = try run(3, script: { _, _ in .ending(.notPrepared) })
        #expect(end == .paused(PauseReason(.agentNotReady, "the agent could not get ready: no model")))
        #expect(dialed.isEmpty && stored.attempts.isEmpty)
        #expect(stored.recipients.map(\.state) == [.pending, .pending, .pending])
    }

    @Test("A pause from outside stops new calls, lets running ones finish, and a resume goes on")
    func pauseAndResume() throws {
        let (end, stored, dialed) = try run(
            4, settings: { $0.callsPerMinute = 6 },
            meanwhile: { _, store, driver in
                try await driver.sleep(for: .seconds(5))
                try await store.setDesiredState(.paused, of: CampaignID("spring")!, at: driver.wallClock)
                try await driver.sleep(for: .seconds(600))
                #expect(try await store.campaign(CampaignID("spring")!).state == .paused)
                #expect(try await store.recipients(of: CampaignID("spring")!)[0].state == .completed)
                try await store.setDesiredState(.running, of: CampaignID("spring")!, at: driver.wallClock)
            })
        #expect(end == .completed)
        #expect(stored.recipients.allSatisfy { $0.state == .completed && $0.attemptsUsed == 1 })
        let starts = dialed.map { Sample.start.duration(to: $0.at).inSeconds.rounded(.down) }
        #expect(starts == [0, 605, 615, 625])
    }

    @Test("A cancel from outside hangs up what is in the air; the rest stays pending")
    func cancel() throws {
        let (end, stored, dialed) = try run(
            5, settings: { $0.callsPerMinute = 60 },
            meanwhile: { _, store, driver in
                try await driver.sleep(for: .milliseconds(2_500))
                try await store.setDesiredState(.cancelled, of: CampaignID("spring")!, at: driver.wallClock)
            })
        #expect(end == .cancelled)
        #expect(stored.campaign.state == .cancelled)
        #expect(dialed.count == 3)
        #expect(dialed.allSatisfy { Sample.start.duration(to: $0.endedAt!).inSeconds == 3 })
        #expect(stored.recipients.allSatisfy { $0.state == .pending })
        #expect(stored.attempts.allSatisfy { $0.outcome?.disposition == .cancelled })
    }

    @Test("A stop starts nothing new and lets the calls in the air finish")
    func stop() throws {
        let (end, stored, _) = try run(
            5, settings: { $0.callsPerMinute = 60 },
            meanwhile: { runner, _, driver in
                try await driver.sleep(for: .milliseconds(2_500))
                runner.stop()
            })
        #expect(end == .stopped)
        #expect(stored.campaign.state == .running)
        #expect(stored.recipients.map(\.state) == [.completed, .completed, .completed, .pending, .pending])
    }

    @Test("Cancelling the task hangs up and still writes the outcomes")
    func taskCancellation() throws {
        let driver = VirtualDriver()
        let store = InMemoryCampaignStore()
        let campaign = Sample.campaign { $0.callsPerMinute = 60 }
        let recipients = try Sample.recipients(3, of: campaign)
        let placing = ScriptedCallPlacing(driver: driver)
        try driver.run {
            try await store.create(campaign, recipients: recipients)
            let runner = CampaignRunner(
                campaign: campaign.id, store: store, placing: placing, handler: NoHandler(), driver: driver)
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await runner.run() }
                    try await driver.sleep(for: .milliseconds(1_500))
                    group.cancelAll()
                    try await group.next()
                }
            }
            let attempts = try await store.attempts(of: campaign.id)
            #expect(attempts.map { $0.outcome?.disposition } == [.cancelled, .cancelled])
            // The lease was given back: another runner can start at once.
            guard
                case .acquired = try await store.acquireLease(
                    on: campaign.id, owner: "next", at: driver.wallClock, for: .seconds(1))
            else {
                Issue.record("lease still held")
                return
            }
        }
    }

    @Test(
        "Outside calling hours nobody is dialed; the recipient is deferred to the next opening with the reason"
    )
    func callingHours() throws {
        let (end, stored, dialed) = try run(
            2,
            settings: {
                $0.timeZone = "America/New_York"
                $0.callingHours = CallingHours([.init("11:00-12:00")!], on: [.friday])
            },
            meanwhile: { _, store, driver in
                try await driver.sleep(for: .seconds(2))
                let first = try await store.recipients(of: CampaignID("spring")!)[0]
                #expect(first.reason == "outside calling hours")
                #expect(first.nextAttemptAt == Sample.start.advanced(by: .seconds(3_600)))
            })
        #expect(end == .completed)
        #expect(stored.recipients.allSatisfy { $0.state == .completed })
        #expect(dialed.map { Sample.start.duration(to: $0.at).inSeconds } == [3_600.2, 3_612.2])
    }

    @Test("A number on the do-not-call list is refused without an attempt")
    func doNotCall() throws {
        var configuration = CampaignRunner.Configuration()
        configuration.doNotCall = DoNotCallList(text: Sample.number(3))
        let (_, stored, dialed) = try run(3, configuration: configuration)
        #expect(dialed.map(\.request) == [Sample.number(2), Sample.number(4)])
        #expect(stored.recipients[1].state == .failed)
        #expect(stored.recipients[1].attemptsUsed == 0)
        #expect(stored.recipients[1].reason == "on the do-not-call list")
    }

    @Test("An error after the INVITE left makes the recipient unknown: it is not called again")
    func lostCall() throws {
        let (end, stored, dialed) = try run(
            1,
            script: { _, _ in
                var script = ScriptedCallPlacing.Script()
                script.lateError = CallError(.file, "the recording could not be written")
                return script
            })
        #expect(end == .completed)
        #expect(dialed.count == 1)
        #expect(stored.recipients[0].state == .unknown)
    }

    @Test("Calls that cannot be signed pause the campaign; nobody is taken for called")
    func unsigned() throws {
        let (end, stored, _) = try run(
            3,
            script: { _, _ in
                var script = ScriptedCallPlacing.Script()
                script.lasts = .zero
                script.lateError = CallError(.notSigned, "the key is lost")
                return script
            })
        #expect(end == .paused(PauseReason(.notSigned, "the key is lost")))
        #expect(stored.recipients.map(\.state) == [.pending, .pending, .pending])
        #expect(stored.recipients.map(\.attemptsUsed) == [0, 0, 0])
        #expect(stored.attempts.map(\.state) == [.ended])
        #expect(stored.attempts.map(\.outcome?.disposition) == [.failed])
    }

    @Test(
        "An INVITE that cannot be made consumes no list: the campaign pauses",
        arguments: [
            CallError.Code.invalidTrunk, .invalidRequest,
        ])
    func unusableInvite(code: CallError.Code) throws {
        let (end, stored, _) = try run(
            5,
            script: { _, _ in
                var script = ScriptedCallPlacing.Script()
                script.lasts = .zero
                script.lateError = CallError(code, "the INVITE's from is not usable")
                return script
            })
        #expect(end == .paused(PauseReason(.trunkFault, "3 in a row: the INVITE's from is not usable")))
        #expect(stored.recipients.allSatisfy { $0.state == .pending && $0.attemptsUsed == 0 })
    }

    @Test("Too many sessions is a matter of time: the recipient is called again")
    func tooManySessions() throws {
        let (end, stored, dialed) = try run(
            1,
            script: { _, before in
                var script = ScriptedCallPlacing.Script()
                if before == 0 {
                    script.lasts = .zero
                    script.lateError = CallError(
                        .tooManyCalls, "the user agent's limit of sessions is reached")
                }
                return script
            })
        #expect(end == .completed)
        #expect(dialed.count == 2)
        #expect(stored.recipients.map(\.state) == [.completed])
        #expect(stored.recipients.map(\.attemptsUsed) == [1])
    }

    @Test("A pause between two trunks keeps the second INVITE from leaving; the attempt is closed")
    func pausedBetweenTrunks() throws {
        let (_, stored, dialed) = try run(
            1,
            meanwhile: { runner, store, driver in
                try await driver.sleep(for: .seconds(5))
                try await store.setDesiredState(.paused, of: CampaignID("spring")!, at: driver.wallClock)
                try await driver.sleep(for: .seconds(120))
                runner.stop()
            },
            script: { _, _ in
                var script = ScriptedCallPlacing.Script()
                script.failsOverAfter = .seconds(32)
                return script
            })
        #expect(dialed.map(\.sipCallID) == ["sip-spring-2-1"])
        #expect(stored.attempts.map(\.state) == [.ended])
        #expect(stored.attempts.map(\.outcome?.disposition) == [.trunkFault])
        #expect(stored.recipients.map(\.state) == [.pending])
        #expect(stored.recipients.map(\.attemptsUsed) == [0])
    }

    @Test("Two runners cannot run one campaign: the second sees that the first is alive")
    func twoRunners() throws {
        let (end, _, dialed) = try run(
            3,
            meanwhile: { _, store, driver in
                try await driver.sleep(for: .seconds(1))
                let second = CampaignRunner(
                    campaign: CampaignID("spring")!, store: store,
                    placing: ScriptedCallPlacing(driver: driver),
                    handler: NoHandler(), driver: driver)
                await #expect(throws: CampaignRunError.ownedByAnother(owner: "outdial")) {
                    try await second.run()
                }
            })
        #expect(end == .completed)
        #expect(dialed.count == 3)
    }

    @Test("Progress tells of every call and carries the counts")
    func progress() throws {
        let events = Locked<[CampaignProgress]>([])
        _ = try run(
            2,
            meanwhile: { runner, _, _ in
                for await event in runner.progress() { events.withLock { $0.append(event) } }
            })
        let all = events.withLock { $0 }
        let ended = all.compactMap { event in
            if case .ended(let id, let recipient, _) = event.kind { "\(id) \(recipient.state)" } else { nil }
        }
        #expect(ended == ["spring-2-1 completed", "spring-3-1 completed"])
        #expect(all.last?.counts.completed == 2 && all.last?.counts.total == 2)
        guard case .decided(let last)? = all.last?.kind else {
            Issue.record("no last decision")
            return
        }
        #expect(last.action == .completed)
    }
}
