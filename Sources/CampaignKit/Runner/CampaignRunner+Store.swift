internal import SansIO

/// What goes to the store and comes from it.
extension CampaignRunner {
    /// Writes all that has changed.
    ///
    /// - Returns: False when it could not be written; it is kept for the next time.
    @discardableResult
    func save() async -> Bool {
        guard let lease = session?.lease, let change = session?.core.takeChange() else { return false }
        // With nothing to write, a failed store is still tried: it may work again.
        guard !change.isEmpty || session?.storeFault != nil else { return true }
        do {
            try await store.commit(change, under: lease)
        } catch {
            session?.core.keep(change)
            if session?.storeFault == nil { publish(.storeFailed(error)) }
            session?.storeFault = error
            return false
        }
        if session?.storeFault != nil {
            session?.storeFault = nil
            session?.storeTries = 0
            publish(.storeRecovered)
        }
        return true
    }

    /// About once a second: shows that we live and asks what people want.
    func poll() async {
        guard let open = session, driver.now >= open.pollAt else { return }
        session?.pollAt = driver.now.advanced(by: configuration.pollInterval)
        do {
            if driver.now >= open.renewAt {
                try await store.renew(open.lease, at: driver.wallClock, for: configuration.leaseDuration)
                session?.renewAt = driver.now.advanced(by: configuration.leaseDuration / 3)
            }
            let version = session?.statusVersion
            let desired = try await store.campaign(id).desiredState
            // Written before a pause of our own was: not a wish to go on.
            guard version == session?.statusVersion else { return }
            follow(desired)
        } catch {
            if session?.storeFault == nil { publish(.storeFailed(error)) }
            session?.storeFault = error
        }
    }

    private func follow(_ desired: DesiredCampaignState) {
        guard let decision = session?.core.desire(desired) else { return }
        session?.statusVersion += 1
        publish(.decided(decision))
        if session?.core.campaign.state == .cancelled {
            for hangUp in hangUps.values { hangUp.finish() }
        }
    }

    func publish(_ kind: CampaignProgress.Kind) {
        guard let core = session?.core else { return }
        hub.publish(CampaignProgress(kind: kind, counts: core.counts, running: core.running))
    }
}
