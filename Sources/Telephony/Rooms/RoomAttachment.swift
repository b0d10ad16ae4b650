internal import RTPMedia
internal import SansIO

/// A leg's place in a room, on the leg's loop: frames of its own for the tick, and conversion between its rate and the room's.
final class RoomAttachment {
    enum Path {
        case local(RoomMix, RoomSeat)
        /// The room lives on another loop.
        case link(RoomLink)
    }

    let path: Path
    let room: RoomBoard
    /// Those of the tick under way, kept until the room has mixed.
    var frames: FrameBuffers
    private let toRoom: RateConverter?
    private let fromRoom: RateConverter?
    /// At the room's rate.
    private var roomFrame: [Int16]

    init(_ path: Path, room: RoomBoard, rateHertz: Int) throws(CallError) {
        self.path = path
        self.room = room
        frames = FrameBuffers(rateHertz: rateHertz)
        toRoom = try RateConverter.make(from: rateHertz, to: room.rateHertz)
        fromRoom = try RateConverter.make(from: room.rateHertz, to: rateHertz)
        roomFrame = [Int16](repeating: 0, count: room.rateHertz / 50)
    }

    /// Whether the room has let go of the leg. Only of a room on another loop: one on the same loop does it at once.
    var isOver: Bool { if case .link(let link) = path { link.closedBy != nil } else { false } }

    /// Says the inbound frame.
    func put() {
        switch path {
        case .local(_, let seat): seat.put(frames.wideIn, through: toRoom)
        case .link(let link):
            guard let toRoom else { return Self.put(frames.wideIn, into: link.toRoom) }
            toRoom.convert(frames.wideIn, into: &roomFrame)
            Self.put(roomFrame, into: link.toRoom)
        }
    }

    /// Takes what the leg hears as its outbound frame.
    func take() {
        guard let fromRoom else { return take(into: &frames.wideOut) }
        take(into: &roomFrame)
        fromRoom.convert(roomFrame, into: &frames.wideOut)
    }

    private func take(into frame: inout [Int16]) {
        switch path {
        case .local(let mix, let seat): mix.hear(seat, into: &frame)
        case .link(let link): Self.take(from: link.fromRoom, into: &frame)
        }
    }

    private static func put(_ frame: [Int16], into channel: AudioChannel) { channel.put(frame.span) }

    private static func take(from channel: AudioChannel, into frame: inout [Int16]) {
        var span = frame.mutableSpan
        let count = channel.take(into: &span)
        for index in count..<span.count { span[index] = 0 }
    }

    /// The leg leaves.
    func leave(_ why: RoomEvent.Departure, at now: MonotonicInstant) {
        switch path {
        case .local(let mix, let seat): mix.rise(seat, why, at: now)
        case .link(let link): link.close(why)
        }
    }
}
