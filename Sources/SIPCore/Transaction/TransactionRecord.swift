internal import SansIO

/// Names one live transaction of a ``TransactionLayer``; stale once that has finished.
struct TransactionID: Hashable, Sendable {
    var index: Int32
    var generation: UInt32
}

/// Whom the outcome of a client transaction concerns.
enum TransactionUser: Hashable, Sendable {
    case invite(InviteSessionID)
    case cancel(InviteSessionID)
    case bye(InviteSessionID)
    /// An INVITE whose server was given up for another one.
    case superseded(InviteSessionID)
    /// A re-INVITE or UPDATE of ours.
    case offer(InviteSessionID)
    case prack(InviteSessionID)
    /// The BYE for a fork that answered too late.
    case fork(InviteSessionID)
    /// A request that is no part of a session's own machinery.
    case request(SIPRequestID)

    var session: InviteSessionID {
        switch self {
        case .invite(let session), .superseded(let session), .cancel(let session), .bye(let session),
            .offer(let session), .prack(let session),
            .fork(let session):
            session
        case .request: .nobody
        }
    }
}

extension TransactionUser {
    /// Whether it is a re-INVITE or UPDATE.
    var isOffer: Bool {
        if case .offer = self { true } else { false }
    }
}

extension InviteSessionID {
    /// The user of a transaction that no session waits for; ids are counted from 1.
    static var nobody: Self { Self(rawValue: 0) }
}

/// Where a message goes, how, and from which socket.
///
/// Over a stream `socket` may name the connection that the far end's message came through: it is used while it lives and
/// leads to the same host, else one to `destination` is found or opened (RFC 3261 §18.1.1, §18.2.2).
struct MessageRoute: Hashable, Sendable {
    var destination: SocketAddress
    var socket: SocketID
    var transport = SIPTransport.udp
}

extension TransactionLayer {
    /// A transaction that may still have something to decide or to repeat.
    struct Live: Sendable {
        enum Machine: Sendable {
            case inviteClient(InviteClientTransaction)
            case nonInviteClient(NonInviteClientTransaction)
            case inviteServer(InviteServerTransaction)
            case nonInviteServer(NonInviteServerTransaction)
        }

        var key: UInt64
        /// Finds merged requests (RFC 3261 §8.2.2.2); 0 where there cannot be any.
        var mergeKey: UInt64 = 0
        var machine: Machine
        /// What is repeated: the request of a client, the latest response of a server.
        var message: [UInt8]
        var route: MessageRoute
        var user: TransactionUser

        var isServer: Bool {
            switch machine {
            case .inviteServer, .nonInviteServer: true
            case .inviteClient, .nonInviteClient: false
            }
        }

        var nextDeadline: MonotonicInstant? {
            switch machine {
            case .inviteClient(let machine): machine.nextDeadline
            case .nonInviteClient(let machine): machine.nextDeadline
            case .inviteServer(let machine): machine.nextDeadline
            case .nonInviteServer(let machine): machine.nextDeadline
            }
        }
    }

    /// A finished transaction, kept to absorb retransmissions; ``lingering(_:)`` says which states these are.
    ///
    /// 500,000 of them must be cheap: no timers of their own, and no message. What has to be repeated is rebuilt from
    /// the retransmission that asks for it: an ACK from the response, a response from the request.
    struct Tombstone: Sendable {
        enum Kind: UInt8, Sendable, CaseIterable {
            /// Timer M: each copy of the 2xx goes to the session, which acknowledges it.
            case inviteClientAccepted
            /// Timer D: each copy of the final response is acknowledged.
            case inviteClientCompleted
            /// Timer K: copies of the final response are absorbed.
            case nonInviteClientCompleted
            /// Timer L: copies of the INVITE are absorbed; the session repeats the 2xx.
            case inviteServerAccepted
            /// Timer I: copies of INVITE and ACK are absorbed.
            case inviteServerConfirmed
            /// Timer J: copies of the request are answered again.
            case nonInviteServerCompleted

            var isServer: Bool {
                switch self {
                case .inviteServerAccepted, .inviteServerConfirmed, .nonInviteServerCompleted: true
                case .inviteClientAccepted, .inviteClientCompleted, .nonInviteClientCompleted: false
                }
            }
        }

        var key: UInt64
        var mergeKey: UInt64 = 0
        var session = InviteSessionID.nobody
        /// ``Kind/inviteClientCompleted``: Request-URI and Route values of the INVITE, a line each.
        var acknowledgementHead: [UInt8] = []
        var route: MessageRoute
        /// ``Kind/nonInviteServerCompleted``: the status to answer again.
        var status: UInt16 = 0
        var kind: Kind
        /// ``Kind/inviteClientAccepted``: a re-INVITE.
        var isReinvite = false
        /// ``Kind/inviteClientAccepted``: hash of the remote tag that the session was made with; 0 before it is known.
        var answeredBy: UInt32 = 0
    }
}
