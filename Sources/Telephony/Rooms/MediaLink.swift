internal import RTPMedia
internal import SansIO

/// A one-way link from one call to another (``Call/send(to:gainDecibels:)``). Ends with ``stop()`` and with either call.
public final class MediaLink: Sendable {
    let channel: AudioChannel

    init(channel: AudioChannel) { self.channel = channel }

    /// False once it was stopped or a call ended.
    public var isActive: Bool { channel.isOpen }

    /// Any thread; again: nothing.
    public func stop() { channel.close() }
}

/// One end of a ``MediaLink``, on the loop of its leg. The listening side's rate is that of the channel.
final class MediaLinkEnd {
    private let channel: AudioChannel
    private let converter: RateConverter?
    private let gain: Int32
    private var frame: [Int16]

    /// - Parameters:
    ///   - converter: To the channel's rate.
    ///   - gain: In 1/4096.
    init(_ channel: AudioChannel, converter: RateConverter? = nil, gain: Int32 = 4_096, frameSamples: Int) {
        self.channel = channel
        self.converter = converter
        self.gain = gain
        frame = [Int16](repeating: 0, count: frameSamples)
    }

    var isOpen: Bool { channel.isOpen }

    func close() { channel.close() }

    /// The speaking side's frame.
    func put(_ wide: [Int16]) {
        if let converter { converter.convert(wide, into: &frame) } else { frame.copy(wide) }
        if gain != 4_096 { Self.scale(&frame, by: gain) }
        Self.put(frame, to: channel)
    }

    private static func scale(_ frame: inout [Int16], by gain: Int32) {
        var span = frame.mutableSpan
        SoftLimiter.scale(&span, by: gain)
    }

    private static func put(_ frame: [Int16], to channel: AudioChannel) { channel.put(frame.span) }

    private static func take(from channel: AudioChannel, into frame: inout [Int16]) -> Int {
        var span = frame.mutableSpan
        return channel.take(into: &span)
    }

    /// Adds what has come to the listening side's frame, softly limited.
    func add(to wide: inout [Int16]) {
        let count = Self.take(from: channel, into: &frame)
        if count > 0 { Self.add(frame, count: count, to: &wide) }
    }

    private static func add(_ frame: [Int16], count: Int, to wide: inout [Int16]) {
        let frame = frame.span
        var wide = wide.mutableSpan
        for index in 0..<min(count, wide.count) {
            wide[index] = SoftLimiter.limited(Int32(wide[index]) + Int32(frame[index]))
        }
    }
}

extension MediaEngine {
    /// Links of one call in each direction at most.
    private static let linkLimit = 16

    /// What the far end says goes to `channel` too.
    func tap(_ id: CallID, into channel: AudioChannel, rateHertz: Int, gain: Int32) -> Result<Void, CallError>
    {
        Result { () throws(CallError) in
            let leg = try answeredLeg(id)
            leg.taps.removeAll { !$0.isOpen }
            guard leg.taps.count < Self.linkLimit else { throw Self.tooManyLinks }
            let converter = try RateConverter.make(from: leg.job.call.audio.rateHertz, to: rateHertz)
            leg.taps.append(
                MediaLinkEnd(channel, converter: converter, gain: gain, frameSamples: rateHertz / 50))
        }
    }

    /// The far end hears what comes from `channel`, too.
    func feed(_ id: CallID, from channel: AudioChannel) -> Result<Void, CallError> {
        Result { () throws(CallError) in
            let leg = try answeredLeg(id)
            leg.feeds.removeAll { !$0.isOpen }
            guard leg.feeds.count < Self.linkLimit else { throw Self.tooManyLinks }
            leg.feeds.append(MediaLinkEnd(channel, frameSamples: leg.job.call.audio.frameSamples))
        }
    }

    private func answeredLeg(_ id: CallID) throws(CallError) -> MediaLeg {
        guard let leg = leg(id) else { throw CallError(.ended, "the call is over") }
        guard leg.isAnswered else { throw CallError(.notAnswered, "the call is not answered") }
        return leg
    }

    private static var tooManyLinks: CallError {
        CallError(.invalidRequest, "a call has \(linkLimit) links at most in each direction")
    }
}
