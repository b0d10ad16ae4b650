public import SansIO

/// What a jitter buffer has for the wanted position.
public enum JitterBufferOutput: Hashable, Sendable {
    /// A packet; its payload has been copied out.
    ///
    /// - `tag`: As put.
    /// - `offset`: Samples from the wanted position to its first sample: negative when its start lies in the past
    ///   and is to be skipped, positive when something is missing before it.
    case packet(tag: UInt8, offset: Int)
    /// This many samples are to be made up; at least 1.
    case missing(samples: Int)
    /// Nothing to play and nothing lost: no stream yet, or the stream has stopped.
    case empty
}

/// The first packet behind a hole.
public struct PacketBehindHole: Hashable, Sendable {
    /// As put.
    public var tag: UInt8
    /// Samples from the start of what was reported missing to its start.
    public var distance: Int
    /// Whether packets are missing in between by their numbers; if not, the far end has sent nothing on purpose.
    public var hasLoss: Bool

    /// - Parameters:
    ///   - tag: As put.
    ///   - distance: In samples, 0...
    ///   - hasLoss: Whether numbers are missing.
    public init(tag: UInt8, distance: Int, hasLoss: Bool) {
        self.tag = tag
        self.distance = distance
        self.hasLoss = hasLoss
    }
}

/// What the owner of a jitter buffer is asked to do to the speech of one frame, so that the delay changes unheard.
public enum PlayoutAdjustment: Hashable, Sendable {
    case keep
    /// Play slower: insert at most this many samples.
    case lengthen(upTo: Int)
    /// Play faster: leave out at most this many samples.
    case shorten(upTo: Int)
}

/// Puts packets back in order and evens out their arrival: the seam between the network's time and ours.
///
/// Put whenever a packet arrives; per 20 ms deadline ``beginFrame(at:)``, ``take(_:into:)`` until a frame is full, then
/// ``finishFrame(remaining:)``. On the loop of the engine; nothing fails and nothing allocates per packet.
public protocol JitterBuffer: ~Copyable {
    /// Stores a copy of a payload; duplicates should have been dropped before.
    ///
    /// - Parameters:
    ///   - tag: Comes out again with the packet, to say how to decode it.
    ///   - samples: What the payload lasts, in units of the timestamp.
    ///   - now: When it arrived, on the clock of ``beginFrame(at:)``.
    mutating func put(
        _ payload: RawSpan, tag: UInt8, sequence: SequenceNumber, timestamp: RTPTimestamp, samples: Int,
        at now: MonotonicInstant)

    /// Starts the 20 ms of a frame.
    ///
    /// - Returns: How its speech is to be stretched; how far that is followed shows in what remains.
    mutating func beginFrame(at now: MonotonicInstant) -> PlayoutAdjustment

    /// Moves on by one packet or one hole.
    ///
    /// - Parameters:
    ///   - wanted: Samples still needed for this frame, at least 1.
    ///   - payload: Receives the payload of a `packet`.
    mutating func take(_ wanted: Int, into payload: inout OwnedBytes) -> JitterBufferOutput

    /// Looks at the packet behind the hole that ``take(_:into:)`` has just reported; it stays where it is.
    ///
    /// - Parameters:
    ///   - missing: Samples that were reported missing.
    ///   - payload: Receives its payload.
    /// - Returns: `nil` when none is held, or the buffer cannot tell.
    mutating func behindHole(of missing: Int, into payload: inout OwnedBytes) -> PacketBehindHole?

    /// Ends the 20 ms of this frame.
    ///
    /// - Parameter remaining: Samples taken beyond the frame and not yet played.
    mutating func finishFrame(remaining: Int)

    /// Drops what is held and starts over with the next packet.
    mutating func reset()
}

extension JitterBuffer where Self: ~Copyable {
    public mutating func beginFrame(at now: MonotonicInstant) -> PlayoutAdjustment { .keep }

    public mutating func behindHole(of missing: Int, into payload: inout OwnedBytes) -> PacketBehindHole? {
        nil
    }
}
