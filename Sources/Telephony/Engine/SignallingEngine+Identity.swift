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
        do {
            return try identity.headerFields(
                from: attempt.plan.from, to: attempt.plan.to, attestation: attestation, now: driver.wallClock)
        } catch {
            call.job.fail(with: CallError(.notSigned, error.description))
            return nil
        }
    }
}
