internal import SansIO

/// Decides whose RTP a leg listens to (symmetric RTP, RFC 4961; probation as in RFC 3550 §A.1).
///
/// - The negotiated address is believed at once.
/// - Before anybody is latched, another address is believed after two packets in sequence from one source: it is the
///   far end behind a NAT.
/// - After that, strangers are turned away, except that the negotiated address may take its place, and that the very
///   same stream (SSRC and sequence go on) may come from a new address once the old one has gone quiet.
/// - A new SSRC from the latched address is believed after two packets in sequence.
struct SourceLatch: Sendable {
    enum Admission: Hashable, Sendable {
        /// A packet of the stream that is going on.
        case current
        /// The first packet of a stream that is now believed in.
        case newStream
        case rejected
    }

    private struct Candidate: Hashable, Sendable {
        var address: SocketAddress
        var synchronizationSource: UInt32
        var sequence: SequenceNumber
    }

    private struct Latched: Sendable {
        var address: SocketAddress
        var synchronizationSource: UInt32
        var sequence: SequenceNumber
        var lastArrival: MonotonicInstant
    }

    /// Silence of the latched address after which its stream may go on from another one.
    static let quietPeriod = Duration.milliseconds(500)

    private(set) var negotiated: SocketAddress
    private let latchesToSource: Bool
    private var latched: Latched?
    private var candidate: Candidate?

    init(negotiated: SocketAddress, latchesToSource: Bool) {
        self.negotiated = negotiated
        self.latchesToSource = latchesToSource
    }

    /// Where to send to.
    var remote: SocketAddress { latched?.address ?? negotiated }

    /// SSRC of the stream that is going on.
    var synchronizationSource: UInt32? { latched?.synchronizationSource }

    /// Decides on one valid packet of a known payload type.
    mutating func admit(
        _ header: RTPHeader, from source: SocketAddress, at now: MonotonicInstant
    ) -> Admission {
        guard let current = latched else {
            if source == negotiated { return latch(to: header, from: source, at: now) }
            guard latchesToSource, isConfirmed(header, from: source) else { return .rejected }
            return latch(to: header, from: source, at: now)
        }
        if source == current.address {
            if header.synchronizationSource == current.synchronizationSource {
                latched?.sequence = header.sequence
                latched?.lastArrival = now
                return .current
            }
            guard isConfirmed(header, from: source) else { return .rejected }
            return latch(to: header, from: source, at: now)
        }
        if source == negotiated {
            guard isConfirmed(header, from: source) else { return .rejected }
            return latch(to: header, from: source, at: now)
        }
        guard latchesToSource, header.synchronizationSource == current.synchronizationSource,
            (1..<ReceptionStatistics.maximumDropout).contains(current.sequence.distance(to: header.sequence)),
            current.lastArrival.duration(to: now) >= Self.quietPeriod, isConfirmed(header, from: source)
        else { return .rejected }
        _ = latch(to: header, from: source, at: now)
        return .current
    }

    /// Carries on after an offer and answer.
    mutating func renegotiate(_ address: SocketAddress) {
        guard address != negotiated else { return }
        negotiated = address
        // The stream's numbers go on to be believed, but only from the new address, or from one that proves itself.
        latched = nil
        candidate = nil
    }

    private mutating func latch(
        to header: RTPHeader, from source: SocketAddress, at now: MonotonicInstant
    ) -> Admission {
        candidate = nil
        latched = Latched(
            address: source, synchronizationSource: header.synchronizationSource, sequence: header.sequence,
            lastArrival: now)
        return .newStream
    }

    /// Whether this packet follows the last one of the same candidate.
    private mutating func isConfirmed(_ header: RTPHeader, from source: SocketAddress) -> Bool {
        let next = Candidate(
            address: source, synchronizationSource: header.synchronizationSource, sequence: header.sequence)
        let expected = candidate
        candidate = next
        guard let expected else { return false }
        return expected.address == source && expected.synchronizationSource == next.synchronizationSource
            && expected.sequence.advanced(by: 1) == next.sequence
    }
}
