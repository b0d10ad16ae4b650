internal import SansIO

/// Samples on their way from one media loop to another: a bounded ring, whole frames in and out.
///
/// Both loops tick every 20 ms, each at a phase of its own, so that a frame waits less than 20 ms for the other side as a rule. When one loop
/// is late the other hears a frame of silence, and the frame that comes too late then stays as a reserve. More than
/// ``reserveFrames`` never wait: beyond it the oldest is lost.
final class AudioChannel: Sendable {
    private static let reserveFrames = 2

    private struct State {
        var ring: SampleRing
        var isOpen = true
    }

    // Guards the ring between the loop that puts and the loop that takes.
    private let state: Locked<State>

    /// - Parameter frameSamples: Samples of a frame on either side.
    init(frameSamples: Int) {
        state = Locked(State(ring: SampleRing(limit: Self.reserveFrames * frameSamples)))
    }

    var isOpen: Bool { state.withLock { $0.isOpen } }

    /// - Returns: False when the channel is closed.
    @discardableResult
    func put(_ frame: Span<Int16>) -> Bool {
        state.withLock { state in
            guard state.isOpen else { return false }
            _ = state.ring.appendDroppingOldest(frame)
            return true
        }
    }

    /// Fills `frame` from the front.
    ///
    /// - Returns: Samples taken; 0 when there is none, which leaves `frame` alone.
    func take(into frame: inout MutableSpan<Int16>) -> Int { state.withLock { $0.ring.take(into: &frame) } }

    /// Nothing more goes through. Any thread.
    func close() { state.withLock { $0.isOpen = false } }
}

/// Both ways between a leg and a room on another loop. Closed by either side: the other one sees it at its next tick.
final class RoomLink: Sendable {
    let toRoom: AudioChannel
    let fromRoom: AudioChannel
    /// The leg's loop.
    let media: MediaEngine
    // Guards why it was closed: the side that closes writes, the other reads.
    private let departure = Locked<RoomEvent.Departure?>(nil)

    init(frameSamples: Int, media: MediaEngine) {
        self.media = media
        toRoom = AudioChannel(frameSamples: frameSamples)
        fromRoom = AudioChannel(frameSamples: frameSamples)
    }

    var closedBy: RoomEvent.Departure? { departure.withLock { $0 } }

    func close(_ why: RoomEvent.Departure) {
        departure.withLock { $0 = $0 ?? why }
        toRoom.close()
        fromRoom.close()
    }
}
