import CampaignKit
import SansIO
import Telephony
import Testing

/// What the far end asks for is kept to, whatever happens: 200 campaigns of chance.
@Suite("Campaign rules over the outcome taxonomy")
struct OutcomeRulesSimulationTests {
    private typealias Dialed = ScriptedCallPlacing.Dialed

    private struct History: Sendable {
        var end: CampaignEnd
        var dialed: [Dialed]
        var recipients: [Recipient]
        var decisions: [CampaignDecision.Action]
    }

    private static let numbers = ["+15559990001", "+15559990002", "+15559990003"]

    /// Runs a campaign, stopping its process every `stopEvery` seconds and taking it up again.
    private func play(
        _ campaign: Campaign, _ recipients: [Recipient], seed: UInt64, numbers: [String] = numbers,
        stopEvery: Int64 = 0,
        script: @escaping @Sendable (CallRequest, Int) -> ScriptedCallPlacing.Script
    ) throws -> History {
        let driver = VirtualDriver(seed: seed)
        return try driver.run {
            let store = InMemoryCampaignStore()
            try await store.create(campaign, recipients: recipients)
            let placing = ScriptedCallPlacing(driver: driver, numbers: numbers, script)
            var decisions: [CampaignDecision.Action] = []
            while true {
                var configuration = CampaignRunner.Configuration()
                configuration.pollInterval = .seconds(30)
                let runner = CampaignRunner(
                    campaign: campaign.id, store: store, placing: placing, handler: NoHandler(),
                    driver: driver,
                    configuration: configuration)
                let progress = runner.progress()
                let end = try await withThrowingTaskGroup(of: CampaignEnd?.self) { group in
                    group.addTask { try await runner.run() }
                    if stopEvery > 0 {
                        group.addTask {
                            try? await driver.sleep(for: .seconds(stopEvery))
                            runner.stop()
                            return nil
                        }
                    }
                    var end: CampaignEnd?
                    while let next = try await group.next() {
                        if let next {
                            end = next
                            group.cancelAll()
                        }
                    }
                    return end
                }
                for await step in progress {
                    if case .decided(let decision) = step.kind { decisions.append(decision.action) }
                }
                guard let end, end != .stopped else { continue }
                return History(
                    end: end, dialed: placing.dialed, recipients: try await store.recipients(of: campaign.id),
                    decisions: decisions)
            }
        }
    }

    private static let kinds: [(CallDisposition, CallCause)] = [
        (.answered, CallCause(sipStatus: 200)), (.answered, CallCause(sipStatus: 200)),
        (.busy, CallCause(sipStatus: 486)), (.busy, CallCause(sipStatus: 486, retryAfterSeconds: 900)),
        (.noAnswer, CallCause(sipStatus: 480, retryAfterSeconds: 4_000)),
        (.declined, CallCause(sipStatus: 603)),
        (.badNumber, CallCause(sipStatus: 404)), (.dropped, CallCause(sipStatus: 481)),
        (.trunkFault, CallCause(sipStatus: 503, retryAfterSeconds: 240)),
        (.trunkFault, CallCause(sipStatus: 429)),
        (.trunkFault, CallCause(sipStatus: 502)), (.mediaRefused, CallCause(sipStatus: 488)),
    ]

