internal import SansIO

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
        /// When we answer in place of an application that does not.
        let limit: MonotonicInstant
    }

    /// The dialog.
    let remoteTag: [UInt8]
    let message: Message

    /// When it is too late; `nil` for answers that go into requests of ours.
    var limit: MonotonicInstant? {
        if case .response(let response) = message { response.limit } else { nil }
    }

    /// Whether it is a request of `carrier` in the dialog with `tag`.
    func isResponse(to carrier: OfferAnswer.Carrier, in tag: [UInt8]) -> Bool {
        guard case .response(let response) = message else { return false }
        return response.carrier == carrier && remoteTag == tag
    }

    var isAcknowledgement: Bool {
        if case .acknowledgement = message { true } else { false }
    }
}
