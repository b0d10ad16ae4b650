/// What becomes of a far end's request in a call that we call somebody else (REFER, RFC 3515).
///
/// Whoever is on the line can ask; the call that is placed is at our cost. Without a policy every request is refused with 603.
/// A request to take the place of another call (Refer-To with Replaces) always is.
///
/// The call that is placed is one of its own: it has the handler that is given to it, and goes on when the first one ends.
/// No audio passes between the two. The far end is told how it goes (NOTIFY: 100, 180 or 183, and the final status); as a rule
/// it hangs up the first call then.
public struct ReferralPolicy: Sendable {
    /// One request.
    public struct Referral: Hashable, Sendable {
        /// The call in which it came.
        public var call: CallID
        /// Whom we are to call: a URI, as the far end has written it, without header part.
        public var target: String
        /// Referred-By (RFC 3892): who asks, by its own word.
        public var referredBy: String?

        public init(call: CallID, target: String, referredBy: String? = nil) {
            self.call = call
            self.target = target
            self.referredBy = referredBy
        }
    }

    public enum Decision: Sendable {
        /// 603.
        case refuse
        /// Places a call, as ``Dialer/call(_:handler:)`` does.
        case place(CallRequest, any CallHandler)
    }

    /// Called on the driver's task executor (the global pool live).
    public typealias Decide = @Sendable (Referral) async -> Decision

    public var decide: Decide
    /// What takes longer is a refusal.
    public var decisionTimeout = Duration.seconds(5)

    public init(decide: @escaping Decide) { self.decide = decide }
}
