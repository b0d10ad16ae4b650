public import SansIO

/// What happens in a ``Room``, in order, each with its instant.
public struct RoomEvent: Hashable, Sendable {
    /// Why somebody is no longer in the room.
    @nonexhaustive
    public enum Departure: Hashable, Sendable {
        /// ``Room/leave(_:)``, or the task of a bridge was cancelled.
        case left
        /// Its call is over.
        case callEnded
        /// A sound that was played once is over.
        case finished
        /// The room was closed.
        case roomClosed
    }

    @nonexhaustive
    public enum Kind: Hashable, Sendable {
        case joined(String)
        case left(String, Departure)
        /// Somebody started to speak, by voice activity. A sound that is played never does.
        case speaking(String)
        case silent(String)
        /// The loudest of those who speak is another one now, and stays so for 300 ms; `nil`: nobody speaks.
        case activeSpeaker(String?)
        case recordingPaused
        case recordingResumed
        /// A recording of the room stopped for a fault of the file, in words; the room goes on.
        case recordingFailed(String)
        /// The last event.
        case closed
    }

    public var instant: MonotonicInstant
    public var kind: Kind

    public init(instant: MonotonicInstant, kind: Kind) {
        self.instant = instant
        self.kind = kind
    }
}

/// The events of one room from its start, followed at the reader's own pace; a slow reader loses the oldest beyond 1,024.
public struct RoomEvents: AsyncSequence, Sendable {
    let log: EventLog<RoomEvent>

    public func makeAsyncIterator() -> Iterator { Iterator(log: log) }

    public struct Iterator: AsyncIteratorProtocol {
        let log: EventLog<RoomEvent>
        var index = 0

        /// The next event; `nil` after ``RoomEvent/Kind/closed``, and in a cancelled task after those that are there already.
        public mutating func next() async -> RoomEvent? {
            guard let (event, nextIndex) = await log.next(from: index) else { return nil }
            index = nextIndex
            return event
        }
    }
}
