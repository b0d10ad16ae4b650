import CampaignKit
import CampaignSQLite
import Foundation
import SansIO
import Telephony
import Testing

/// The stores that must behave alike.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible {
    case memory
    #if SQLite
        case sqlite
    #endif

    var testDescription: String { rawValue }

    func make(_ driver: VirtualDriver) async throws -> any CampaignStore {
        switch self {
        case .memory: return InMemoryCampaignStore()
        #if SQLite
            case .sqlite: return try await SQLiteCampaignStore.open(TemporaryFile.path(), driver: driver)
        #endif
        }
    }
}

enum TemporaryFile {
    static func path() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "outdial-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.appending(path: "campaigns.sqlite").path
    }
}

@Suite("Every campaign store keeps the same promises")
struct StoreConformanceTests {
    private let id = CampaignID("spring")!
    private let now = Sample.start

    private func with(_ kind: StoreKind, _ body: @escaping @Sendable (any CampaignStore) async throws -> Void)
        throws
    {
        let driver = VirtualDriver()
        try driver.run { try await body(kind.make(driver)) }
    }

    private func lease(
        _ store: any CampaignStore, at now: WallClockInstant = Sample.start, owner: String = "a"
    )
        async throws -> CampaignLease
    {
        let result = try await store.acquireLease(on: id, owner: owner, at: now, for: .seconds(10))
        guard case .acquired(let lease) = result else {
            throw CampaignStoreError(.internalFault, "\(result)")
        }
        return lease
    }

    private static func fullCampaign() throws -> (Campaign, [Recipient]) {
        var campaign = Sample.campaign { settings in
            settings.callingHours = CallingHours([.init("09:00-17:00")!], on: [.monday])
            settings.ringTimeout = .seconds(25)
            settings.recording = .stereoWAV(directory: "calls")
            settings.retry.busyDelay = .milliseconds(1_500)
        }
        var report = ImportReport()
        report.rejected = [.init(row: 9, column: "phone", reason: .invalidNumber, detail: "no digits")]
        campaign.importReport = report
        var recipients = try Sample.recipients(3, of: campaign)
        recipients[1].timeZone = "Europe/Berlin"
        recipients[1].context = ["name": "Zoë \"Z\" O'Neil\n", "🙂": ""]
        return (campaign, recipients)
    }

    @Test("What is stored comes back as it was", arguments: StoreKind.allCases)
    func roundTrip(kind: StoreKind) throws {
        try with(kind) { store in
            let (campaign, recipients) = try Self.fullCampaign()
            try await store.create(campaign, recipients: recipients.reversed())
            #expect(try await store.campaign(id) == campaign)
            #expect(try await store.recipients(of: id) == recipients)
            #expect(try await store.attempts(of: id).isEmpty)
            #expect(try await store.counts(of: id).pending == 3)
            #expect(try await store.counts(of: id).total == 3)
        }
    }

