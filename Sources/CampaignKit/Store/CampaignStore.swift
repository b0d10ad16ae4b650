public import SansIO

/// Where campaigns live: everything that must outlast the process.
///
/// Called by ``CampaignRunner`` a few times per call and about once a second, and by tools from other processes at any time. Every
/// method is one transaction: it happens as a whole or not at all, and once it has returned it is durable. Times are given, never read from
/// a clock.
public protocol CampaignStore: Sendable {
    /// Adds a campaign with all its recipients.
    ///
    /// - Throws: ``CampaignStoreError/Code/alreadyExists``.
    func create(_ campaign: Campaign, recipients: [Recipient]) async throws(CampaignStoreError)

    /// All campaigns, by creation and then by id.
    func campaigns() async throws(CampaignStoreError) -> [Campaign]

    /// - Throws: ``CampaignStoreError/Code/notFound``.
    func campaign(_ id: CampaignID) async throws(CampaignStoreError) -> Campaign

    /// In the order of their rows.
    func recipients(of id: CampaignID) async throws(CampaignStoreError) -> [Recipient]

    /// In the order of their starts, then of their ids.
    func attempts(of id: CampaignID) async throws(CampaignStoreError) -> [Attempt]

    func counts(of id: CampaignID) async throws(CampaignStoreError) -> CampaignCounts

    /// Asks for a state; the campaign's runner follows within about a second. When nobody runs it at `now`, its state follows at once.
    ///
    /// - Throws: ``CampaignStoreError/Code/finished`` when the campaign is over.
    func setDesiredState(_ desired: DesiredCampaignState, of id: CampaignID, at now: WallClockInstant)
        async throws(CampaignStoreError)

    /// Lets recipients whose calls ended unknown be called again: an explicit act of a person who has looked into it.
    ///
    /// Their attempts stay as they are, and the spent budget stays spent; each may be called once more at least. A completed
    /// campaign is pending again.
    ///
    /// - Parameter recipients: `nil` for everyone who is unknown.
    /// - Returns: Who is pending now, in the order of their rows.
    /// - Throws: ``CampaignStoreError/Code/notFound`` for a recipient who is not there or not unknown (nothing is changed then),
    ///   ``CampaignStoreError/Code/inUse`` while somebody runs the campaign at `now`, ``CampaignStoreError/Code/finished`` when it is cancelled.
    func requeueUnknown(_ recipients: [RecipientID]?, of id: CampaignID, at now: WallClockInstant)
        async throws(CampaignStoreError) -> [RecipientID]

    /// Makes `owner` the only runner of a campaign for `duration`, unless another one is.
    ///
    /// Each lease has a higher fencing number than all before it on the campaign.
    func acquireLease(on id: CampaignID, owner: String, at now: WallClockInstant, for duration: Duration)
        async throws(CampaignStoreError) -> LeaseResult

    /// - Throws: ``CampaignStoreError/Code/leaseLost`` when there is a newer lease.
    func renew(_ lease: CampaignLease, at now: WallClockInstant, for duration: Duration)
        async throws(CampaignStoreError)

    /// Gives a lease back; nothing happens when it was lost.
    func release(_ lease: CampaignLease) async throws(CampaignStoreError)

    /// Writes a change of the campaign under `lease`. An attempt that has ended never becomes *dialing* again.
    ///
    /// - Throws: ``CampaignStoreError/Code/leaseLost`` when there is a newer lease; nothing is written then.
    func commit(_ change: CampaignChange, under lease: CampaignLease) async throws(CampaignStoreError)
}

/// The right to run a campaign, until it expires or a newer one is given.
public struct CampaignLease: Hashable, Sendable {
    public var campaign: CampaignID
    public var owner: String
    /// Grows with every lease on the campaign: a write under an older one is refused.
    public var fence: Int64

    public init(campaign: CampaignID, owner: String, fence: Int64) {
        self.campaign = campaign
        self.owner = owner
        self.fence = fence
    }
}

/// What came of asking for a lease.
public enum LeaseResult: Hashable, Sendable {
    case acquired(CampaignLease)
    /// Somebody else has it; `until` moves as long as they live.
    case held(by: String, until: WallClockInstant)
}

/// Why the store could not do it.
public struct CampaignStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    @nonexhaustive
    public enum Code: String, Hashable, Sendable, CaseIterable {
        case notFound
        case alreadyExists
        /// The campaign is completed or cancelled.
        case finished
        /// Another runner has taken over.
        case leaseLost
        /// Disk or quota is used up.
        case full
        /// Another process held the database for too long.
        case locked
        case readOnly
        /// The file cannot be opened or created.
        case cannotOpen
        /// The file is damaged or is not a campaign database.
        case corrupt
        /// The file was written by a newer version.
        case newerSchema
        /// The disk failed.
        case io
        case internalFault
        /// Somebody runs the campaign: what was asked for needs it at rest.
        case inUse
    }

    public var code: Code
    /// What failed and what to do about it; no numbers.
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// Trying again later can help.
    public var isTransient: Bool {
        switch code {
        case .full, .locked, .readOnly, .io: true
        case .notFound, .alreadyExists, .finished, .leaseLost, .cannotOpen, .corrupt, .newerSchema,
            .internalFault, .inUse:
            false
        }
    }
}
