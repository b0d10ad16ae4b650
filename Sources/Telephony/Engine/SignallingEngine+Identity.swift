internal import SIPCore
internal import SansIO

extension SignallingEngine {
    /// Date and Identity of an INVITE over a trunk whose calls we vouch for; nothing for other trunks.
    ///
    /// - Returns: `nil` when it cannot be signed; then the call's error is set. An unsigned call would be sent
    ///   where a signed one is wanted, so it is not sent at all.
    func identityFields(of call: SignallingCall, _ attempt: DialAttempt) -> [SIPHeaderField]? {
        guard let attestation = attempt.line.trunk.attestation else { return [] }
        guard let identity = configuration.identity else {
            let message = "the trunk wants its calls signed, and the dialer has no identity to sign with"
            call.job.fail(with: CallError(.notSigned, message))
            return nil
        }
        // As they are asked for: what is dialed may have the trunk's prefixes, and From may be anonymous.
        let plan = attempt.plan
        let callee = call.job.plan.request.to
        guard
            let from = IdentityParty.canonicalNumber(plan.callerNumber).map({ .number($0) })
                ?? IdentityParty(address: plan.from),
            let to = IdentityParty.canonicalNumber(callee).map({ .number($0) })
                ?? IdentityParty(address: plan.to)
        else {
            call.job.fail(
                with: CallError(.notSigned, "a party of the call is neither a number nor a SIP URI"))
            return nil
        }
        do {
            return try identity.headerFields(
                from: from, to: to, attestation: attestation, now: driver.wallClock)
        } catch {
            call.job.fail(with: CallError(.notSigned, error.description))
            return nil
        }
    }
}
