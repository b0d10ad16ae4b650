import CampaignKit
import SansIO
import Telephony
import Testing

@Suite("Campaign rules under crashes and chance")
struct CampaignSimulationTests {
    /// One campaign carried through any number of processes, each with its own placing, until one ends in peace.
    private struct History: Sendable {
        var end: CampaignEnd
        var processes: [[ScriptedCallPlacing.Dialed]]
        var campaign: Campaign
        var recipients: [Recipient]
        var attempts: [Attempt]
        var crashes: Int

        var dialed: [ScriptedCallPlacing.Dialed] { processes.flatMap { $0 } }
    }

    private struct Setup: Sendable {
        var campaign: Campaign
        var recipients: [Recipient]
        var configuration = CampaignRunner.Configuration()
        var store = StoreKind.memory
        /// For each process the write at which it dies; those after them live.
        var deaths: [(write: Int, side: CrashingStore.Side)] = []
        /// Wishes of people, by seconds since the start.
        var wishes: [(at: Int64, DesiredCampaignState)] = []
        var script: @Sendable (CallRequest, Int) -> ScriptedCallPlacing.Script = { _, _ in .init() }
    }

    private func play(_ setup: Setup, seed: UInt64 = 1) throws -> History {
        let driver = VirtualDriver(seed: seed)
        return try driver.run {
            let store = try await setup.store.make(driver)
            try await store.create(setup.campaign, recipients: setup.recipients)
            return try await withThrowingTaskGroup(of: History?.self) { group in
                group.addTask {
                    for wish in setup.wishes {
                        try await driver.sleep(until: MonotonicInstant(nanoseconds: wish.at * 1_000_000_000))
                        try? await store.setDesiredState(wish.1, of: setup.campaign.id, at: driver.wallClock)
                    }
                    return nil
                }
                group.addTask { try await Self.live(setup, store: store, driver: driver) }
                while let result = try await group.next() {
                    if let result {
                        group.cancelAll()
                        return result
                    }
                }
                throw VirtualDriver.Stalled()
            }
        }
    }

    private static func live(_ setup: Setup, store: any CampaignStore, driver: VirtualDriver) async throws
        -> History
    {
        var processes: [[ScriptedCallPlacing.Dialed]] = []
        var deaths = setup.deaths[...]
        while true {
            let death = deaths.popFirst()
            let view = death.map { CrashingStore(store, at: $0.write, $0.side) as any CampaignStore } ?? store
            let before = processes.flatMap { $0 }
            let placing = ScriptedCallPlacing(driver: driver) { request, now in
                setup.script(request, now + before.count { $0.request == request.to })
            }
            let runner = CampaignRunner(
                campaign: setup.campaign.id, store: view, placing: placing, handler: NoHandler(),
                driver: driver,
                configuration: setup.configuration)
            do {
                let end = try await runner.run()
                processes.append(placing.dialed)
                return History(
                    end: end, processes: processes, campaign: try await store.campaign(setup.campaign.id),
                    recipients: try await store.recipients(of: setup.campaign.id),
                    attempts: try await store.attempts(of: setup.campaign.id), crashes: processes.count - 1)
            } catch {
                guard (view as? CrashingStore)?.isDead == true else { throw error }
                processes.append(placing.dialed)
            }
        }
    }

    // MARK: Crashes

    @Test(
        "A crash at any write, then another run: nobody is called twice", arguments: StoreKind.allCases,
        CrashingStore.Side.allCases)
    func crashEverywhere(kind: StoreKind, side: CrashingStore.Side) throws {
        let campaign = Sample.campaign {
            $0.callsPerMinute = 20
            $0.maximumConcurrency = 3
        }
        let recipients = try Sample.recipients(6, of: campaign)
        var write = 1
        var unknowns = 0
        while true {
            let setup = Setup(
                campaign: campaign, recipients: recipients, store: kind, deaths: [(write, side)])
            let history = try play(setup)
            if history.crashes == 0 { break }
            #expect(history.end == .completed, "write \(write)")
            for recipient in history.recipients {
                let times = history.dialed.count { $0.request == recipient.number.e164 }
                #expect(times <= 1, "write \(write), row \(recipient.row)")
                // Unknown is only who may have been called; completed only who was.
                #expect(recipient.state == .unknown || (recipient.state == .completed && times == 1))
                #expect(recipient.attemptsUsed == 1)
            }
            #expect(history.attempts.allSatisfy { $0.state == .ended })
            unknowns += history.recipients.count { $0.state == .unknown }
            write += 1
        }
        #expect(write > 20)
        #expect(unknowns > 0)
    }

    // MARK: Chance

    @Test(
        "Whatever happens: rate, concurrency, hours, caps and lists hold, and everybody gets an outcome",
        arguments: UInt64(0)..<60)
    func chance(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed, label: "campaign")
        let setup = try Self.draw(&generator, seed: seed)
        let history = try play(setup, seed: seed)
        let settings = history.campaign.settings
        let clock = try #require(LocalClock(settings.timeZone))

