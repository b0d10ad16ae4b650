/// The request that carries an offer of ours within a dialog.
public enum OfferMethod: Hashable, Sendable {
    /// re-INVITE (RFC 3261 §14): in established sessions; the far end may take as long as a person does.
    case reinvite
    /// UPDATE (RFC 3311): also while ringing, once the first exchange is complete; answered at once.
    case update
}

/// Why an offer of ours came to nothing. The session goes on as it was.
public enum OfferFailure: Hashable, Sendable {
    /// A final response of 300 or more that leaves the dialog, or 491 every time.
    case refused(ReceivedResponse)
    /// ``UserAgent/withdrawOffer(in:at:into:)`` took it back in time, it could not be written, or its early dialog is gone.
    case withdrawn
    /// It could not be sent, or its connection was lost before anything had come back (RFC 3261 §8.1.3.1).
    case transportFailed
    /// Nobody has answered it in an early dialog; where the call is up, that ends it instead.
    case timedOut
}

/// An offer of the far end that waits for ``UserAgent/answer(offerIn:status:reason:headers:body:at:into:)``.
public struct ReceivedOffer: Hashable, Sendable {
    @nonexhaustive
    public enum Carrier: Hashable, Sendable {
        /// UPDATE (RFC 3311).
        case update
        /// PRACK (RFC 3262 §5).
        case prack
        /// A reliable provisional response to our INVITE without offer.
        case reliableProvisional
        /// The 2xx to our INVITE without offer; our answer goes into its ACK.
        case success
    }

    public var carrier: Carrier
    /// The far end's tag: tells early dialogs apart.
    public var remoteTag: String
    public var body: SIPBody

    public init(carrier: Carrier, remoteTag: String, body: SIPBody) {
        self.carrier = carrier
        self.remoteTag = remoteTag
        self.body = body
    }
}
