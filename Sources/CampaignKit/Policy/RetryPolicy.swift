public import SansIO
public import Telephony

/// What an ended attempt makes of its recipient: done, failed, or to be called again and when.
///
/// One budget of attempts holds for all causes together. Faults of the trunk or of our own side cost the recipient nothing.
public struct RetryPolicy: Hashable, Sendable {
    /// When a voicemail is called again.
    public enum VoicemailRule: String, Hashable, Sendable, Codable, CaseIterable {
        case never
        /// Only when the agent left no message.
        case withoutMessage
        /// Also when it did, in the hope of meeting a person.
        case always
    }

    /// Attempts per recipient for all causes together, 1...20.
    public var maximumAttempts = 3
    /// Wait after the first busy; doubled after each further one.
    public var busyDelay = Duration.seconds(300)
    public var noAnswerDelay = Duration.seconds(3_600)
    public var voicemail = VoicemailRule.never
    public var voicemailDelay = Duration.seconds(14_400)
    /// Wait after the first fault of the trunk; doubled after each further one of the same recipient.
    public var trunkFaultDelay = Duration.seconds(30)
    /// No wait that is doubled grows beyond this.
    public var maximumDelay = Duration.seconds(86_400)
    /// Faults of the trunk in a row, over all recipients, after which the campaign pauses, 1...100.
    public var trunkFaultsBeforePause = 3
    /// Faults of the trunk after which a recipient is given up, so that a number that the trunk alone refuses does not
    /// keep a campaign from ending, 1...100.
    public var maximumTrunkFaults = 10

    public init() {}

    var problems: [String] {
        var found: [String] = []
        if !(1...20).contains(maximumAttempts) {
            found.append("retry.maximumAttempts is \(maximumAttempts), not 1...20")
        }
        if !(1...100).contains(trunkFaultsBeforePause) {
            found.append("retry.trunkFaultsBeforePause is \(trunkFaultsBeforePause), not 1...100")
        }
        if !(1...100).contains(maximumTrunkFaults) {
            found.append("retry.maximumTrunkFaults is \(maximumTrunkFaults), not 1...100")
        }
        return found
    }

    /// The decision on one ended attempt.
    public struct Verdict: Hashable, Sendable {
        public var state: RecipientState
        public var usesAttempt: Bool
        /// Set when the recipient becomes pending.
        public var retryAt: WallClockInstant?
        public var effect: Effect
        public var reason: String
    }

    /// What the attempt says about the campaign.
    public enum Effect: Hashable, Sendable {
        /// The far end was reached: the trunk works.
        case none
        /// It says nothing about the trunk.
        case neutral
        /// Counts towards ``RetryPolicy/trunkFaultsBeforePause``.
        case trunkFault
        case pause(PauseReason.Code)
    }

    /// Decides on an attempt that ended with `end`.
    ///
    /// - Parameters:
    ///   - recipient: As it stood during the attempt, which is not yet counted.
    ///   - now: The end of the attempt; waits are counted from here.
    public func verdict(on end: AttemptEnd, of recipient: Recipient, at now: WallClockInstant) -> Verdict {
        let step = Step(policy: self, recipient: recipient, now: now)
        switch end {
        case .outcome(let outcome): return step.verdict(on: outcome)
        case .refused(let error): return step.verdict(on: error)
        case .fault(let text): return step.trunkFault(text)
        }
    }
}

/// How an attempt came to its end.
public enum AttemptEnd: Hashable, Sendable {
    case outcome(CallOutcome)
    /// The dialer did not place it.
    case refused(CallError)
    /// Something else failed on our own side.
    case fault(String)
}

/// One decision in the making.
private struct Step {
    let policy: RetryPolicy
    let recipient: Recipient
    let now: WallClockInstant

    func verdict(on outcome: CallOutcome) -> RetryPolicy.Verdict {
        let cause = Self.words(outcome.cause)
        switch outcome.disposition {
        case .answered: return answered(outcome)
        case .busy:
            return retry(after: doubled(policy.busyDelay, times: recipient.busyCount), else: .failed, "busy")
        case .noAnswer: return retry(after: policy.noAnswerDelay, else: .noAnswer, "no answer")
        case .cancelled:
            return retry(after: policy.noAnswerDelay, else: .noAnswer, "ended by us before an answer")
        case .declined: return final(.failed, "declined" + cause)
        case .badNumber: return final(.failed, "bad number" + cause)
        case .mediaRefused: return final(.failed, "no common media" + cause)
        case .trunkFault: return trunkFault("trunk fault" + cause)
        case .failed: return trunkFault("failed on our side" + cause)
        case .notPrepared:
            return unused(.pause(.agentNotReady), retryAt: now, "the agent could not get ready" + cause)
        case .unknown: return final(.unknown, "what became of the call is not known", .neutral)
        }
    }

    func verdict(on error: CallError) -> RetryPolicy.Verdict {
        switch error.code {
        case .notRunning, .shuttingDown: unused(.pause(.dialerUnavailable), retryAt: now, error.message)
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

    private func answered(_ outcome: CallOutcome) -> RetryPolicy.Verdict {
        let status = outcome.agentResult?.status
        if outcome.answeredBy == .fax { return final(.failed, "a fax answered") }
        guard outcome.answeredBy == .voicemail else {
            switch status {
            case .failed: return final(.failed, "the agent failed during the call")
            case .interrupted: return final(.completed, "the call ended before the agent was done")
            case .messageLeft: return final(.completed, "message left")
            case .done, nil: return final(.completed, "answered")
            }
        }
        let left = status == .messageLeft || status == .done
        let words = left ? "voicemail, message left" : "voicemail, no message left"
        let calledAgain = policy.voicemail == .always || (policy.voicemail == .withoutMessage && !left)
        let otherwise: RecipientState = left ? .completed : .noAnswer
        return calledAgain
            ? retry(after: policy.voicemailDelay, else: otherwise, words) : final(otherwise, words)
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
