public import SansIO

/// Where a call stands. It only moves forward.
public enum CallPhase: Int, Hashable, Comparable, Sendable, Codable {
    case preparing, dialing, ringing, earlyMedia, answered, ended

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What happens in a call, in order, each with its instant.
public struct CallEvent: Hashable, Sendable {
    public var instant: MonotonicInstant
    public var kind: Kind

    public init(instant: MonotonicInstant, kind: Kind) {
        self.instant = instant
        self.kind = kind
    }

    @nonexhaustive
    public enum Kind: Hashable, Sendable {
        /// The trunk that the call goes over next. Told before ``dialing(sipCallID:)``, by dialers of several trunks.
        case routed(trunk: String)
        /// The INVITE is about to leave; its SIP Call-ID. Again, with another, when a trunk could not carry it.
        case dialing(sipCallID: String)
        /// A trunk could not carry the call, and it goes on over another.
        case failedOver(from: String, cause: CallCause)
        /// An INVITE for one of our numbers has come; its SIP Call-ID.
        case incoming(sipCallID: String)
        /// 180, or another 18x without media: received, or of an inbound call sent.
        case ringing(status: Int)
        /// A provisional response brought a session description: audio can be heard before the answer, by us or of an
        /// inbound call by the caller.
        case earlyMedia
        case answered
        /// A tone of the network, of a fax or of a voicemail was heard: in early media, or after the answer
        /// until somebody was recognised, for 30 s at most.
        case callProgress(ProgressTone)
        /// The classifier's word on who answered. A later verdict replaces an earlier one.
        case classified(AnswerVerdict)
        /// What the call's ``AnsweringPolicy`` makes the agent do now.
        case answering(AnsweringStep)
        /// A telephone key pressed by the callee, as a telephone event (RFC 4733), in the sound or in an INFO:
        /// `0`...`9`, `*`, `#`, `A`...`D`.
        case digit(Character)
        /// All audio before a mark has been sent, or was cleared.
        case mark(MarkEvent)
        /// The callee started to speak, by the energy of the decoded audio.
        case voiceStarted
        case voiceStopped
        /// The far end has put us on hold: the agent's audio waits.
        case heldByRemote
        case resumedByRemote
        /// The far end has agreed to our ``Call/hold()``.
        case held
        case resumed
        /// The call takes part in a room or bridge, of this name.
        case joinedRoom(String)
        case leftRoom(String)
        /// What the far end tells of its call to the target of our transfer: a status of 100...699.
        case transferProgress(status: Int)
        /// The far end has asked us to call somebody else (REFER), and we do (``DialerConfiguration/referrals``): the URI
        /// that it named, and the call that was placed.
        case transferAccepted(to: String, as: CallID)
        /// The far end has asked us to call somebody else (REFER); we do not. The URI that it named.
        case transferRefused(to: String)
        /// From here on the recording is silent, at the application's wish; it keeps its time.
        case recordingPaused
        case recordingResumed
        /// The recording stopped for a fault of the file, in words; the call goes on.
        case recordingFailed(String)
        /// The call is over. The agent's result is not known yet here; the outcome that callers and records get has it.
        case ended(CallOutcome)
    }
}

/// A mark in the outbound audio was reached.
public struct MarkEvent: Hashable, Sendable {
    public var name: String
    /// Samples sent before it, at the agent's rate, counted from the answer.
    public var samplesSent: Int64
    /// True when ``CallAudio/clear()`` removed the audio before the mark instead.
    public var wasCleared: Bool

    public init(name: String, samplesSent: Int64, wasCleared: Bool) {
        self.name = name
        self.samplesSent = samplesSent
        self.wasCleared = wasCleared
    }
}
