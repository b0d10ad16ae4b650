internal import SansIO

/// What a room is called, who is there and what has happened: written on its loop, read from any thread.
final class RoomBoard: Sendable {
    let name: String
    /// Samples per second at which the room mixes.
    let rateHertz: Int
    /// The dialer's number of the room.
    let id: Int
    let log = EventLog<RoomEvent>(limit: 1_024)
    // Guards what other threads ask for; the room's loop writes it.
    private let state = Locked((participants: [String](), isClosed: false))

    init(name: String, rateHertz: Int, id: Int) {
        self.name = name
        self.rateHertz = rateHertz
        self.id = id
    }

    var participants: [String] { state.withLock { $0.participants } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func note(_ kind: RoomEvent.Kind, at now: MonotonicInstant) {
        state.withLock { state in
            switch kind {
            case .joined(let name):
                state.participants.append(name)
            case .left(let name, _): state.participants.removeAll { $0 == name }
            case .closed: state.isClosed = true
            default: break
            }
        }
        log.append(RoomEvent(instant: now, kind: kind))
        if kind == .closed { log.finish() }
    }
}