    @Test(
        "Campaigns are listed by creation; names that are taken or unknown are errors",
        arguments: StoreKind.allCases)
    func list(kind: StoreKind) throws {
        try with(kind) { store in
            var late = Sample.campaign("a")
            late.createdAt = now.advanced(by: .seconds(1))
            let early = Sample.campaign("b")
            try await store.create(late, recipients: [])
            try await store.create(early, recipients: [])
            #expect(try await store.campaigns().map(\.id.rawValue) == ["b", "a"])
            await #expect { try await store.create(early, recipients: []) } throws: {
                code($0) == .alreadyExists
            }
            await #expect { try await store.campaign(id) } throws: { code($0) == .notFound }
            await #expect { try await store.recipients(of: id) } throws: { code($0) == .notFound }
            await #expect { try await store.counts(of: id) } throws: { code($0) == .notFound }
            await #expect { try await store.setDesiredState(.paused, of: id, at: now) } throws: {
                code($0) == .notFound
            }
        }
    }

    @Test("A campaign whose recipients clash is not created by half", arguments: StoreKind.allCases)
    func atomicCreation(kind: StoreKind) throws {
        try with(kind) { store in
            let campaign = Sample.campaign()
            let recipients = try Sample.recipients(2, of: campaign)
            await #expect {
                try await store.create(campaign, recipients: recipients + [recipients[0]])
            } throws: {
                code($0) == .alreadyExists
            }
            #expect(try await store.campaigns().isEmpty)
        }
    }

    @Test(
        "A change is written as a whole, and an attempt that has ended stays ended",
        arguments: StoreKind.allCases)
    func commit(kind: StoreKind) throws {
        try with(kind) { store in
            let campaign = Sample.campaign()
            var recipients = try Sample.recipients(2, of: campaign)
            try await store.create(campaign, recipients: recipients)
            let lease = try await lease(store)
            recipients[0].state = .calling
            recipients[0].attemptsStarted = 1
            var attempt = Attempt(
                id: CallID("spring-2-1"), campaign: id, recipient: recipients[0].id, sequence: 1,
                sipCallID: "abc@x",
                startedAt: now)
            try await store.commit(
                CampaignChange(
                    status: CampaignStatus(.running), recipients: [recipients[0]], attempts: [attempt]),
                under: lease)
            #expect(try await store.campaign(id).state == .running)
            #expect(try await store.recipients(of: id) == recipients)
            #expect(try await store.attempts(of: id) == [attempt])

            let dialing = attempt
            recipients[0].state = .pending
            recipients[0].attemptsUsed = 1
            recipients[0].busyCount = 1
            recipients[0].trunkFaults = 2
            recipients[0].nextAttemptAt = now.advanced(by: .seconds(300))
            recipients[0].reason = "busy"
            attempt.state = .ended
            attempt.endedAt = now.advanced(by: .nanoseconds(1))
            attempt.outcome = CallOutcome(
                id: attempt.id, disposition: .busy,
                cause: CallCause(sipStatus: 486, q850: 17, text: "Busy Here"),
                endedBy: .callee, agentResult: AgentResult(status: .interrupted, data: ["k": "v"]),
                timings: CallTimings(dialed: now))
            try await store.commit(
                CampaignChange(recipients: [recipients[0]], attempts: [attempt]), under: lease)
            try await store.commit(CampaignChange(attempts: [dialing]), under: lease)
            #expect(try await store.recipients(of: id) == recipients)
            #expect(try await store.attempts(of: id) == [attempt])
        }
    }

    @Test(
        "One lease at a time; it expires, is renewed, given back, and each has a higher fence",
        arguments: StoreKind.allCases)
    func leases(kind: StoreKind) throws {
        try with(kind) { store in
            try await store.create(Sample.campaign(), recipients: [])
            let first = try await lease(store)
            let held = try await store.acquireLease(
                on: id, owner: "b", at: now.advanced(by: .seconds(9)), for: .seconds(10))
            #expect(held == .held(by: "a", until: now.advanced(by: .seconds(10))))
            try await store.renew(first, at: now.advanced(by: .seconds(9)), for: .seconds(10))
            let stillHeld = try await store.acquireLease(
                on: id, owner: "b", at: now.advanced(by: .seconds(18)), for: .seconds(10))
            #expect(stillHeld == .held(by: "a", until: now.advanced(by: .seconds(19))))

            let second = try await lease(store, at: now.advanced(by: .seconds(19)), owner: "b")
            #expect(second.fence > first.fence)
            await #expect { try await store.renew(first, at: now, for: .seconds(10)) } throws: {
                code($0) == .leaseLost
            }
            await #expect {
                try await store.commit(CampaignChange(status: CampaignStatus(.completed)), under: first)
            } throws: { code($0) == .leaseLost }
            #expect(try await store.campaign(id).state == .pending)
            try await store.release(first)
            let other = try await store.acquireLease(
                on: id, owner: "c", at: now.advanced(by: .seconds(20)), for: .seconds(10))
            #expect(other == .held(by: "b", until: now.advanced(by: .seconds(29))))
            try await store.release(second)
            let third = try await lease(store, at: now.advanced(by: .seconds(20)), owner: "c")
            #expect(third.fence > second.fence)
        }
    }

    @Test("A wish waits for the runner; without one the state follows at once", arguments: StoreKind.allCases)
    func wishes(kind: StoreKind) throws {
        try with(kind) { store in
            try await store.create(Sample.campaign(), recipients: [])
            try await store.setDesiredState(.paused, of: id, at: now)
            #expect(try await store.campaign(id).state == .paused)
            try await store.setDesiredState(.running, of: id, at: now)
            #expect(try await store.campaign(id).state == .pending)

            let lease = try await lease(store)
            try await store.commit(CampaignChange(status: CampaignStatus(.running)), under: lease)
            try await store.setDesiredState(.paused, of: id, at: now)
            #expect(try await store.campaign(id).state == .running)
            #expect(try await store.campaign(id).desiredState == .paused)
            // The runner knows nothing of it yet: what it writes does not undo the wish.
            try await store.commit(CampaignChange(status: CampaignStatus(.running)), under: lease)
            #expect(try await store.campaign(id).desiredState == .paused)

            try await store.setDesiredState(.cancelled, of: id, at: now)
            let fault = CampaignStatus(.paused, pauseReason: PauseReason(.trunkFault, "x"))
            try await store.commit(CampaignChange(status: fault), under: lease)
            #expect(try await store.campaign(id).desiredState == .cancelled)
            try await store.release(lease)
            try await store.setDesiredState(.cancelled, of: id, at: now)
            #expect(try await store.campaign(id).state == .cancelled)
            await #expect { try await store.setDesiredState(.running, of: id, at: now) } throws: {
                code($0) == .finished
            }
        }
    }

    @Test(
        "Recipients of unknown end are queued again by a person, and nobody else is",
        arguments: StoreKind.allCases)
    func requeue(kind: StoreKind) throws {
        try with(kind) { store in
            let campaign = Sample.campaign()
            var recipients = try Sample.recipients(4, of: campaign)
            for (slot, state) in [RecipientState.unknown, .completed, .unknown, .failed].enumerated() {
                recipients[slot].state = state
                recipients[slot].attemptsUsed = 1
                recipients[slot].attemptsStarted = 1
                recipients[slot].reason = "x"
            }
            try await store.create(campaign, recipients: recipients)
            let lease = try await lease(store)
            try await store.commit(
                CampaignChange(status: CampaignStatus(.completed), recipients: recipients), under: lease)
            await #expect { try await store.requeueUnknown(nil, of: id, at: now) } throws: {
                code($0) == .inUse
            }
            try await store.release(lease)
            for wrong in [recipients[1].id, RecipientID("nobody")] {
                await #expect {
                    try await store.requeueUnknown([recipients[0].id, wrong], of: id, at: now)
                } throws: { code($0) == .notFound }
            }
            #expect(try await store.recipients(of: id) == recipients, "half a list changes nothing")
            #expect(try await store.campaign(id).state == .completed)

            #expect(
                try await store.requeueUnknown([recipients[2].id], of: id, at: now) == [recipients[2].id])
            let after = try await store.recipients(of: id)
            #expect(after.map(\.state) == [.unknown, .completed, .pending, .failed])
            #expect(after[2].attemptsUsed == 1 && after[2].reason == "queued again by a person")
            #expect(try await store.campaign(id).state == .pending)
            #expect(try await store.requeueUnknown(nil, of: id, at: now) == [recipients[0].id])
            #expect(try await store.requeueUnknown(nil, of: id, at: now).isEmpty)

            try await store.setDesiredState(.cancelled, of: id, at: now)
            await #expect { try await store.requeueUnknown(nil, of: id, at: now) } throws: {
                code($0) == .finished
            }
        }
    }

    @Test("A pause over a fault is also the wish from then on", arguments: StoreKind.allCases)
    func faultPause(kind: StoreKind) throws {
        try with(kind) { store in
            try await store.create(Sample.campaign(), recipients: [])
            let lease = try await lease(store)
            let reason = PauseReason(.agentNotReady, "no model")
            try await store.commit(
                CampaignChange(status: CampaignStatus(.paused, pauseReason: reason)), under: lease)
            let campaign = try await store.campaign(id)
            #expect(campaign.desiredState == .paused && campaign.pauseReason == reason)
        }
    }

    @Test("A whole campaign runs the same on every store", arguments: StoreKind.allCases)
    func campaign(kind: StoreKind) throws {
        let driver = VirtualDriver()
        let placing = ScriptedCallPlacing(driver: driver) { request, before in
            request.to == Sample.number(3) && before == 0 ? .ending(.busy) : .init()
        }
        try driver.run {
            let store = try await kind.make(driver)
            let campaign = Sample.campaign()
            try await store.create(campaign, recipients: try Sample.recipients(5, of: campaign))
            let runner = CampaignRunner(
                campaign: id, store: store, placing: placing, handler: NoHandler(), driver: driver)
            #expect(try await runner.run() == .completed)
            #expect(try await store.counts(of: id).completed == 5)
            #expect(try await store.attempts(of: id).count == 6)
            #expect(try await store.campaign(id).state == .completed)
        }
        #expect(placing.dialed.map { $0.request.suffix(1) } == ["2", "3", "4", "5", "6", "3"])
    }
}

private func code(_ error: any Error) -> CampaignStoreError.Code? { (error as? CampaignStoreError)?.code }
