internal import SansIO

/// What the transactions make of the messages that come in.
extension TransactionLayer {
    /// What came of a response.
    enum ResponseOutcome: Hashable, Sendable {
        /// It fits no transaction.
        case stray
        /// A repetition that concerns nobody.
        case absorbed
        /// The user must see it.
        case deliver(TransactionUser)
        /// The user must see it after the ACK was sent: a first final response of 300 or more to an INVITE.
        case acknowledgeAndDeliver(Acknowledgement, TransactionUser)
        /// A repetition of such a response: the ACK was lost.
        case acknowledge(Acknowledgement)
    }

    /// What the ACK for a final response of 300 or more takes from the INVITE (RFC 3261 §17.1.1.3).
    struct Acknowledgement: Hashable, Sendable {
        /// Request-URI and Route values, a line each, as the INVITE had them.
        var head: [UInt8]
        var route: MessageRoute
    }

    /// What came of a request.
    enum RequestOutcome: Hashable, Sendable {
        /// No transaction has it: a new request, or an ACK for a 2xx.
        case new
        /// A repetition; what it asks for is among the sends.
        case absorbed
        /// A repetition: the owner answers it with the same status again.
        case answerAgain(status: Int)
    }
}
