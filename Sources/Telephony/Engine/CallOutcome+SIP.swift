internal import SIPCore

extension CallDisposition {
    /// What a final response says about an attempt.
    ///
    /// The status decides; a Q.850 cause of a `Reason` header refines it where gateways hide the telephone network's
    /// word behind a general status.
    ///
    /// - Parameters:
    ///   - finalStatus: `300...699`.
    ///   - q850: `1...127`, if the response carried one.
    init(finalStatus: Int, q850: Int? = nil) {
        // Unallocated number and invalid number format: true whatever status carries them.
        if q850 == 1 || q850 == 28 {
            self = .badNumber
            return
        }
        if let q850, Self.isGeneral(finalStatus), let refined = Self(q850: q850) {
            self = refined
            return
        }
        self =
            switch finalStatus {
            case 486, 600: .busy
            case 408, 480, 487: .noAnswer
            case 404, 410, 484, 485, 604: .badNumber
            case 415, 488, 606: .mediaRefused
            case 603, 607, 608: .declined
            case 600..<700: .declined
            // 401 and 407 reach us only when our credentials do not help; redirections are not followed.
            default: .trunkFault
            }
    }

    /// Statuses behind which gateways put every cause of the telephone network.
    private static func isGeneral(_ status: Int) -> Bool {
        status == 480 || status == 487 || (500..<600).contains(status)
    }

    private init?(q850: Int) {
        switch q850 {
        case 17: self = .busy
        case 18, 19: self = .noAnswer
        case 21: self = .declined
        case 22: self = .badNumber  // Number changed.
        default: return nil
        }
    }

    /// Whose word such an end is, for an attempt that was not answered.
    var unansweredEndedBy: CallParty {
        switch self {
        case .busy, .declined, .mediaRefused, .noAnswer: .callee
        case .cancelled, .notPrepared, .failed: .us
        case .badNumber, .trunkFault, .unknown, .answered: .network
        }
    }
}

extension CallCause {
    init(_ response: ReceivedResponse) {
        let reason = ReasonHeader(in: response.headers)
        self.init(
            sipStatus: response.status, q850: reason.q850,
            text: reason.text.isEmpty ? response.reasonPhrase : reason.text,
            retryAfterSeconds: Self.retryAfter(in: response.headers))
    }

    /// Comment and parameters of the field are passed over.
    private static func retryAfter(in headers: [SIPHeaderField]) -> Int? {
        guard let field = headers.first(where: { $0.name.lowercased() == "retry-after" }) else { return nil }
        return Int(field.value.prefix { $0.isASCII && $0.isNumber })
    }
}

/// How an attempt ended, before times and the agent's result are known.
struct CallConclusion: Hashable, Sendable {
    var disposition: CallDisposition
    var cause: CallCause
    var endedBy: CallParty

    init(_ disposition: CallDisposition, _ cause: CallCause, endedBy: CallParty) {
        self.disposition = disposition
        self.cause = cause
        self.endedBy = endedBy
    }

    /// An outgoing INVITE that brought no dialog.
    init(_ failure: InviteFailure) {
        switch failure {
        case .rejected(let response):
            let cause = CallCause(response)
            let disposition = CallDisposition(finalStatus: response.status, q850: cause.q850)
            self.init(disposition, cause, endedBy: disposition.unansweredEndedBy)
        case .credentialsRefused(let response):
            var cause = CallCause(response)
            cause.text = "credentials refused: \(cause.text)"
            self.init(.trunkFault, cause, endedBy: .network)
        case .timedOut:
            self.init(.trunkFault, CallCause(text: "no response from the trunk"), endedBy: .network)
        case .transportFailed:
            self.init(.trunkFault, CallCause(text: "no connection to the trunk"), endedBy: .network)
        case .abandoned:
            self.init(.cancelled, CallCause(text: "ended before anything was answered"), endedBy: .us)
        }
    }

    /// An answered call.
    init(_ end: SessionEnd) {
        switch end {
        case .byUs:
            self.init(.answered, CallCause(sipStatus: 200), endedBy: .us)
        case .byRemote(let headers):
            let reason = ReasonHeader(in: headers)
            self.init(
                .answered, CallCause(sipStatus: 200, q850: reason.q850, text: reason.text), endedBy: .callee)
        case .lost(let status):
            self.init(
                .answered, CallCause(sipStatus: status ?? 200, text: "the dialog was lost"), endedBy: .network
            )
        }
    }
}
