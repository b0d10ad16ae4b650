#if SQLite
    private import Foundation
    internal import CampaignKit
    internal import SansIO
    internal import Telephony

    /// How campaigns, recipients and attempts lie in the tables.
    enum SQLiteRows {
        // MARK: Campaigns

        static let campaignColumns =
            "body, state, desired_state, fence, lease_owner, lease_expires_at"

        static func record(_ row: borrowing SQLiteStatement) throws(CampaignStoreError) -> CampaignRecord {
            var campaign = try decode(Campaign.self, row.text(0))
            campaign.state = try word(CampaignState.self, row.text(1))
            campaign.desiredState = try word(DesiredCampaignState.self, row.text(2))
            var record = CampaignRecord(campaign)
            record.fence = row.integer(3)
            record.leaseOwner = row.text(4)
            record.leaseExpiresAt = WallClockInstant(nanosecondsSinceEpoch: row.integer(5))
            return record
        }

        static func record(of id: CampaignID, in database: borrowing SQLiteDatabase)
            throws(CampaignStoreError)
            -> CampaignRecord
        {
            let row = try database.prepare("SELECT \(campaignColumns) FROM campaigns WHERE id = ?")
            try row.bind([.text(id.rawValue)])
            guard try row.step() else { throw CampaignStoreError(.notFound, "there is no such campaign") }
            return try record(row)
        }

        static func insert(_ campaign: Campaign, into database: borrowing SQLiteDatabase)
            throws(CampaignStoreError)
        {
            let statement = try database.prepare(
                "INSERT INTO campaigns (id, created_at, state, desired_state, body) VALUES (?, ?, ?, ?, ?)")
            try statement.run([
                .text(campaign.id.rawValue), .init(campaign.createdAt), .text(campaign.state.rawValue),
                .text(campaign.desiredState.rawValue), .text(try encode(campaign)),
            ])
        }

        static func update(_ record: CampaignRecord, in database: borrowing SQLiteDatabase)
            throws(CampaignStoreError)
        {
            let statement = try database.prepare(
                """
                UPDATE campaigns SET body = ?, state = ?, desired_state = ?, fence = ?, lease_owner = ?, lease_expires_at = ?
                WHERE id = ?
                """)
            try statement.run([
                .text(try encode(record.campaign)), .text(record.campaign.state.rawValue),
                .text(record.campaign.desiredState.rawValue), .integer(record.fence),
                .init(record.leaseOwner),
                .init(record.leaseExpiresAt), .text(record.campaign.id.rawValue),
            ])
        }

        // MARK: Recipients

        static let recipientColumns =
            """
            id, campaign, row, e164, time_zone, context, state, attempts_used, attempts_started, busy_count, trunk_faults, \
            next_attempt_at, reason
            """

        static func recipient(_ row: borrowing SQLiteStatement) throws(CampaignStoreError) -> Recipient {
            guard let campaign = CampaignID(row.text(1) ?? ""),
                let number = try? PhoneNumber(e164: row.text(3) ?? "")
            else { throw Self.damaged }
            var recipient = Recipient(
                campaign: campaign, row: Int(row.integer(2)), number: number, timeZone: row.text(4),
                context: try decode([String: String].self, row.text(5)))
            recipient.id = RecipientID(row.text(0) ?? "")
            recipient.state = try word(RecipientState.self, row.text(6))
            recipient.attemptsUsed = Int(row.integer(7))
            recipient.attemptsStarted = Int(row.integer(8))
            recipient.busyCount = Int(row.integer(9))
            recipient.trunkFaults = Int(row.integer(10))
            recipient.nextAttemptAt = row.instant(11)
            recipient.reason = row.text(12) ?? ""
            return recipient
        }

        static let insertRecipient =
            "INSERT INTO recipients (\(recipientColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

        static func values(_ recipient: Recipient) throws(CampaignStoreError) -> [SQLiteStatement.Value] {
            [
                .text(recipient.id.rawValue), .text(recipient.campaign.rawValue), .init(recipient.row),
                .text(recipient.number.e164), .init(recipient.timeZone), .text(try encode(recipient.context)),
            ] + standing(recipient)
        }

        /// Number, time zone and context never change.
        static let updateRecipient =
            """
            UPDATE recipients SET state = ?, attempts_used = ?, attempts_started = ?, busy_count = ?, trunk_faults = ?, \
            next_attempt_at = ?, reason = ? WHERE id = ?
            """

        static func standing(_ recipient: Recipient) -> [SQLiteStatement.Value] {
            [
                .text(recipient.state.rawValue), .init(recipient.attemptsUsed),
                .init(recipient.attemptsStarted),
                .init(recipient.busyCount), .init(recipient.trunkFaults), .init(recipient.nextAttemptAt),
                .text(recipient.reason),
            ]
        }

        // MARK: Attempts

        static let attemptColumns =
            "id, campaign, recipient, sequence, sip_call_id, state, started_at, ended_at, outcome"

        static func attempt(_ row: borrowing SQLiteStatement) throws(CampaignStoreError) -> Attempt {
            guard let campaign = CampaignID(row.text(1) ?? ""), let started = row.instant(6) else {
                throw Self.damaged
            }
            var attempt = Attempt(
                id: CallID(row.text(0) ?? ""), campaign: campaign, recipient: RecipientID(row.text(2) ?? ""),
                sequence: Int(row.integer(3)), sipCallID: row.text(4) ?? "", startedAt: started)
            attempt.state = try word(Attempt.State.self, row.text(5))
            attempt.endedAt = row.instant(7)
            if let outcome = row.text(8) { attempt.outcome = try decode(CallOutcome.self, outcome) }
            return attempt
        }

        /// What has ended stays ended.
        static let writeAttempt =
            """
            INSERT INTO attempts (\(attemptColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended_at = excluded.ended_at, outcome = excluded.outcome
            WHERE attempts.state <> 'ended'
            """

        static func values(_ attempt: Attempt) throws(CampaignStoreError) -> [SQLiteStatement.Value] {
            var outcome: String?
            if let ended = attempt.outcome { outcome = try encode(ended) }
            return [
                .text(attempt.id.rawValue), .text(attempt.campaign.rawValue),
                .text(attempt.recipient.rawValue),
                .init(attempt.sequence), .text(attempt.sipCallID), .text(attempt.state.rawValue),
                .init(attempt.startedAt), .init(attempt.endedAt), .init(outcome),
            ]
        }

        // MARK: Words and JSON

        static let damaged = CampaignStoreError(
            .corrupt, "the campaign database holds a value that cannot be read")

        static func word<Word: RawRepresentable<String>>(_ type: Word.Type, _ text: String?)
            throws(CampaignStoreError) -> Word
        {
            guard let text, let word = Word(rawValue: text) else { throw damaged }
            return word
        }

        private static func encode(_ value: some Encodable) throws(CampaignStoreError) -> String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            do {
                return String(decoding: try encoder.encode(value), as: UTF8.self)
            } catch {
                throw CampaignStoreError(.internalFault, "a value cannot be written as JSON")
            }
        }

        private static func decode<Value: Decodable>(_ type: Value.Type, _ text: String?)
            throws(CampaignStoreError) -> Value
        {
            guard let text, let value = try? JSONDecoder().decode(type, from: Data(text.utf8)) else {
                throw damaged
            }
            return value
        }
    }
#endif
