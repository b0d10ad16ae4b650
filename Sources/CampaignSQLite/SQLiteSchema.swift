#if SQLite
    internal import CampaignKit
    /// The tables, and which version of them a file has.
    enum SQLiteSchema {
        /// `PRAGMA application_id`: says that a file is ours ("OUTD").
        static let applicationID: Int64 = 0x4F55_5444
        /// `PRAGMA user_version`.
        static let version: Int64 = 1

        private static let tables = """
            CREATE TABLE campaigns (
                id TEXT PRIMARY KEY,
                created_at INTEGER NOT NULL,
                state TEXT NOT NULL,
                desired_state TEXT NOT NULL,
                body TEXT NOT NULL,
                fence INTEGER NOT NULL DEFAULT 0,
                lease_owner TEXT,
                lease_expires_at INTEGER NOT NULL DEFAULT 0
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE recipients (
                id TEXT PRIMARY KEY,
                campaign TEXT NOT NULL REFERENCES campaigns(id) ON DELETE CASCADE,
                row INTEGER NOT NULL,
                e164 TEXT NOT NULL,
                time_zone TEXT,
                context TEXT NOT NULL,
                state TEXT NOT NULL,
                attempts_used INTEGER NOT NULL,
                attempts_started INTEGER NOT NULL,
                busy_count INTEGER NOT NULL,
                trunk_faults INTEGER NOT NULL,
                next_attempt_at INTEGER,
                reason TEXT NOT NULL,
                UNIQUE (campaign, row)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX recipients_by_e164 ON recipients(e164);
            CREATE INDEX recipients_by_state ON recipients(campaign, state);
            CREATE TABLE attempts (
                id TEXT PRIMARY KEY,
                campaign TEXT NOT NULL REFERENCES campaigns(id) ON DELETE CASCADE,
                recipient TEXT NOT NULL REFERENCES recipients(id) ON DELETE CASCADE,
                sequence INTEGER NOT NULL,
                sip_call_id TEXT NOT NULL,
                state TEXT NOT NULL,
                started_at INTEGER NOT NULL,
                ended_at INTEGER,
                outcome TEXT
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX attempts_by_campaign ON attempts(campaign, started_at);
            CREATE INDEX attempts_by_recipient ON attempts(recipient);
            """

        /// Creates the tables in a new file, and refuses one that is not ours or is newer than we are.
        static func prepare(_ database: borrowing SQLiteDatabase) throws(CampaignStoreError) {
            if try isCurrent(database) { return }
            // Two processes may create the file at once: the second finds it done.
            try database.transaction { database throws(CampaignStoreError) in
                if try isCurrent(database) { return }
                try database.execute(tables)
                try database.execute("PRAGMA application_id = \(applicationID)")
                try database.execute("PRAGMA user_version = \(version)")
            }
        }

        /// - Returns: False for a new, empty file.
        private static func isCurrent(_ database: borrowing SQLiteDatabase) throws(CampaignStoreError) -> Bool
        {
            let found = try number("PRAGMA user_version", in: database)
            let owner = try number("PRAGMA application_id", in: database)
            let tables = try number("SELECT count(*) FROM sqlite_schema", in: database)
            if found == 0, owner == 0, tables == 0 { return false }
            guard owner == applicationID else {
                throw CampaignStoreError(.corrupt, "the file is a database of another program")
            }
            guard found <= version else {
                throw CampaignStoreError(
                    .newerSchema,
                    "the campaign database has schema \(found), this program knows up to \(version): update it"
                )
            }
            return true
        }

        private static func number(_ sql: String, in database: borrowing SQLiteDatabase)
            throws(CampaignStoreError)
            -> Int64
        {
            let statement = try database.prepare(sql)
            return try statement.step() ? statement.integer(0) : 0
        }
    }
#endif
