/// An offer of the far end that the application has not answered yet, and the message that will carry the answer.
struct OwedAnswer: Sendable {
    enum Message: Sendable {
        /// The final response to UPDATE or PRACK.
        case response(Response)
        /// PRACK for a reliable provisional response to our INVITE without offer.
        case prack(rSeq: UInt32)
        /// ACK for the 2xx to our INVITE without offer.
        case acknowledgement
    }

    struct Response: Sendable {
        let transaction: TransactionID
        let carrier: OfferAnswer.Carrier
        /// Lines that the response repeats.
        let head: [UInt8]
        let terms: SessionTimerTerms
    }

    /// The dialog.
    let remoteTag: [UInt8]
    let message: Message

    /// Whether it is a request of `carrier` in the dialog with `tag`.
    func isResponse(to carrier: OfferAnswer.Carrier, in tag: [UInt8]) -> Bool {
        guard case .response(let response) = message else { return false }
        return response.carrier == carrier && remoteTag == tag
    }

    var isAcknowledgement: Bool {
        if case .acknowledgement = message { true } else { false }
    }
}

/// What every copy of the 2xx to a re-INVITE of ours is acknowledged with (RFC 3261 §13.2.2.4).
struct ReinviteAcknowledgement: Sendable {
    let cSeq: UInt32
    let branch: UInt64
    /// Credentials of the re-INVITE.
    let authorization: [SIPHeaderField]
    /// The answer, when the 2xx offered.
    var body: SIPBody?
}
