internal import SansIO
internal import Telephony

/// One decision in the making.
struct RetryStep {
    let policy: RetryPolicy
    let recipient: Recipient
    let now: WallClockInstant

    func verdict(on outcome: CallOutcome) -> RetryPolicy.Verdict {
        let cause = Self.words(outcome.cause)
        switch outcome.disposition {
        case .answered: return answered(outcome)
        case .busy:
            let delay = doubled(policy.busyDelay, times: recipient.busyCount)
            return retry(after: delay, asked: outcome.cause, else: .failed, "busy")
        case .noAnswer:
            return retry(after: policy.noAnswerDelay, asked: outcome.cause, else: .noAnswer, "no answer")
        case .cancelled:
            return retry(after: policy.noAnswerDelay, else: .noAnswer, "ended by us before an answer")
        case .declined: return final(.failed, "declined" + cause)
        case .badNumber: return final(.failed, "bad number" + cause)
        case .mediaRefused: return final(.failed, "no common media" + cause)
        case .blocked: return blocked(outcome)
        case .forbidden:
            let refusesUs = outcome.cause.sipStatus == 401 || outcome.cause.sipStatus == 407
            return forbidden(
                "the trunk does not allow it" + cause, refusesUs ? .pause(.forbidden) : .forbidden)
        case .dropped: return dropped(outcome)
        case .trunkFault where outcome.isCarrierLimit: return carrierLimit(outcome, "carrier limit" + cause)
        case .trunkFault: return trunkFault("trunk fault" + cause)
        case .failed: return trunkFault("failed on our side" + cause)
        case .noTrunk:
            guard let wait = outcome.cause.retryAfterSeconds else {
                return unused(
                    .neutral, retryAt: now.advanced(by: policy.trunkFaultDelay), "no trunk" + cause)
            }
            // Nobody else would find one before then.
            let until = now.advanced(by: .seconds(wait))
            return unused(.awaitTrunk(until: until), retryAt: until, "no trunk" + cause)
        case .notPrepared:
            return unused(.pause(.agentNotReady), retryAt: now, "the agent could not get ready" + cause)
        case .unknown: return final(.unknown, "what became of the call is not known", .neutral)
        }
    }

    func verdict(on error: CallError) -> RetryPolicy.Verdict {
        switch error.code {
        case .noCallerNumber:
            unused(.pause(.callerBlocked), retryAt: now, "every caller number is blocked and rests")
        case .notRunning, .shuttingDown: unused(.pause(.dialerUnavailable), retryAt: now, error.message)
        case .notSigned: unused(.pause(.notSigned), retryAt: now, error.message)
        case .tooManyCalls: unused(.neutral, retryAt: now.advanced(by: .seconds(5)), error.message)
        case .invalidRequest, .duplicateID:
            RetryPolicy.Verdict(state: .failed, usesAttempt: false, effect: .neutral, reason: error.message)
        default: trunkFault(error.message)
        }
    }

    func trunkFault(_ reason: String) -> RetryPolicy.Verdict {
        guard recipient.trunkFaults + 1 < policy.maximumTrunkFaults else {
            return RetryPolicy.Verdict(
                state: .failed, usesAttempt: false, effect: .trunkFault, reason: reason)
        }
        let delay = doubled(policy.trunkFaultDelay, times: recipient.trunkFaults)
        return unused(.trunkFault, retryAt: now.advanced(by: delay), reason)
    }

    /// The trunk as a whole is left alone for as long as it asks. Costs no attempt; a recipient whom it never lets through
    /// is given up like after faults.
    private func carrierLimit(_ outcome: CallOutcome, _ reason: String) -> RetryPolicy.Verdict {
        let asked = outcome.carrierWait.map { Duration.seconds($0) }
        let wait = asked ?? doubled(policy.trunkFaultDelay, times: recipient.trunkFaults)
        let until = now.advanced(by: wait)
        if let asked, asked > policy.maximumDelay {
            return unused(
                .pause(.carrierLimit), retryAt: until,
                "\(reason): the trunk asks to be left alone for \(asked.components.seconds) s")
        }
        guard recipient.trunkFaults + 1 < policy.maximumTrunkFaults else {
            return RetryPolicy.Verdict(
                state: .failed, usesAttempt: false, effect: .backOff(until: until), reason: reason)
        }
        return unused(.backOff(until: until), retryAt: until, reason)
    }