    @Test(
        "Nobody is called before Retry-After is over, a blocked number rests, the budget is one for all causes",
        arguments: UInt64(0)..<200)
    func chance(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed, label: "taxonomy")
        let campaign = Sample.campaign("taxonomy") { settings in
            settings.callsPerMinute = Int.random(in: 5...60, using: &generator)
            settings.maximumConcurrency = Int.random(in: 1...6, using: &generator)
            settings.retry.maximumAttempts = Int.random(in: 1...4, using: &generator)
            settings.retry.blockedCallerRest = .seconds(Int.random(in: 600...7_200, using: &generator))
            settings.retry.noAnswerDelay = .seconds(Int.random(in: 60...1_200, using: &generator))
            settings.retry.trunkFaultsBeforePause = 100
            if generator.chance(0.2) { settings.from = Self.numbers[0] }
        }
        let recipients = try Sample.recipients(Int.random(in: 3...25, using: &generator), of: campaign)
        let blocks = generator.chance(0.5) ? 0.08 : 0
        let history = try play(
            campaign, recipients, seed: seed,
            stopEvery: generator.chance(0.5) ? Int64.random(in: 60...2_000, using: &generator) : 0
        ) { request, before in
            var chance = SeededGenerator(seed: seed, label: "\(request.to) \(before)")
            let (disposition, cause) =
                chance.chance(blocks)
                ? (CallDisposition.blocked, CallCause(sipStatus: 603, text: "Network Blocked"))
                : Self.kinds.randomElement(using: &chance) ?? (.answered, CallCause())
            var script = ScriptedCallPlacing.Script.ending(disposition)
            script.cause = cause
            script.answeredBy = .human
            script.lasts = .milliseconds(Int.random(in: 50...40_000, using: &chance))
            return script
        }
        check(history, of: campaign)
        switch history.end {
        case .completed: #expect(history.recipients.allSatisfy { $0.state.isFinal })
        case .paused(let reason):
            #expect(reason.code == .callerBlocked, "\(reason)")
            #expect(history.dialed.contains { $0.outcome?.disposition == .blocked })
        default: Issue.record("ended \(history.end)")
        }
    }

    private func check(_ history: History, of campaign: Campaign) {
        let policy = campaign.settings.retry
        for (index, earlier) in history.dialed.enumerated() {
            guard let outcome = earlier.outcome, let end = earlier.endedAt else { continue }
            let later = history.dialed[(index + 1)...].filter { $0.at > end }
            let same = later.filter { $0.request == earlier.request }
            if let wait = outcome.carrierWait {
                let until = end.advanced(by: .seconds(wait))
                #expect(later.allSatisfy { $0.at >= until }, "a call before the trunk's Retry-After was over")
            }
            if let wait = outcome.cause.retryAfterSeconds {
                let until = end.advanced(by: .seconds(wait))
                #expect(same.allSatisfy { $0.at >= until }, "redialled before Retry-After")
            }
            switch outcome.disposition {
            case .blocked:
                let until = end.advanced(by: policy.blockedCallerRest)
                #expect(
                    later.allSatisfy { $0.from != earlier.from || $0.at >= until },
                    "a blocked number was used")
                #expect(same.isEmpty, "called again after a block")
            case .badNumber, .declined, .mediaRefused, .unknown: #expect(same.isEmpty)
            default: break
            }
        }
        for recipient in history.recipients {
            let spent = history.dialed.filter {
                $0.request == recipient.number.e164 && $0.outcome?.disposition != .trunkFault
            }
            #expect(spent.count <= policy.maximumAttempts)
            #expect(recipient.attemptsUsed == spent.count)
        }
    }

    @Test("A block rests the number with an event, and calls go on from the others")
    func blockedNumber() throws {
        let campaign = Sample.campaign("blocked") { $0.callsPerMinute = 10 }
        let history = try play(campaign, try Sample.recipients(7, of: campaign), seed: 1) { request, _ in
            var script = ScriptedCallPlacing.Script()
            if request.to == Sample.number(2) { script = .ending(.blocked) }
            return script
        }
        #expect(history.end == .completed)
        let first = try #require(history.dialed.first?.from)
        let rest = history.decisions.compactMap { action -> String? in
            if case .callerRests(let number, _) = action { number } else { nil }
        }
        #expect(rest == [first])
        let end = try #require(history.dialed.first?.endedAt)
        #expect(history.dialed.filter { $0.at > end }.allSatisfy { $0.from != first })
        #expect(Set(history.dialed.compactMap(\.from)).count == 3)
    }

    @Test("A block of the only number pauses the campaign and says so; a person's resume tries it again")
    func onlyNumber() throws {
        for own in [true, false] {
            let campaign = Sample.campaign("blocked") { $0.from = own ? Self.numbers[0] : nil }
            let history = try play(
                campaign, try Sample.recipients(3, of: campaign), seed: 1, numbers: [Self.numbers[0]]
            ) { _, _ in .ending(.blocked) }
            guard case .paused(let reason) = history.end else {
                Issue.record("ended \(history.end)")
                return
            }
            #expect(reason.code == .callerBlocked)
            #expect(history.dialed.count <= 2, "one more can be in the air when the block is heard of")
        }
    }

    @Test("Five people in a row whom the trunk does not let us call pause the campaign; one alone does not")
    func forbidden() throws {
        func history(of forbidden: Set<String>) throws -> History {
            let campaign = Sample.campaign("forbidden")
            return try play(campaign, try Sample.recipients(7, of: campaign), seed: 1) { request, _ in
                guard forbidden.contains(request.to) else { return .init() }
                var script = ScriptedCallPlacing.Script.ending(.forbidden)
                script.cause = CallCause(sipStatus: 403, text: "Forbidden")
                script.lasts = .seconds(1)
                return script
            }
        }
        let all = try history(of: Set((2..<9).map(Sample.number)))
        #expect(all.end == .paused(PauseReason(.forbidden, "the trunk does not allow it (403 Forbidden)")))
        #expect(Set(all.dialed.map(\.request)).count == 5)
        #expect(all.recipients.allSatisfy { $0.attemptsUsed == 0 })

        let one = try history(of: [Sample.number(3)])
        #expect(one.end == .completed)
        #expect(one.recipients.map(\.state).filter { $0 == .completed }.count == 6)
        #expect(one.recipients[1].state == .failed, "given up in the end")
    }

    @Test("Refused credentials pause the campaign at the first call and cost nobody an attempt")
    func credentialsRefused() throws {
        let campaign = Sample.campaign("forbidden")
        let history = try play(campaign, try Sample.recipients(3, of: campaign), seed: 1) { _, _ in
            var script = ScriptedCallPlacing.Script.ending(.forbidden)
            script.cause = CallCause(sipStatus: 407, text: "no")
            script.lasts = .seconds(1)
            return script
        }
        #expect(history.end == .paused(PauseReason(.forbidden, "the trunk does not allow it (407 no)")))
        #expect(history.dialed.count == 1)
        #expect(history.recipients.map(\.attemptsUsed) == [0, 0, 0])
    }

    @Test("While no trunk can be used nobody is called, and nobody loses an attempt")
    func noTrunk() throws {
        let campaign = Sample.campaign("resting") {
            $0.callsPerMinute = 60
            $0.retry.trunkFaultsBeforePause = 1
        }
        let history = try play(campaign, try Sample.recipients(4, of: campaign), seed: 1) { request, before in
            guard before == 0, request.to == Sample.number(2) else { return .init() }
            var script = ScriptedCallPlacing.Script.ending(.noTrunk)
            script.cause = CallCause(text: "it rests", retryAfterSeconds: 120)
            script.lasts = .zero
            return script
        }
        #expect(history.end == .completed)
        let end = try #require(history.dialed.first?.endedAt)
        #expect(history.dialed.filter { $0.at > end }.allSatisfy { $0.at >= end.advanced(by: .seconds(120)) })
        #expect(history.recipients.allSatisfy { $0.attemptsUsed == 1 && $0.trunkFaults == 0 })
    }

    @Test("A carrier's limit is told once with its end, and does not count as a fault")
    func carrierLimit() throws {
        let campaign = Sample.campaign("limit") {
            $0.callsPerMinute = 60
            $0.retry.trunkFaultsBeforePause = 1
        }
        let history = try play(campaign, try Sample.recipients(4, of: campaign), seed: 1) { request, before in
            guard before == 0 else { return .init() }
            var script = ScriptedCallPlacing.Script.ending(.trunkFault)
            script.cause = CallCause(sipStatus: 503, retryAfterSeconds: 120)
            script.lasts = .milliseconds(100)
            return script
        }
        #expect(history.end == .completed)
        let held = history.decisions.compactMap { action -> WallClockInstant? in
            if case .heldBack(let until) = action { until } else { nil }
        }
        #expect(!held.isEmpty && held == held.sorted())
        #expect(history.recipients.allSatisfy { $0.attemptsUsed == 1 && $0.trunkFaults == 1 })
        check(history, of: campaign)
    }
}
