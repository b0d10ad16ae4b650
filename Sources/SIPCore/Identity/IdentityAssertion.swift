public import SansIO

/// Vouches for our own calls: adds Date and a signed Identity header field to an INVITE (RFC 8224 §6.1, RFC 8588).
public struct IdentityAssertion: Sendable {
    public var signer: any PASSporTSigning
    /// `origid` of every call: a UUID that names us, or our customer, to whoever traces a call back.
    public var originationID: String

    public init(signer: any PASSporTSigning, originationID: String) {
        self.signer = signer
        self.originationID = originationID
    }

    /// The header fields for a call.
    ///
    /// - Parameters:
    ///   - from: From (or P-Asserted-Identity) as it is sent; its number or URI is vouched for.
    ///   - to: To as it is sent.
    ///   - attestation: How far we vouch.
    /// - Throws: ``PASSporTSigningError`` when either party has no canonical form, or the signer fails.
    public func headerFields(
        from: String, to: String, attestation: Attestation, now: WallClockInstant
    ) throws(PASSporTSigningError) -> [SIPHeaderField] {
        guard let caller = IdentityParty(address: from) else {
            throw PASSporTSigningError("the caller is neither a number nor a SIP URI")
        }
        guard let callee = IdentityParty(address: to) else {
            throw PASSporTSigningError("the callee is neither a number nor a SIP URI")
        }
        return try headerFields(from: caller, to: callee, attestation: attestation, now: now)
    }

    /// The header fields for a call between parties that are known, however From and To spell them.
    ///
    /// - Throws: ``PASSporTSigningError`` when the signer fails.
    public func headerFields(
        from caller: IdentityParty, to callee: IdentityParty, attestation: Attestation, now: WallClockInstant
    ) throws(PASSporTSigningError) -> [SIPHeaderField] {
        let seconds = max(0, now.nanosecondsSinceEpoch / 1_000_000_000)
        let passport = PASSporT(
            certificateURL: signer.certificateURL, originator: caller, destinations: [callee],
            issuedAt: seconds,
            shaken: PASSporT.SHAKEN(attestation: attestation, originationID: originationID))
        let header = IdentityHeader(
            token: try token(of: passport, signer), certificateURL: signer.certificateURL,
            algorithm: "ES256", extensionType: passport.extensionType)
        return [
            SIPHeaderField(name: "Date", value: SIPDate.text(seconds)),
            SIPHeaderField(name: "Identity", value: header.text),
        ]
    }

    private func token(
        of passport: PASSporT, _ signer: some PASSporTSigning
    ) throws(PASSporTSigningError) -> String {
        try passport.token(signedBy: signer)
    }
}