    /// Whoever the trunk refuses again and again is given up.
    private func forbidden(_ reason: String, _ effect: RetryPolicy.Effect) -> RetryPolicy.Verdict {
        guard recipient.trunkFaults + 1 < policy.maximumTrunkFaults else {
            return RetryPolicy.Verdict(
                state: .failed, usesAttempt: false, effect: effect, reason: reason)
        }
        let delay = doubled(policy.trunkFaultDelay, times: recipient.trunkFaults)
        return unused(effect, retryAt: now.advanced(by: delay), reason)
    }

    /// Not called again, from another number neither: that would be a way around the block.
    private func blocked(_ outcome: CallOutcome) -> RetryPolicy.Verdict {
        let contact = outcome.cause.redressContact.map { "; redress: \($0)" } ?? ""
        return final(
            .failed, "blocked by analytics\(contact)",
            .restCaller(until: now.advanced(by: policy.blockedCallerRest)))
    }

    private func dropped(_ outcome: CallOutcome) -> RetryPolicy.Verdict {
        if let status = outcome.agentResult?.status, status == .done || status == .messageLeft {
            return answered(outcome)
        }
        guard (outcome.timings.talkTime ?? .zero) < policy.droppedTalkTime else {
            return final(.completed, "the call was lost before the agent was done")
        }
        return retry(
            after: policy.droppedDelay, else: .failed, "the call was lost" + Self.words(outcome.cause))
    }

    private func answered(_ outcome: CallOutcome) -> RetryPolicy.Verdict {
        let status = outcome.agentResult?.status
        let left = status == .messageLeft || status == .done
        let words: String
        switch outcome.answeredBy {
        case .fax: return final(.failed, "a fax answered")
        case .voicemail: words = left ? "voicemail, message left" : "voicemail, no message left"
        case .screening: words = left ? "screened, the agent was heard" : "screened, nobody was reached"
        case .ivr: words = left ? "a menu answered, agent done" : "a menu answered, nobody was reached"
        case .silence where !left:
            return retry(after: policy.noAnswerDelay, else: .noAnswer, "answered in silence")
        case .human, .silence, .unknown, nil:
            switch status {
            case .failed: return final(.failed, "the agent failed during the call")
            case .interrupted: return final(.completed, "the call ended before the agent was done")
            case .notReached: return final(.noAnswer, "nobody was reached")
            case .messageLeft: return final(.completed, "message left")
            case .done, nil: return final(.completed, "answered")
            }
        }
        let calledAgain = policy.voicemail == .always || (policy.voicemail == .withoutMessage && !left)
        let otherwise: RecipientState = left ? .completed : .noAnswer
        return calledAgain
            ? retry(after: policy.voicemailDelay, else: otherwise, words) : final(otherwise, words)
    }

    /// - Parameter cause: Holds how long the callee asks to be left alone.
    private func retry(
        after delay: Duration, asked cause: CallCause, else state: RecipientState, _ reason: String
    ) -> RetryPolicy.Verdict {
        let asked = cause.retryAfterSeconds.map { Duration.seconds($0) } ?? .zero
        guard asked <= max(policy.maximumDelay, delay) else {
            return final(state, "\(reason), and not to be called for \(asked.components.seconds) s")
        }
        return retry(after: max(delay, asked), else: state, reason)
    }

    private func retry(after delay: Duration, else state: RecipientState, _ reason: String)
        -> RetryPolicy.Verdict
    {
        let used = recipient.attemptsUsed + 1
        guard used < policy.maximumAttempts else {
            return final(state, policy.maximumAttempts == 1 ? reason : "\(reason), \(used) attempts used")
        }
        return RetryPolicy.Verdict(
            state: .pending, usesAttempt: true, retryAt: now.advanced(by: delay), effect: .none,
            reason: reason)
    }

    private func final(_ state: RecipientState, _ reason: String, _ effect: RetryPolicy.Effect = .none)
        -> RetryPolicy.Verdict
    {
        RetryPolicy.Verdict(state: state, usesAttempt: true, effect: effect, reason: reason)
    }

    private func unused(_ effect: RetryPolicy.Effect, retryAt: WallClockInstant, _ reason: String)
        -> RetryPolicy.Verdict
    {
        RetryPolicy.Verdict(
            state: .pending, usesAttempt: false, retryAt: retryAt, effect: effect, reason: reason)
    }

    private func doubled(_ delay: Duration, times: Int) -> Duration {
        var result = delay
        for _ in 0..<times where result < policy.maximumDelay { result *= 2 }
        return min(result, max(policy.maximumDelay, delay))
    }

    private static func words(_ cause: CallCause) -> String {
        switch (cause.sipStatus, cause.text.isEmpty) {
        case (let status?, false): " (\(status) \(cause.text))"
        case (let status?, true): " (\(status))"
        case (nil, false): ": \(cause.text)"
        case (nil, true): ""
        }
    }
}
