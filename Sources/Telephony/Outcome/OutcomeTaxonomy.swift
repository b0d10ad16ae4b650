internal import SIPCore

/// Everything in a final response that tells why, read once.
struct ResponseEvidence: Hashable, Sendable {
    var status: Int
    var reasonPhrase = ""
    var reason = ReasonHeader()
    /// `warn-code` of the first `Warning` (RFC 3261 §20.43).
    var warningCode: Int?
    /// What a header of the carrier's own says.
    var carrierError: CarrierError?
}

extension CallDisposition {
    /// What a final response says about an attempt.
    ///
    /// The word of the analytics engine goes first, then a carrier's own header, then a Q.850 cause that is true under any
    /// status. Behind statuses that gateways use for every cause of the telephone network, the Q.850 cause, the SIP cause of
    /// a `Reason` and a media warning decide, in this order; else the status does.
    init(_ evidence: ResponseEvidence) {
        self =
            Self.blocked(evidence) ?? evidence.carrierError?.disposition ?? Self.anywhere(evidence)
            ?? Self.refined(evidence) ?? Self(finalStatus: evidence.status)
    }

    /// - Parameters:
    ///   - finalStatus: `300...699`.
    ///   - q850: `1...127`, if the response carried one.
    init(finalStatus: Int, q850: Int?) {
        var evidence = ResponseEvidence(status: finalStatus)
        evidence.reason.q850 = q850
        self.init(evidence)
    }

    /// What a status says by itself.
    init(finalStatus status: Int) {
        self =
            switch status {
            // The callee has moved for good; or is elsewhere, where we were not to follow. The trunk did its part.
            case 301: .badNumber
            case 300..<400: .noAnswer
            case 486, 600: .busy
            // 487 follows our own CANCEL, which only the ring timeout or we ourselves send.
            case 408, 480, 487: .noAnswer
            case 404, 410, 484, 485, 604: .badNumber
            // 401 and 407 reach us only when our credentials do not help.
            case 401, 402, 403, 407: .forbidden
            case 415, 488, 606: .mediaRefused
            // Unwanted (RFC 8197) and rejected by analytics (RFC 8688).
            case 607, 608: .blocked
            // Anonymous calls are not taken (RFC 5079); consent is needed (RFC 5360).
            case 433, 470: .declined
            case 600..<700: .declined
            default: .trunkFault
            }
    }

    /// A 603 becomes the notice of a block by its reason phrase or by the text of its `Reason` (ATIS-1000099); the text is
    /// believed under any status, since gateways to the telephone network change that.
    private static func blocked(_ evidence: ResponseEvidence) -> Self? {
        if evidence.reason.isAnalyticsBlock { return .blocked }
        let phrase = evidence.reasonPhrase.lowercased().filter { $0 != " " }
        return evidence.status == 603 && phrase == "networkblocked" ? .blocked : nil
    }

    /// Unallocated number and invalid number format.
    private static func anywhere(_ evidence: ResponseEvidence) -> Self? {
        evidence.reason.q850 == 1 || evidence.reason.q850 == 28 ? .badNumber : nil
    }

    private static func refined(_ evidence: ResponseEvidence) -> Self? {
        let status = evidence.status
        if status == 403 {
            // Gateways make 403 of a callee's refusal (RFC 3398 §7.2.4.1): that says nothing about our account.
            guard let cause = evidence.reason.q850, (17...21).contains(cause) else { return nil }
            return Self(q850: cause)
        }
        guard status == 480 || status == 487 || (500..<600).contains(status) else { return nil }
        if let cause = evidence.reason.q850, let refined = Self(q850: cause) { return refined }
        if let cause = evidence.reason.sipStatus, (400..<700).contains(cause), cause != status {
            return Self(finalStatus: cause)
        }
        // Codes 300...379 are about sessions that cannot be described, 399 is free text.
        if let warning = evidence.warningCode, (300...379).contains(warning) { return .mediaRefused }
        return nil
    }

    /// - Returns: `nil` for a cause that tells less than the status does.
    init?(q850: Int) {
        guard let disposition = Q850Cause.disposition(of: q850) else { return nil }
        self = disposition
    }

    /// Whose word such an end is, for an attempt that was not answered.
    var unansweredEndedBy: CallParty {
        switch self {
        case .busy, .declined, .mediaRefused, .noAnswer: .callee
        case .cancelled, .noTrunk, .notPrepared, .failed: .us
        case .badNumber, .blocked, .forbidden, .trunkFault, .dropped, .unknown, .answered: .network
        }
    }
}

/// The causes of ITU-T Q.850.
enum Q850Cause {
    /// What a cause says of an attempt, by Q.850 §2.2.7 and the classes of RFC 3398 §7.2.4.1.
    static func disposition(of cause: Int) -> CallDisposition? {
        switch cause {
        // Unallocated; special information tone; misdialled prefix; number changed, also with a new destination; incomplete.
        case 1, 4, 5, 22, 23, 28: .badNumber
        case 17: .busy
        // No user responding, no answer, subscriber absent, destination out of order.
        case 18, 19, 20, 27: .noAnswer
        // Rejected by the user or by a feature of theirs; their closed user group.
        case 21, 24, 55: .declined
        // Not subscribed, outgoing calls barred, not authorised, not of the closed user group, no such group.
        case 50, 52, 53, 54, 57, 87, 90: .forbidden
        // Bearer capability or kind of terminal does not fit.
        case 65, 70, 88: .mediaRefused
        // Routing, channels, congestion, resources, services, messages out of protocol, interworking.
        case 2, 3, 6, 7, 8, 9, 14, 25, 29, 34, 38, 39, 40, 41, 42, 43, 44, 46, 47, 49, 58, 62, 63, 66, 69, 79:
            .trunkFault
        case 81, 82, 83, 84, 85, 86, 91, 95, 96, 97, 98, 99, 100, 101, 102, 103, 110, 111, 127: .trunkFault
        // Normal clearing, non-selected user, status enquiry, normal unspecified; and what Q.850 leaves free.
        default: nil
        }
    }

    /// A network that let go of an answered call; "interworking" and "normal" ends are no sign of that.
    static func isLoss(_ cause: Int) -> Bool { [27, 34, 38, 41, 42, 43, 44, 46, 47, 102].contains(cause) }
}
