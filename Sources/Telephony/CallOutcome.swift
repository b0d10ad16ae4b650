public import SansIO

/// How one call ended. A busy callee is a result, not an error.
///
/// Independent axes, so that later features add values and not shapes.
public struct CallOutcome: Hashable, Sendable, Codable {
    public var id: CallID
    public var disposition: CallDisposition
    public var cause: CallCause
    /// What answered; `nil` when nothing did or the classifier was off.
    public var answeredBy: AnsweredBy?
    public var endedBy: CallParty
    /// What the agent made of it; `nil` when it never ran.
    public var agentResult: AgentResult?
    public var timings: CallTimings
    /// The caller number that was shown; `nil` when none was.
    public var callerNumber: String?
    /// What people would say of the sound of an answered call; `nil` when nothing is known, and in the event of the end, which
    /// comes before the last figures.
    public var quality: CallQuality?

    public init(
        id: CallID, disposition: CallDisposition, cause: CallCause = CallCause(),
        answeredBy: AnsweredBy? = nil,
        endedBy: CallParty, agentResult: AgentResult? = nil, timings: CallTimings = CallTimings(),
        callerNumber: String? = nil, quality: CallQuality? = nil
    ) {
        self.id = id
        self.disposition = disposition
        self.cause = cause
        self.answeredBy = answeredBy
        self.endedBy = endedBy
        self.agentResult = agentResult
        self.timings = timings
        self.callerNumber = callerNumber
        self.quality = quality
    }
}

/// What became of an attempt to call.
@nonexhaustive
public enum CallDisposition: String, Hashable, Sendable, Codable, CaseIterable {
    /// A 2xx came. See ``CallOutcome/answeredBy`` for by whom.
    case answered
    /// 486 or 600.
    case busy
    /// Ring timeout after the far end had said more than 100, 408 or 480.
    case noAnswer
    /// 603 and such: the callee or the device refused; of an inbound call: we did.
    case declined
    /// Analytics or the callee's list of unwanted callers blocked the caller number: 603 with "Network Blocked"
    /// (ATIS-1000099), 607 (RFC 8197), 608 (RFC 8688), or the carrier's own word for it.
    case blocked
    /// 404, 410, 484, 604, or a special information tone in early media that says so: the number leads nowhere.
    case badNumber
    /// The trunk does not let us: 402, 403, 401 and 407 to our credentials. Account, balance, country or caller number.
    case forbidden
    /// The trunk could not carry it: 5xx, silence or no more than 100 until the ring timeout, no route.
    case trunkFault
    /// 415, 488, 606, or an answer that we cannot speak.
    case mediaRefused
    /// Answered, then lost: the dialog was lost, a network failed, or no more audio came.
    case dropped
    /// No trunk could take it in time: all had as many calls as they may, were resting, left alone after faults or not
    /// registered; ``CallCause/retryAfterSeconds`` says when one can, where that is known. No INVITE left.
    case noTrunk
    /// Ended before an answer by the side that placed it.
    case cancelled
    /// The agent's `prepare` threw or took too long; no INVITE left, or that of an inbound call was refused.
    case notPrepared
    /// Our own side failed; ``CallOutcome/cause`` says how.
    case failed
    /// The process died while calling; the far end's truth is not known.
    case unknown
}

/// The far end's word on why, as received.
public struct CallCause: Hashable, Sendable, Codable {
    /// Last SIP status code, `100...699`.
    public var sipStatus: Int?
    /// Q.850 cause of a `Reason` header (RFC 3326), `1...127`.
    public var q850: Int?
    /// Reason phrase or `Reason` text as received, or our own words for a local fault.
    public var text: String
    /// Seconds of a `Retry-After` header (RFC 3261 §20.33): how long the trunk or the callee asks to be left alone. With
    /// ``CallDisposition/noTrunk`` our own: after them a trunk can be used again.
    public var retryAfterSeconds: Int?
    /// The first `Warning` header.
    public var warning: CallWarning?
    /// A carrier's own error header, name and value as received: `X-Twilio-Error: 32203 …`.
    public var carrierError: String?
    /// Where to complain about a block: the contact (`https:`, `tel:`, `mailto:` or as written) of the notice of ATIS-1000099.
    public var redressContact: String?

    public init(
        sipStatus: Int? = nil, q850: Int? = nil, text: String = "", retryAfterSeconds: Int? = nil,
        warning: CallWarning? = nil, carrierError: String? = nil, redressContact: String? = nil
    ) {
        self.sipStatus = sipStatus
        self.q850 = q850
        self.text = text
        self.retryAfterSeconds = retryAfterSeconds
        self.warning = warning
        self.carrierError = carrierError
        self.redressContact = redressContact
    }
}

/// A `Warning` header (RFC 3261 §20.43): `304 sbc.example.com "Media type not available"`.
public struct CallWarning: Hashable, Sendable, Codable {
    /// `300...399`; 300 to 379 are about the session description.
    public var code: Int
    /// Host name or pseudonym of who warns.
    public var agent: String
    public var text: String

    public init(code: Int, agent: String, text: String) {
        self.code = code
        self.agent = agent
        self.text = text
    }
}

/// Who or what answered.
@nonexhaustive
public enum AnsweredBy: String, Hashable, Sendable, Codable, CaseIterable {
    case human, voicemail
    /// An assistant that asks who is calling and why before it lets a person decide.
    case screening
    /// A menu of an interactive voice response system.
    case ivr
    /// A fax or modem.
    case fax
    /// The line is open and nobody speaks.
    case silence
    /// Nothing can be said, or a tone of the exchange was heard.
    case unknown
}

/// A side of the call, or what lies between.
///
/// The far end is `callee` of a call that we place and `caller` of one that is placed to us.
public enum CallParty: String, Hashable, Sendable, Codable { case us, callee, caller, network }

/// When things happened. Wall clock, so that records of several calls can be laid side by side; the first is read from
/// it, the others are counted from there, so that a clock that is set meanwhile changes no duration.
public struct CallTimings: Hashable, Sendable, Codable {
    /// The first INVITE left; of an inbound call: came.
    public var dialed: WallClockInstant?
    /// First 180, or 183 without media.
    public var ringing: WallClockInstant?
    public var answered: WallClockInstant?
    public var ended: WallClockInstant?

    public init(
        dialed: WallClockInstant? = nil, ringing: WallClockInstant? = nil, answered: WallClockInstant? = nil,
        ended: WallClockInstant? = nil
    ) {
        self.dialed = dialed
        self.ringing = ringing
        self.answered = answered
        self.ended = ended
    }

    /// From answer to end; `nil` when it was never answered.
    public var talkTime: Duration? {
        guard let answered, let ended else { return nil }
        return answered.duration(to: ended)
    }
}

/// A call's outcome and what the caller's closure returned.
public struct CallResult<Value: Sendable>: Sendable {
    public var outcome: CallOutcome
    /// What the closure returned; `nil` when it threw because the call did not come about or ended under it.
    public var value: Value?

    public var id: CallID { outcome.id }

    public init(outcome: CallOutcome, value: Value?) {
        self.outcome = outcome
        self.value = value
    }
}
