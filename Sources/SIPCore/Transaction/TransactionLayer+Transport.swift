internal import SansIO

extension TransactionLayer {
    /// Ends the client transactions over `transport` that have had no response at all and whose route `matches`
    /// (RFC 3261 §17.1.4); their users are appended to `failed`, in order of their slots.
    ///
    /// Server transactions go on: their next response finds or opens another connection (RFC 3261 §18.2.2).
    mutating func failTransport(
        _ transport: SIPTransport, where matches: (MessageRoute) -> Bool, into failed: inout [TransactionUser]
    ) {
        if transport.isReliable, streamClientCount == 0 { return }
        for index in live.slots.indices {
            guard let route = live.slots[index]?.route, route.transport == transport, matches(route),
                let record = live[index]
            else { continue }
            switch record.machine {
            case .inviteClient(var machine):
                var out = InviteClientTransaction.Output()
                machine.failTransport(into: &out)
                if !out.events.isEmpty { failed.append(record.user) }
                replace(.inviteClient(machine), at: index)
            case .nonInviteClient(var machine):
                var out = NonInviteClientTransaction.Output()
                machine.failTransport(into: &out)
                if !out.events.isEmpty { failed.append(record.user) }
                replace(.nonInviteClient(machine), at: index)
            case .inviteServer, .nonInviteServer:
                continue
            }
        }
    }
}
