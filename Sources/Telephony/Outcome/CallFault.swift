/// Whose doing it is that a call did not do what it was for.
@nonexhaustive
public enum CallFault: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nobody's: it was answered, or nobody can say.
    case none
    /// The called side: the person, the device, the number.
    case callee
    /// The trunk or a network behind it.
    case carrier
    /// Ours: account, credentials, caller number, settings, agent, machine.
    case us
}

/// What may be done about an attempt that did not do what it was for.
@nonexhaustive
public enum RetryAdvice: Hashable, Sendable {
    /// Not again: it is done, the number leads nowhere, or nobody knows what the last attempt came to.
    case never
    /// The same number from the same trunk, some time later.
    case sameNumberLater
    /// Not before so many seconds, which the far end asked for: the trunk as a whole when it is the carrier's word.
    case afterSeconds(Int)
    /// At once over another trunk, or later over this one.
    case anotherRoute
    /// Not from this caller number: analytics blocked it.
    case notFromThisCaller
    /// Once a person has mended something on our side.
    case afterRepair
}

extension CallOutcome {
    /// Whether somebody or something answered, whatever became of it then.
    public var wasAnswered: Bool { disposition == .answered || timings.answered != nil }

    /// Whose doing the end is.
    public var fault: CallFault {
        switch disposition {
        case .answered, .unknown: .none
        case .busy, .noAnswer, .declined, .badNumber: .callee
        case .blocked, .trunkFault: .carrier
        case .dropped: endedBy == .callee ? .callee : .carrier
        case .forbidden, .mediaRefused, .noTrunk, .cancelled, .notPrepared, .failed: .us
        }
    }

    /// What may be done about it.
    public var retry: RetryAdvice {
        switch disposition {
        case .answered, .declined, .badNumber, .unknown: .never
        case .busy, .noAnswer, .noTrunk:
            cause.retryAfterSeconds.map { .afterSeconds($0) } ?? .sameNumberLater
        case .cancelled, .dropped: .sameNumberLater
        case .blocked: .notFromThisCaller
        case .trunkFault: carrierWait.map { .afterSeconds($0) } ?? .anotherRoute
        case .forbidden, .mediaRefused, .notPrepared, .failed: .afterRepair
        }
    }

    /// Whether calling again, as ``retry`` says, makes sense without a person's help.
    public var isRetryable: Bool {
        switch retry {
        case .sameNumberLater, .afterSeconds, .anotherRoute: true
        case .never, .notFromThisCaller, .afterRepair: false
        }
    }

    /// Seconds for which the carrier asks to be left alone: `Retry-After` of 413, 429, 500 or 503 (RFC 3261 §20.33);
    /// `nil` when it does not, or when it is the callee who asks.
    public var carrierWait: Int? {
        guard disposition == .trunkFault, let status = cause.sipStatus, [413, 429, 500, 503].contains(status)
        else { return nil }
        return cause.retryAfterSeconds
    }

    /// A carrier's limit was met: 429, or 503 with `Retry-After`.
    public var isCarrierLimit: Bool {
        disposition == .trunkFault && (cause.sipStatus == 429 || carrierWait != nil)
    }
}
