internal import SansIO

/// From 20 ms frames to RTP packets: resampling, encoding, numbering, telephone events.
struct OutboundAudio: ~Copyable {
    /// Silent frames after which the next one with sound starts a talkspurt: 200 ms.
    private static let talkspurtGap = 10

    let synchronizationSource: UInt32
    private(set) var packets = 0
    private(set) var octets = 0
    private var negotiated: NegotiatedAudio
    private var codec: NegotiatedCodec
    private let isWide: Bool
    private var resampler: SpeexResampler?
    private var events = TelephoneEventSender()
    private var sequence: SequenceNumber
    /// Of the next frame; moves on with every deadline, whether something is sent or not.
    private var timestamp: RTPTimestamp
    private var lastDeadline: MonotonicInstant?
    private var silentFrames = OutboundAudio.talkspurtGap

    init(_ configuration: AudioLeg.Configuration, generator: inout SeededGenerator) throws(AudioLegError) {
        negotiated = configuration.negotiated
        codec = NegotiatedCodec(configuration.negotiated.codec)
        isWide = configuration.rateHertz != AudioFrame.narrowRateHertz
        resampler = try AudioLegError.resampler(
            from: configuration.rateHertz, to: AudioFrame.narrowRateHertz,
            quality: configuration.resamplerQuality)
        synchronizationSource = UInt32(truncatingIfNeeded: generator.next() >> 32)
        sequence = SequenceNumber(UInt16(truncatingIfNeeded: generator.next() >> 48))
        timestamp = RTPTimestamp(UInt32(truncatingIfNeeded: generator.next() >> 32))
    }

    mutating func push(
        _ frame: Span<Int16>, narrow: inout MutableSpan<Int16>, at now: MonotonicInstant,
        into packet: inout OwnedBytes
    ) -> Bool {
        narrowed(frame, into: &narrow)
        let start = timestamp
        timestamp = timestamp.advanced(by: AudioFrame.narrowSamples)
        lastDeadline = now
        guard negotiated.direction.sends else {
            packet.removeAll()
            silentFrames = Self.talkspurtGap
            return false
        }
        if case .packet(let event, let marker, let age) = events.step(),
            let type = negotiated.sendEventPayloadType
        {
            for index in narrow.indices { narrow[index] = 0 }
            silentFrames = Self.talkspurtGap
            let header = header(type: type, marker: marker, timestamp: start.advanced(by: -age))
            send(header, payloadCount: TelephoneEvent.byteCount, into: &packet) { block in
                block.storeBytes(of: event.encoded.bigEndian, as: UInt32.self)
            }
            return true
        }
        let marker = noteTalkspurt(narrow.span)
        let header = header(type: negotiated.sendPayloadType, marker: marker, timestamp: start)
        let codec = codec
        let samples = narrow.span
        send(header, payloadCount: samples.count, into: &packet) { block in
            var bytes = block.mutableBytes
            _ = codec.encode(samples, into: &bytes)
        }
        return true
    }

    /// The media clock's reading at `now`, for a sender report.
    func timestamp(at now: MonotonicInstant) -> RTPTimestamp {
        guard let lastDeadline else { return timestamp }
        let elapsed = lastDeadline.duration(to: now).nanoseconds / 125_000
        return timestamp.advanced(by: Int(elapsed) - AudioFrame.narrowSamples)
    }

    /// Whether the next frame would be lost to a key, or stand alone between two.
    var isSendingDigits: Bool {
        negotiated.direction.sends && negotiated.sendEventPayloadType != nil && events.isSendingKeys
    }

    mutating func sendDigits(_ digits: String) -> Bool {
        negotiated.sendEventPayloadType != nil && events.send(digits)
    }

    mutating func renegotiate(_ next: NegotiatedAudio) {
        if next.codec != negotiated.codec { codec = NegotiatedCodec(next.codec) }
        if next.sendEventPayloadType == nil { events = TelephoneEventSender() }
        negotiated = next
    }

    private mutating func narrowed(_ frame: Span<Int16>, into narrow: inout MutableSpan<Int16>) {
        if isWide, let count = try? resampler?.resample(frame, into: &narrow) {
            for index in count..<narrow.count { narrow[index] = 0 }
        } else {
            for index in 0..<min(frame.count, narrow.count) { narrow[index] = frame[index] }
        }
    }

    private mutating func header(type: UInt8, marker: Bool, timestamp: RTPTimestamp) -> RTPHeader {
        defer { sequence = sequence.advanced(by: 1) }
        return RTPHeader(
            marker: marker, payloadType: type, sequence: sequence, timestamp: timestamp,
            synchronizationSource: synchronizationSource)
    }

    private mutating func send(
        _ header: RTPHeader, payloadCount: Int, into packet: inout OwnedBytes,
        _ write: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        packet.fill { block in
            header.write(into: block)
            let end = RTPHeader.byteCount + payloadCount
            write(UnsafeMutableRawBufferPointer(rebasing: block[RTPHeader.byteCount..<end]))
            return end
        }
        packets += 1
        octets += payloadCount
    }

    /// Whether this frame is the first with sound after silence (RFC 3551 §4.1).
    private mutating func noteTalkspurt(_ samples: Span<Int16>) -> Bool {
        var bits: Int16 = 0
        for index in samples.indices { bits |= samples[index] }
        guard bits != 0 else {
            silentFrames += 1
            return false
        }
        defer { silentFrames = 0 }
        return silentFrames >= Self.talkspurtGap
    }
}

extension AudioLegError {
    /// A resampler between two rates of a leg; `nil` when they are the same.
    static func resampler(from input: Int, to output: Int, quality: Int) throws(AudioLegError)
        -> SpeexResampler?
    {
        guard input != output else { return nil }
        do throws(SpeexResampler.Failure) {
            return try SpeexResampler(from: input, to: output, quality: quality)
        } catch {
            switch error {
            case .unsupportedRate(let hertz): throw .unsupportedRate(hertz: hertz)
            case .unsupportedQuality(let quality): throw .unsupportedQuality(quality)
            case .library(let code): throw .library(code: code)
            }
        }
    }
}
