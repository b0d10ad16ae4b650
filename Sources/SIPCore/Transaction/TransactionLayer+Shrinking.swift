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
        }
    }

    /// Request-URI, line end and Route lines of a request that we serialised.
    static func acknowledgementHead(of request: [UInt8]) -> [UInt8] {
        var head: [UInt8] = []
        var isFirst = true
        for line in request.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if isFirst {
                let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
                guard parts.count == 3 else { return [] }
                head.append(contentsOf: parts[1])
                head.append(contentsOf: Array("\r\n".utf8))
                isFirst = false
            } else if line.starts(with: Array("Route:".utf8)) {
                head.append(contentsOf: line)
                head.append(UInt8(ascii: "\n"))
            } else if line.count <= 1 {
                break
            }
        }
        return Array(head)
    }
}

extension UserAgentEffects {
    mutating func send(_ message: Range<Int>, along route: MessageRoute) {
        sends.append(UserAgentSend(range: message, socket: route.socket, destination: route.destination))
    }
}
