/// How telephone keys go to a trunk, and in which ways they are listened for.
///
/// Whatever the mode, keys that come as telephone events or as INFO are told; a key that comes in two ways is told once.
@nonexhaustive
public enum DTMFMode: String, Hashable, Sendable, Codable, CaseIterable {
    /// Telephone events where they were negotiated, else in the sound.
    case auto
    /// Telephone events alone (RFC 4733): keys are not sent, nor found in the sound, where they were not negotiated.
    case rfc4733
    /// In the body of INFO requests, `application/dtmf-relay`.
    case info
    /// In the sound: telephone events are not offered.
    case inband
}
