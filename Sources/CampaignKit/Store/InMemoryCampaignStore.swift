internal import Telephony
public import SansIO

/// Campaigns that last as long as the process: for simulations, tests and trials.
public final class InMemoryCampaignStore: CampaignStore {
    private struct Entry {
        var record: CampaignRecord
        /// In the order of their rows.
        var recipients: [Recipient]
        var slots: [RecipientID: Int]
        var attempts = OrderedTable<CallID, Attempt>()
    }

    // Guards all campaigns; several runners and tools may use one store.
    private let entries = Locked(OrderedTable<CampaignID, Entry>())

    public init() {}

    public func create(_ campaign: Campaign, recipients: [Recipient]) async throws(CampaignStoreError) {
        let sorted = recipients.sorted { $0.row < $1.row }
        let slots = Dictionary(
            sorted.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        let isNew = entries.withLock { entries in
            guard entries[campaign.id] == nil, slots.count == sorted.count else { return false }
            entries[campaign.id] = Entry(record: CampaignRecord(campaign), recipients: sorted, slots: slots)
            return true
        }
        guard isNew else {
            throw CampaignStoreError(.alreadyExists, "there is such a campaign or recipient already")
        }
    }

    public func campaigns() async throws(CampaignStoreError) -> [Campaign] {
        entries.withLock { $0.values.map(\.record.campaign) }
            .sorted { ($0.createdAt, $0.id.rawValue) < ($1.createdAt, $1.id.rawValue) }
    }

    public func campaign(_ id: CampaignID) async throws(CampaignStoreError) -> Campaign {
        try read(id) { $0.record.campaign }
    }

    public func recipients(of id: CampaignID) async throws(CampaignStoreError) -> [Recipient] {
        try read(id) { $0.recipients }
    }

    public func attempts(of id: CampaignID) async throws(CampaignStoreError) -> [Attempt] {
        try read(id) { $0.attempts.values }
            .sorted { ($0.startedAt, $0.id.rawValue) < ($1.startedAt, $1.id.rawValue) }
    }

    public func counts(of id: CampaignID) async throws(CampaignStoreError) -> CampaignCounts {
        var counts = CampaignCounts()
        for recipient in try read(id, { $0.recipients }) { counts.add(recipient.state) }
        return counts
    }

    public func setDesiredState(
        _ desired: DesiredCampaignState, of id: CampaignID, at now: WallClockInstant
    ) async throws(CampaignStoreError) {
        try change(id) { entry throws(CampaignStoreError) in try entry.record.desire(desired, at: now) }
    }

    public func requeueUnknown(
        _ recipients: [RecipientID]?, of id: CampaignID, at now: WallClockInstant
    ) async throws(CampaignStoreError) -> [RecipientID] {
        try change(id) { entry throws(CampaignStoreError) in
            let requeued = try entry.record.requeue(
                recipients, of: entry.recipients.filter { $0.state == .unknown }, at: now)
            for recipient in requeued {
                if let slot = entry.slots[recipient.id] { entry.recipients[slot] = recipient }
            }
            return requeued.map(\.id)
        }
    }

    public func acquireLease(
        on id: CampaignID, owner: String, at now: WallClockInstant, for duration: Duration
    ) async throws(CampaignStoreError) -> LeaseResult {
        try change(id) { entry throws(CampaignStoreError) in
            entry.record.acquire(owner: owner, at: now, for: duration)
        }
    }

    public func renew(
        _ lease: CampaignLease, at now: WallClockInstant, for duration: Duration
    ) async throws(CampaignStoreError) {
        try change(lease.campaign) { entry throws(CampaignStoreError) in
            try entry.record.renew(lease, at: now, for: duration)
        }
    }

    public func release(_ lease: CampaignLease) async throws(CampaignStoreError) {
        try change(lease.campaign) { entry throws(CampaignStoreError) in entry.record.release(lease) }
    }

    public func commit(_ change: CampaignChange, under lease: CampaignLease) async throws(CampaignStoreError)
    {
        try self.change(lease.campaign) { entry throws(CampaignStoreError) in
            try entry.record.check(lease)
            if let status = change.status { entry.record.apply(status) }
            for recipient in change.recipients {
                if let slot = entry.slots[recipient.id] { entry.recipients[slot] = recipient }
            }
            for attempt in change.attempts where entry.attempts[attempt.id]?.state != .ended {
                entry.attempts[attempt.id] = attempt
            }
        }
    }

    private func read<Value: Sendable>(_ id: CampaignID, _ body: (Entry) -> Value) throws(CampaignStoreError)
        -> Value
    {
        guard let value = entries.withLock({ entries in entries[id].map(body) }) else {
            throw Self.notFound
        }
        return value
    }

    private func change<Value: Sendable>(
        _ id: CampaignID, _ body: (inout Entry) throws(CampaignStoreError) -> Value
    ) throws(CampaignStoreError) -> Value {
        try entries.withLock { entries throws(CampaignStoreError) in
            let result = entries.update(id) { entry -> Result<Value, CampaignStoreError> in
                do throws(CampaignStoreError) { return .success(try body(&entry)) } catch {
                    return .failure(error)
                }
            }
            guard let result else { throw Self.notFound }
            return try result.get()
        }
    }

    private static let notFound = CampaignStoreError(.notFound, "there is no such campaign")
}
