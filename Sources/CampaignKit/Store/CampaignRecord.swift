package import SansIO

/// A campaign as a store keeps it: with its lease, and the rules that every store applies.
package struct CampaignRecord: Hashable, Sendable {
    package var campaign: Campaign
    /// The fencing number of the latest lease.
    package var fence: Int64 = 0
    /// `nil` while nobody runs it.
    package var leaseOwner: String?
    package var leaseExpiresAt = WallClockInstant(nanosecondsSinceEpoch: 0)

    package init(_ campaign: Campaign) { self.campaign = campaign }

    package func isOwned(at now: WallClockInstant) -> Bool { leaseOwner != nil && now < leaseExpiresAt }

    package mutating func desire(_ desired: DesiredCampaignState, at now: WallClockInstant)
        throws(CampaignStoreError)
    {
        guard !campaign.state.isFinal else {
            throw CampaignStoreError(.finished, "the campaign is \(campaign.state.rawValue)")
        }
        campaign.desiredState = desired
        guard !isOwned(at: now) else { return }
        switch desired {
        case .running where campaign.state == .paused:
            campaign.state = .pending
            campaign.pauseReason = nil
        case .running: break
        case .paused:
            campaign.state = .paused
            campaign.pauseReason = PauseReason(.requested, "asked for")
        case .cancelled:
            campaign.state = .cancelled
            campaign.pauseReason = nil
        }
    }

    /// Makes the campaign ready for recipients who are to be called again.
    ///
    /// - Parameters:
    ///   - wanted: `nil` for all of `unknown`.
    ///   - unknown: Those whose calls ended unknown, in the order of their rows.
    /// - Returns: Those of `unknown` that are wanted, as they stand from now on.
    package mutating func requeue(_ wanted: [RecipientID]?, of unknown: [Recipient], at now: WallClockInstant)
        throws(CampaignStoreError) -> [Recipient]
    {
        guard campaign.state != .cancelled else {
            throw CampaignStoreError(.finished, "the campaign is cancelled")
        }
        guard !isOwned(at: now) else {
            throw CampaignStoreError(.inUse, "the campaign is being run: stop it first")
        }
        let known = Set(unknown.map(\.id))
        if let missing = wanted?.first(where: { !known.contains($0) }) {
            throw CampaignStoreError(.notFound, "\(missing) is no recipient whose call ended unknown")
        }
        let chosen = wanted.map(Set.init) ?? known
        let requeued = unknown.filter { chosen.contains($0.id) }.map { recipient in
            var recipient = recipient
            recipient.state = .pending
            recipient.nextAttemptAt = nil
            recipient.reason = "queued again by a person"
            return recipient
        }
        if !requeued.isEmpty, campaign.state == .completed {
            campaign.state = .pending
            campaign.desiredState = .running
        }
        return requeued
    }

    package mutating func acquire(owner: String, at now: WallClockInstant, for duration: Duration)
        -> LeaseResult
    {
        if isOwned(at: now), let leaseOwner { return .held(by: leaseOwner, until: leaseExpiresAt) }
        fence += 1
        leaseOwner = owner
        leaseExpiresAt = now.advanced(by: duration)
        return .acquired(CampaignLease(campaign: campaign.id, owner: owner, fence: fence))
    }

    package mutating func renew(_ lease: CampaignLease, at now: WallClockInstant, for duration: Duration)
        throws(CampaignStoreError)
    {
        try check(lease)
        leaseOwner = lease.owner
        leaseExpiresAt = now.advanced(by: duration)
    }

    package mutating func release(_ lease: CampaignLease) {
        if lease.fence == fence { leaseOwner = nil }
    }

    package func check(_ lease: CampaignLease) throws(CampaignStoreError) {
        guard lease.fence == fence else {
            throw CampaignStoreError(.leaseLost, "another runner has taken over the campaign")
        }
    }

    /// Takes over what a runner says of the campaign, but never over the head of a person who asked for something else meanwhile.
    package mutating func apply(_ status: CampaignStatus) {
        campaign.state = status.state
        campaign.pauseReason = status.pauseReason
        let pausedItself = status.state == .paused && status.pauseReason?.code != .requested
        if pausedItself, campaign.desiredState == .running { campaign.desiredState = .paused }
    }
}
