#if SQLite
    import CSQLite
    import CampaignKit
    import CampaignSQLite
    import Foundation
    import SansIO
    import Telephony
    import Testing

    @Suite("SQLite store")
    struct SQLiteStoreTests {
        private let id = CampaignID("spring")!

        /// A connection of somebody else to the same file.
        private final class Stranger: @unchecked Sendable {
            private var handle: OpaquePointer?
            init(_ path: String) { sqlite3_open(path, &handle) }
            deinit { sqlite3_close(handle) }
            func execute(_ sql: String) -> Int32 { sqlite3_exec(handle, sql, nil, nil, nil) }
        }

        private func code(of error: any Error) -> CampaignStoreError.Code? {
            (error as? CampaignStoreError)?.code
        }

        @Test("Two processes on one file see what the other wrote")
        func shared() throws {
            let driver = VirtualDriver()
            let path = try TemporaryFile.path()
            try driver.run {
                let one = try await SQLiteCampaignStore.open(path, driver: driver)
                let two = try await SQLiteCampaignStore.open(path, driver: driver)
                let campaign = Sample.campaign()
                try await one.create(campaign, recipients: try Sample.recipients(3, of: campaign))
                #expect(try await two.recipients(of: id).count == 3)
                try await two.setDesiredState(.paused, of: id, at: Sample.start)
                #expect(try await one.campaign(id).desiredState == .paused)
            }
        }

        @Test("Recipients are found by their number through an index")
        func index() throws {
            let driver = VirtualDriver()
            let path = try TemporaryFile.path()
            _ = try driver.run { try await SQLiteCampaignStore.open(path, driver: driver) }
            let stranger = Stranger(path)
            #expect(
                stranger.execute(
                    "SELECT * FROM recipients INDEXED BY recipients_by_e164 WHERE e164 = '+15551234567'")
                    == SQLITE_OK)
        }

        @Test("A file that is damaged, another program's or newer is refused as what it is")
        func refused() throws {
            let driver = VirtualDriver()
            let garbage = try TemporaryFile.path()
            try Data("this is no database, but it is long enough to be one".utf8).write(
                to: URL(filePath: garbage))
            let foreign = try TemporaryFile.path()
            #expect(Stranger(foreign).execute("CREATE TABLE theirs (a)") == SQLITE_OK)
            let newer = try TemporaryFile.path()
            _ = try driver.run { try await SQLiteCampaignStore.open(newer, driver: driver) }
            #expect(Stranger(newer).execute("PRAGMA user_version = 2") == SQLITE_OK)
            for (path, expected) in [
                (garbage, CampaignStoreError.Code.corrupt), (foreign, .corrupt), (newer, .newerSchema),
                ("/nowhere/at/all.sqlite", .cannotOpen),
            ] {
                #expect {
                    _ = try driver.run { try await SQLiteCampaignStore.open(path, driver: driver) }
                } throws: {
                    code(of: $0) == expected
                }
            }
        }

        @Test("A value that cannot be read is reported as damage and never traps")
        func damagedValues() throws {
            let driver = VirtualDriver()
            let path = try TemporaryFile.path()
            let store = try driver.run {
                let store = try await SQLiteCampaignStore.open(path, driver: driver)
                let campaign = Sample.campaign()
                try await store.create(campaign, recipients: try Sample.recipients(1, of: campaign))
                return store
            }
            for change in ["state = 'asleep'", "e164 = '12'", "context = '{'"] {
                let stranger = Stranger(path)
                #expect(stranger.execute("SAVEPOINT a; UPDATE recipients SET \(change)") == SQLITE_OK)
                #expect(stranger.execute("RELEASE a") == SQLITE_OK)
                #expect { _ = try driver.run { try await store.recipients(of: id) } } throws: {
                    code(of: $0) == .corrupt
                }
                #expect(
                    stranger.execute(
                        "UPDATE recipients SET state='pending', e164='+15550000002', context='{}'")
                        == SQLITE_OK)
            }
        }

        @Test("A full disk is an error of its own, and nothing is written by half")
        func full() throws {
            let driver = VirtualDriver()
            let path = try TemporaryFile.path()
            try driver.run {
                let store = try await SQLiteCampaignStore.open(
                    path, driver: driver, maximumBytes: 128 * 1_024)
                let campaign = Sample.campaign()
                let recipients = try Sample.recipients(5_000, of: campaign)
                await #expect { try await store.create(campaign, recipients: recipients) } throws: {
                    code(of: $0) == .full
                }
                #expect(try await store.campaigns().isEmpty)
                try await store.create(campaign, recipients: Array(recipients.prefix(10)))
                #expect(try await store.counts(of: id).total == 10)
            }
        }

        /// Runs a campaign of ten and locks the database from outside `from` seconds after the start until `to`.
        private func runLocked(from: Double, to: Double?) throws -> (
            result: Result<CampaignEnd, any Error>, dialed: [ScriptedCallPlacing.Dialed],
            recipients: [Recipient],
            attempts: [Attempt]
        ) {
            let driver = VirtualDriver()
            let path = try TemporaryFile.path()
            let placing = ScriptedCallPlacing(driver: driver)
            let campaign = Sample.campaign {
                $0.callsPerMinute = 60
                $0.maximumConcurrency = 3
            }
            let recipients = try Sample.recipients(10, of: campaign)
            return try driver.run {
                let store = try await SQLiteCampaignStore.open(
                    path, driver: driver, busyTimeout: .milliseconds(1))
                try await store.create(campaign, recipients: recipients)
                let runner = CampaignRunner(
                    campaign: id, store: store, placing: placing, handler: NoHandler(), driver: driver)
                let stranger = Stranger(path)
                let result = await withTaskGroup(of: Result<CampaignEnd, any Error>?.self) { group in
                    group.addTask {
                        do { return .success(try await runner.run()) } catch { return .failure(error) }
                    }
                    group.addTask {
                        try? await driver.sleep(for: .milliseconds(Int64(from * 1_000)))
                        #expect(stranger.execute("BEGIN IMMEDIATE") == SQLITE_OK)
                        if let to {
                            try? await driver.sleep(for: .milliseconds(Int64((to - from) * 1_000)))
                            #expect(stranger.execute("ROLLBACK") == SQLITE_OK)
                        }
                        return nil
                    }
                    var result: Result<CampaignEnd, any Error>?
                    for await one in group { result = one ?? result }
                    return result
                }
                if to == nil { #expect(stranger.execute("ROLLBACK") == SQLITE_OK) }
                return (
                    try #require(result), placing.dialed, try await store.recipients(of: id),
                    try await store.attempts(of: id)
                )
            }
        }

        @Test("A lock that passes: no new call meanwhile, no outcome lost, then on to the end")
        func passingLock() throws {
            let (result, dialed, recipients, attempts) = try runLocked(from: 10, to: 24)
            #expect(try result.get() == .completed)
            #expect(recipients.allSatisfy { $0.state == .completed && $0.attemptsUsed == 1 })
            #expect(attempts.count == 10 && dialed.count == 10)
            let seconds = dialed.map { Sample.start.duration(to: $0.at).inSeconds }
            #expect(!seconds.contains { (10...24).contains($0) })
        }

        @Test(
            "A lock that stays: the calls in the air end, then the campaign stops, says why and hands over the outcomes"
        )
        func lastingLock() throws {
            let (result, dialed, recipients, attempts) = try runLocked(from: 10, to: nil)
            #expect(dialed.count == 3 && dialed.allSatisfy { $0.endedAt != nil })
            guard case .failure(let error) = result,
                case .store(let cause, let unwritten)? = error as? CampaignRunError
            else {
                Issue.record("\(result)")
                return
            }
            #expect(cause.code == .locked)
            #expect(unwritten.map(\.id.rawValue) == ["spring-2-1", "spring-3-1", "spring-4-1"])
            #expect(unwritten.allSatisfy { $0.outcome?.disposition == .answered })
            // On disk they are still dialing: the next run makes them unknown and calls nobody twice.
            #expect(attempts.allSatisfy { $0.state == .dialing })
            #expect(recipients.count { $0.state == .calling } == 3)
        }
    }
#endif
