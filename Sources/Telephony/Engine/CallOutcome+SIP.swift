internal import SIPCore
internal import SansIO

extension CallCause {
    /// - Parameter now: From when a `Retry-After` with a date is counted; `nil` passes such a date over.
    init(_ response: ReceivedResponse, at now: WallClockInstant? = nil) {
        let reason = ReasonHeader(in: response.headers)
        self.init(
            sipStatus: response.status, q850: reason.q850,
            text: reason.text.isEmpty ? response.reasonPhrase : reason.text,
            retryAfterSeconds: RetryAfterHeader.seconds(in: response.headers, at: now),
            warning: CallWarning(in: response.headers),
            carrierError: CarrierError(in: response.headers)?.text, redressContact: reason.redressContact)
    }
}

extension ResponseEvidence {
    init(_ response: ReceivedResponse) {
        self.init(
            status: response.status, reasonPhrase: response.reasonPhrase,
            reason: ReasonHeader(in: response.headers),
            warningCode: CallWarning(in: response.headers)?.code,
            carrierError: CarrierError(in: response.headers))
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
    ///
    /// - Parameter now: From when a `Retry-After` with a date is counted.
    init(_ failure: InviteFailure, at now: WallClockInstant? = nil) {
        switch failure {
        case .rejected(let response):
            let cause = CallCause(response, at: now)
            let disposition = CallDisposition(ResponseEvidence(response))
            self.init(disposition, cause, endedBy: disposition.unansweredEndedBy)
        case .credentialsRefused(let response):
            var cause = CallCause(response)
            cause.text = "credentials refused: \(cause.text)"
            self.init(.forbidden, cause, endedBy: .network)
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
                reason.isLoss ? .dropped : .answered,
                CallCause(sipStatus: 200, q850: reason.q850, text: reason.text),
                endedBy: reason.isLoss ? .network : .callee)
        case .lost(let status):
            self.init(
                .dropped, CallCause(sipStatus: status ?? 200, text: "the dialog was lost"), endedBy: .network)
        }
    }
}
