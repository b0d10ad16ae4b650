public import SansIO
public import Telephony

/// What happens in a conversation, as its agent sees it.
public struct AgentEvent: Hashable, Sendable {
    public var instant: MonotonicInstant
    public var kind: Kind

    public init(instant: MonotonicInstant, kind: Kind) {
        self.instant = instant
        self.kind = kind
    }

    @nonexhaustive
    public enum Kind: Hashable, Sendable {
        /// The callee started or stopped to speak.
        case voiceStarted
        case voiceStopped
        /// The callee's turn is over: it is the agent's turn to speak.
        case turnEnded(startMilliseconds: Int, endMilliseconds: Int)
        /// The words of a turn, from the transcriber.
        case heard(TranscriptEntry)
        /// The callee pressed a key.
        case digit(Character)
        /// The classifier's word on who answered; a later one replaces it.
        case verdict(AnswerVerdict)
        /// What the answering policy does now.
        case answering(AnsweringStep)
        /// An utterance was sent whole, or cut.
        case spoken(SpokenUtterance)
        /// The callee's voice cut the agent's speech; ``spoken(_:)`` of what was cut comes right before it.
        case bargedIn
        /// A mark of the agent's own was passed, with the position sent, or was cleared.
        case mark(MarkEvent)
        /// The call is over.
        case ended
    }
}

/// The events of one conversation from its start, followed at the reader's own pace.
///
/// Each loop has its own place; a slow one loses the oldest beyond 1,024.
public struct AgentEvents: AsyncSequence, Sendable {
    let session: AgentSession

    public func makeAsyncIterator() -> Iterator { Iterator(session: session) }

    public struct Iterator: AsyncIteratorProtocol {
        let session: AgentSession
        var index = 0

        /// The next event; `nil` after ``AgentEvent/Kind/ended``, and in a cancelled task after those that are there already.
        public mutating func next() async -> AgentEvent? {
            guard let (event, next) = await find() else { return nil }
            index = next
            return event
        }

        private func find() async -> (AgentEvent, Int)? {
            let wanted = index
            if let found = session.read({ $0.event(at: wanted) }) { return found }
            return try? await session.wait(on: .state) { $0.event(at: wanted) }
        }
    }
}

/// The callee's audio as the call delivers it: 20 ms at a time, or more when the reader was late.
public struct AgentFrames: AsyncSequence, Sendable {
    let session: AgentSession

    public func makeAsyncIterator() -> Iterator { Iterator(session: session) }

    public struct Iterator: AsyncIteratorProtocol {
        let session: AgentSession

        /// The next samples; `nil` when the call is over or the task is cancelled.
        public mutating func next() async -> [Int16]? { await session.read() }
    }
}
