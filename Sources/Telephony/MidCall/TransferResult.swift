/// What became of a transfer that we asked the far end for.
@nonexhaustive
public enum TransferResult: Hashable, Sendable {
    /// The target has answered the far end; our part in the call is over, and the handler's return hangs it up.
    case completed
    /// The far end has taken it on and says no more (RFC 4488).
    case accepted
    /// The far end refused, or the target did not answer it: a final status of 300 or more. The call goes on with us.
    case failed(status: Int, reason: String)
    /// No word in time, or the call ended before there was one.
    case unknown
}

/// Whom the far end is asked to call.
package enum TransferTarget: Hashable, Sendable {
    /// A number dialed through the call's trunk, or a whole SIP URI.
    case destination(String)
    /// The far end of another call of ours, in its place (RFC 3891).
    case call(CallID)
}
