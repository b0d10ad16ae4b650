internal import SansIO

/// Calls to which far ends have referred us.
extension DialerService {
    /// Decides on a referral, places its call and tells the far end how that goes.
    func follow(_ referral: ReferralPolicy.Referral, in job: CallJob) async {
        let id = job.id
        // Whoever has hung up meanwhile has no call placed.
        guard case .place(let request, let handler) = await decision(on: referral),
            await job.ask({ $0.awaitsReferral(id) }),
            let placed = try? place(request, handler: handler, onDialing: { _ in })
        else { return job.post { $0.refuseReferral(id) } }
        job.post { $0.acceptReferral(id, as: placed.id) }
        for await event in placed.call.events {
            switch event.kind {
            case .ringing(let status): tell(id, status, of: job)
            case .earlyMedia: tell(id, 183, of: job)
            case .answered: return tell(id, 200, of: job)
            case .ended(let outcome):
                // Without a word of the network it came to nothing on our side.
                let status = outcome.cause.sipStatus ?? 480
                return tell(id, status < 300 ? 480 : status, of: job)
            default: break
            }
        }
    }

    private func tell(_ id: CallID, _ status: Int, of job: CallJob) {
        job.post { $0.referralProgressed(id, status: status, reason: nil) }
    }

    private func decision(on referral: ReferralPolicy.Referral) async -> ReferralPolicy.Decision {
        guard let policy = configuration.referrals else { return .refuse }
        let deadline = driver.now.advanced(by: policy.decisionTimeout)
        return await withTaskGroup(of: ReferralPolicy.Decision.self) { group in
            group.addTask { await policy.decide(referral) }
            group.addTask { [driver] in
                try? await driver.sleep(until: deadline)
                return .refuse
            }
            let first = await group.next() ?? .refuse
            group.cancelAll()
            return first
        }
    }
}