        for process in history.processes {
            let starts = process.map(\.at)
            for (index, start) in starts.enumerated() {
                let window = starts[index...].prefix { start.duration(to: $0) < .seconds(60) }
                #expect(window.count <= settings.callsPerMinute)
                let inAir = process[...index].count {
                    ($0.endedAt ?? .init(nanosecondsSinceEpoch: .max)) > start
                }
                #expect(inAir <= settings.maximumConcurrency)
            }
        }
        for dialed in history.dialed {
            #expect(clock.isOpen(settings.callingHours, at: dialed.at))
            #expect(!setup.configuration.doNotCall.contains(try PhoneNumber(e164: dialed.request)))
        }
        for recipient in history.recipients {
            let calls = history.dialed.filter { $0.request == recipient.number.e164 }
            for (earlier, later) in zip(calls, calls.dropFirst()) {
                #expect(try #require(earlier.endedAt) <= later.at, "dialed twice at once")
            }
            #expect(recipient.attemptsUsed <= settings.retry.maximumAttempts)
            let attempts = history.attempts.filter { $0.recipient == recipient.id }
            #expect(Set(calls.map(\.id)).isSubset(of: Set(attempts.map(\.id))), "dialed without a record")
            let unknown = attempts.first { $0.outcome?.disposition == .unknown }
            if let unknown { #expect(attempts.last == unknown, "called again after an unknown end") }
            if history.end == .completed { #expect(recipient.state.isFinal) }
        }
        #expect(Set(history.dialed.map(\.id)).count == history.dialed.count, "an attempt id came twice")
        switch history.end {
        case .completed, .cancelled: break
        case .paused(let reason): #expect(reason.code != .requested)
        default: Issue.record("ended \(history.end)")
        }
    }

    @Test("One seed, one history", arguments: [UInt64(3), 17, 40])
    func deterministic(seed: UInt64) throws {
        func once() throws -> History {
            var generator = SeededGenerator(seed: seed, label: "campaign")
            return try play(try Self.draw(&generator, seed: seed), seed: seed)
        }
        let first = try once()
        let second = try once()
        #expect(first.dialed == second.dialed)
        #expect(first.attempts == second.attempts && first.recipients == second.recipients)
    }

    private static func draw(_ generator: inout SeededGenerator, seed: UInt64) throws -> Setup {
        var settings = CampaignSettings()
        settings.callsPerMinute = Int.random(in: 1...30, using: &generator)
        settings.maximumConcurrency = Int.random(in: 1...6, using: &generator)
        settings.retry.maximumAttempts = Int.random(in: 1...4, using: &generator)
        settings.retry.noAnswerDelay = .seconds(Int.random(in: 60...1_200, using: &generator))
        settings.timeZone =
            ["America/New_York", "Asia/Kolkata", "Europe/Berlin"].randomElement(using: &generator) ?? "UTC"
        if generator.chance(0.5) {
            let from = Int.random(in: 0...1_200, using: &generator)
            let window = CallingHours.Window(
                from: from, to: from + Int.random(in: 20...239, using: &generator))
            settings.callingHours = CallingHours(
                [try #require(window)], on: [.friday, .saturday, .sunday, .monday])
        }
        let campaign = Campaign(
            id: CampaignID("chance")!, name: "", createdAt: Sample.start, settings: settings)
        var setup = Setup(
            campaign: campaign,
            recipients: try Sample.recipients(Int.random(in: 1...25, using: &generator), of: campaign))
        setup.configuration.pollInterval = .seconds(10)
        setup.configuration.leaseDuration = .seconds(60)
        for recipient in setup.recipients where generator.chance(0.1) {
            setup.configuration.doNotCall.insert(recipient.number)
        }
        while generator.chance(0.5), setup.deaths.count < 4 {
            setup.deaths.append(
                (Int.random(in: 1...60, using: &generator), generator.chance(0.5) ? .before : .after))
        }
        var time: Int64 = 0
        while generator.chance(0.5), setup.wishes.count < 6 {
            time += Int64.random(in: 1...300, using: &generator)
            setup.wishes.append((time, .paused))
            time += Int64.random(in: 1...300, using: &generator)
            setup.wishes.append((time, .running))
        }
        if generator.chance(0.1) { setup.wishes.append((time + 60, .cancelled)) }
        let outcomes: [CallDisposition] = [
            .answered, .answered, .answered, .busy, .noAnswer, .declined, .badNumber, .trunkFault,
        ]
        setup.script = { request, before in
            // A stream of its own for each call: the order in which calls come does not change how they end.
            var chance = SeededGenerator(seed: seed, label: "\(request.to) \(before)")
            var script = ScriptedCallPlacing.Script.ending(
                outcomes.randomElement(using: &chance) ?? .answered)
            if script.disposition == .answered {
                script.answeredBy = chance.chance(0.3) ? .voicemail : .human
                script.status = chance.chance(0.8) ? .done : .interrupted
            }
            script.lasts = .milliseconds(Int.random(in: 50...90_000, using: &chance))
            if chance.chance(0.05) { script.lateError = CallError(.ended, "lost") }
            return script
        }
        return setup
    }
}
