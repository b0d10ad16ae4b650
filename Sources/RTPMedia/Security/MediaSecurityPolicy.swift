/// Whether the audio of a call is encrypted (SRTP, RFC 3711) with keys in the session descriptions (SDES, RFC 4568).
///
/// The keys are as safe as the signalling that carries them: use TLS.
public enum MediaSecurityPolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// Never: offers are `RTP/AVP` without keys, and streams that insist on encryption are refused.
    case off
    /// When the far end can: offers are `RTP/AVP` with keys, which those without SRTP pass over, as Asterisk and baresip do
    /// it ("opportunistic"). Of two offered streams the encrypted one is taken. What is encrypted may become clear by a
    /// later offer of the far end.
    case optional
    /// Always: offers are `RTP/SAVP`; an answer or an offer without keys is refused, at first and in mid-call.
    case required
}
