import CampaignKit
import SansIO

/// A store whose process dies at its Nth write: just before it is done, or just after.
final class CrashingStore: CampaignStore {
    enum Side: CaseIterable, Sendable { case before, after }

    private let base: any CampaignStore
    private let side: Side
    private let left: Locked<Int>

    /// - Parameter write: Counted from 1.
    init(_ base: any CampaignStore, at write: Int, _ side: Side) {
        self.base = base
        self.side = side
        left = Locked(write)
    }

    /// Nothing gets through any more.
    var isDead: Bool { left.withLock { $0 <= 0 } }

    private static let dead = CampaignStoreError(.io, "the process is dead")

    private func write<Value>(_ body: () async throws(CampaignStoreError) -> Value)
        async throws(CampaignStoreError) -> Value
    {
        guard !isDead else { throw Self.dead }
        let isLast = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast, side == .before { throw Self.dead }
        let value = try await body()
        if isLast { throw Self.dead }
        return value
    }

    private func read<Value>(_ body: () async throws(CampaignStoreError) -> Value)
        async throws(CampaignStoreError) -> Value
    {
        guard !isDead else { throw Self.dead }
        return try await body()
    }

    func create(_ campaign: Campaign, recipients: [Recipient]) async throws(CampaignStoreError) {
        try await write { () throws(CampaignStoreError) in
            try await base.create(campaign, recipients: recipients)
        }
    }
    func campaigns() async throws(CampaignStoreError) -> [Campaign] {
        try await read { () throws(CampaignStoreError) in try await base.campaigns() }
    }
    func campaign(_ id: CampaignID) async throws(CampaignStoreError) -> Campaign {
        try await read { () throws(CampaignStoreError) in try await base.campaign(id) }
    }
    func recipients(of id: CampaignID) async throws(CampaignStoreError) -> [Recipient] {
        try await read { () throws(CampaignStoreError) in try await base.recipients(of: id) }
    }
    func attempts(of id: CampaignID) async throws(CampaignStoreError) -> [Attempt] {
        try await read { () throws(CampaignStoreError) in try await base.attempts(of: id) }
    }
    func counts(of id: CampaignID) async throws(CampaignStoreError) -> CampaignCounts {
        try await read { () throws(CampaignStoreError) in try await base.counts(of: id) }
    }
    func setDesiredState(_ desired: DesiredCampaignState, of id: CampaignID, at now: WallClockInstant)
        async throws(CampaignStoreError)
    {
        try await write { () throws(CampaignStoreError) in
            try await base.setDesiredState(desired, of: id, at: now)
        }
    }
    func requeueUnknown(_ recipients: [RecipientID]?, of id: CampaignID, at now: WallClockInstant)
        async throws(CampaignStoreError) -> [RecipientID]
    {
        try await write { () throws(CampaignStoreError) in
            try await base.requeueUnknown(recipients, of: id, at: now)
        }
    }
    func acquireLease(on id: CampaignID, owner: String, at now: WallClockInstant, for duration: Duration)
        async throws(CampaignStoreError) -> LeaseResult
    {
        try await write { () throws(CampaignStoreError) in
            try await base.acquireLease(on: id, owner: owner, at: now, for: duration)
        }
    }
    func renew(_ lease: CampaignLease, at now: WallClockInstant, for duration: Duration)
        async throws(CampaignStoreError)
    {
        try await write { () throws(CampaignStoreError) in try await base.renew(lease, at: now, for: duration)
        }
    }
    func release(_ lease: CampaignLease) async throws(CampaignStoreError) {
        try await write { () throws(CampaignStoreError) in try await base.release(lease) }
    }
    func commit(_ change: CampaignChange, under lease: CampaignLease) async throws(CampaignStoreError) {
        try await write { () throws(CampaignStoreError) in try await base.commit(change, under: lease) }
    }
}
