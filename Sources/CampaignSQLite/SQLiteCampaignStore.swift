#if SQLite
    public import CampaignKit
    public import SansIO

    /// Campaigns in one SQLite file. Several processes may use the same file: one runs a campaign, others look, pause, resume, cancel.
    ///
    /// All work goes through the driver's blocking lane, one job after another, so that no loop ever waits for the disk.
    public final class SQLiteCampaignStore: CampaignStore {
        private let connection: SQLiteConnection
        private let driver: any Driver
        private let lane: String

        /// Opens the database, and creates it when there is no such file.
        ///
        /// - Parameters:
        ///   - path: On a local file system: write-ahead logs do not work over a network.
        ///   - busyTimeout: How long to wait for another process that writes, before ``CampaignStoreError/Code/locked``.
        ///   - maximumBytes: Size beyond which the database counts as ``CampaignStoreError/Code/full``; `nil` for the disk's.
        /// - Throws: ``CampaignStoreError`` with `cannotOpen`, `corrupt`, `newerSchema`, `locked`, `full` or `readOnly`.
        public static func open(
            _ path: String, driver: any Driver, busyTimeout: Duration = .seconds(5), maximumBytes: Int? = nil
        ) async throws(CampaignStoreError) -> SQLiteCampaignStore {
            let lane = "campaigns \(path)"
            let connection = try await blocking(driver, lane) { () throws(CampaignStoreError) in
                try SQLiteConnection(path: path, busyTimeout: busyTimeout, maximumBytes: maximumBytes)
            }
            return SQLiteCampaignStore(connection, driver: driver, lane: lane)
        }

        private init(_ connection: SQLiteConnection, driver: any Driver, lane: String) {
            self.connection = connection
            self.driver = driver
            self.lane = lane
        }

        public func create(_ campaign: Campaign, recipients: [Recipient]) async throws(CampaignStoreError) {
            try await write { database throws(CampaignStoreError) in
                try SQLiteRows.insert(campaign, into: database)
                let statement = try database.prepare(SQLiteRows.insertRecipient)
                for recipient in recipients { try statement.run(SQLiteRows.values(recipient)) }
            }
        }

        public func campaigns() async throws(CampaignStoreError) -> [Campaign] {
            try await read { database throws(CampaignStoreError) in
                let rows = try database.prepare(
                    "SELECT \(SQLiteRows.campaignColumns) FROM campaigns ORDER BY created_at, id")
                var campaigns: [Campaign] = []
                while try rows.step() { campaigns.append(try SQLiteRows.record(rows).campaign) }
                return campaigns
            }
        }

        public func campaign(_ id: CampaignID) async throws(CampaignStoreError) -> Campaign {
            try await read { database throws(CampaignStoreError) in
                try SQLiteRows.record(of: id, in: database).campaign
            }
        }

        public func recipients(of id: CampaignID) async throws(CampaignStoreError) -> [Recipient] {
            try await read { database throws(CampaignStoreError) in
                _ = try SQLiteRows.record(of: id, in: database)
                let rows = try database.prepare(
                    "SELECT \(SQLiteRows.recipientColumns) FROM recipients WHERE campaign = ? ORDER BY row")
                try rows.bind([.text(id.rawValue)])
                var recipients: [Recipient] = []
                while try rows.step() { recipients.append(try SQLiteRows.recipient(rows)) }
                return recipients
            }
        }

        public func attempts(of id: CampaignID) async throws(CampaignStoreError) -> [Attempt] {
            try await read { database throws(CampaignStoreError) in
                _ = try SQLiteRows.record(of: id, in: database)
                let rows = try database.prepare(
                    "SELECT \(SQLiteRows.attemptColumns) FROM attempts WHERE campaign = ? ORDER BY started_at, id"
                )
                try rows.bind([.text(id.rawValue)])
                var attempts: [Attempt] = []
                while try rows.step() { attempts.append(try SQLiteRows.attempt(rows)) }
                return attempts
            }
        }

        public func counts(of id: CampaignID) async throws(CampaignStoreError) -> CampaignCounts {
            try await read { database throws(CampaignStoreError) in
                _ = try SQLiteRows.record(of: id, in: database)
                let rows = try database.prepare(
                    "SELECT state, count(*) FROM recipients WHERE campaign = ? GROUP BY state")
                try rows.bind([.text(id.rawValue)])
                var counts = CampaignCounts()
                while try rows.step() {
                    let number = Int(rows.integer(1))
                    counts[try SQLiteRows.word(RecipientState.self, rows.text(0))] = number
                    counts.total += number
                }
                return counts
            }
        }

        public func setDesiredState(
            _ desired: DesiredCampaignState, of id: CampaignID, at now: WallClockInstant
        ) async throws(CampaignStoreError) {
            try await change(id) { record throws(CampaignStoreError) in try record.desire(desired, at: now) }
        }

        public func requeueUnknown(
            _ recipients: [RecipientID]?, of id: CampaignID, at now: WallClockInstant
        ) async throws(CampaignStoreError) -> [RecipientID] {
            try await write { database throws(CampaignStoreError) in
                var record = try SQLiteRows.record(of: id, in: database)
                let rows = try database.prepare(
                    "SELECT \(SQLiteRows.recipientColumns) FROM recipients WHERE campaign = ? AND state = ? ORDER BY row"
                )
                try rows.bind([.text(id.rawValue), .text(RecipientState.unknown.rawValue)])
                var unknown: [Recipient] = []
                while try rows.step() { unknown.append(try SQLiteRows.recipient(rows)) }
                let requeued = try record.requeue(recipients, of: unknown, at: now)
                try SQLiteRows.update(record, in: database)
                let statement = try database.prepare(SQLiteRows.updateRecipient)
                for recipient in requeued {
                    try statement.run(SQLiteRows.standing(recipient) + [.text(recipient.id.rawValue)])
                }
                return requeued.map(\.id)
            }
        }

        public func acquireLease(
            on id: CampaignID, owner: String, at now: WallClockInstant, for duration: Duration
        ) async throws(CampaignStoreError) -> LeaseResult {
            try await change(id) { record throws(CampaignStoreError) in
                record.acquire(owner: owner, at: now, for: duration)
            }
        }

        public func renew(
            _ lease: CampaignLease, at now: WallClockInstant, for duration: Duration
        ) async throws(CampaignStoreError) {
            try await change(lease.campaign) { record throws(CampaignStoreError) in
                try record.renew(lease, at: now, for: duration)
            }
        }

        public func release(_ lease: CampaignLease) async throws(CampaignStoreError) {
            try await change(lease.campaign) { record throws(CampaignStoreError) in record.release(lease) }
        }

        public func commit(_ change: CampaignChange, under lease: CampaignLease)
            async throws(CampaignStoreError)
        {
            try await write { database throws(CampaignStoreError) in
                var record = try SQLiteRows.record(of: lease.campaign, in: database)
                try record.check(lease)
                if let status = change.status {
                    record.apply(status)
                    try SQLiteRows.update(record, in: database)
                }
                if !change.recipients.isEmpty {
                    let statement = try database.prepare(SQLiteRows.updateRecipient)
                    for recipient in change.recipients {
                        try statement.run(SQLiteRows.standing(recipient) + [.text(recipient.id.rawValue)])
                    }
                }
                if !change.attempts.isEmpty {
                    let statement = try database.prepare(SQLiteRows.writeAttempt)
                    for attempt in change.attempts { try statement.run(SQLiteRows.values(attempt)) }
                }
            }
        }

        // MARK: Lane

        /// Changes one campaign's row.
        private func change<Value: Sendable>(
            _ id: CampaignID,
            _ body: @escaping @Sendable (inout CampaignRecord) throws(CampaignStoreError) -> Value
        ) async throws(CampaignStoreError) -> Value {
            try await write { database throws(CampaignStoreError) in
                var record = try SQLiteRows.record(of: id, in: database)
                let before = record
                let value = try body(&record)
                if record != before { try SQLiteRows.update(record, in: database) }
                return value
            }
        }

        private func write<Value: Sendable>(
            _ body: @escaping @Sendable (borrowing SQLiteDatabase) throws(CampaignStoreError) -> Value
        ) async throws(CampaignStoreError) -> Value {
            try await read { database throws(CampaignStoreError) in try database.transaction(body) }
        }

        private func read<Value: Sendable>(
            _ body: @escaping @Sendable (borrowing SQLiteDatabase) throws(CampaignStoreError) -> Value
        ) async throws(CampaignStoreError) -> Value {
            let connection = connection
            return try await Self.blocking(driver, lane) { () throws(CampaignStoreError) in
                try connection.use(body)
            }
        }

        private static func blocking<Value: Sendable>(
            _ driver: any Driver, _ lane: String,
            _ work: @escaping @Sendable () throws(CampaignStoreError) -> Value
        ) async throws(CampaignStoreError) -> Value {
            do {
                return try await driver.runBlocking(lane: lane) { try work() }
            } catch let error as CampaignStoreError {
                throw error
            } catch {
                throw CampaignStoreError(.internalFault, "the database work did not run: \(error)")
            }
        }
    }

    /// Shares one database among the jobs of one lane.
    private final class SQLiteConnection: @unchecked Sendable {
        // @unchecked: used by one lane, whose jobs run one after another; the handle itself is opened for any thread.
        private let database: SQLiteDatabase

        init(path: String, busyTimeout: Duration, maximumBytes: Int?) throws(CampaignStoreError) {
            database = try Self.open(path, busyTimeout, maximumBytes)
        }

        private static func open(_ path: String, _ busyTimeout: Duration, _ maximumBytes: Int?)
            throws(CampaignStoreError)
            -> SQLiteDatabase
        {
            let database = try SQLiteDatabase.open(path, busyTimeout: busyTimeout)
            try SQLiteSchema.prepare(database)
            if let maximumBytes { try database.limitSize(toBytes: maximumBytes) }
            return database
        }

        func use<Value>(_ body: (borrowing SQLiteDatabase) throws(CampaignStoreError) -> Value)
            throws(CampaignStoreError) -> Value
        { try body(database) }
    }
#endif
