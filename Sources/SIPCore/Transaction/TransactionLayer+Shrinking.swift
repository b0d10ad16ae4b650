extension TransactionLayer {
    enum Fate: Hashable, Sendable {
        case live
        case lingering(Tombstone.Kind)
        case over
    }

    /// What remains of a machine in this state.
    static func fate(of machine: Live.Machine) -> Fate {
        switch machine {
        case .inviteClient(let machine):
            switch machine.state {
            case .calling, .proceeding: .live
            case .accepted: .lingering(.inviteClientAccepted)
            case .completed: .lingering(.inviteClientCompleted)
            case .terminated: .over
            }
        case .nonInviteClient(let machine):
            switch machine.state {
            case .trying, .proceeding: .live
            case .completed: .lingering(.nonInviteClientCompleted)
            case .terminated: .over
            }
        case .inviteServer(let machine):
            switch machine.state {
            case .proceeding, .completed: .live
            case .accepted: .lingering(.inviteServerAccepted)
            case .confirmed: .lingering(.inviteServerConfirmed)
            case .terminated: .over
            }
        case .nonInviteServer(let machine):
            // Its answer is the application's and cannot be made again, so it is kept whole.
            machine.state == .terminated ? .over : .live
        }
    }

    /// Request-URI and Route values of a request that we serialised, a line each.
    static func acknowledgementHead(of request: [UInt8]) -> [UInt8] {
        var head: [UInt8] = []
        let route = Array("Route: ".utf8)
        var isFirst = true
        for line in request.split(separator: ASCII.lineFeed, omittingEmptySubsequences: false) {
            if isFirst {
                let parts = line.split(separator: ASCII.space, maxSplits: 2)
                guard parts.count == 3 else { return [] }
                head += parts[1]
                isFirst = false
            } else if line.starts(with: route) {
                head.append(ASCII.lineFeed)
                head += line.dropFirst(route.count).dropLast()
            } else if line.count <= 1 {
                break
            }
        }
        return Array(head)
    }
}

extension UserAgentEffects {
    mutating func send(_ message: Range<Int>, along route: MessageRoute) {
        sends.append(
            UserAgentSend(
                range: message, socket: route.socket, destination: route.destination,
                transport: route.transport))
    }
}
