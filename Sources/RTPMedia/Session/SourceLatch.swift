internal import SansIO

/// Decides whose RTP a leg listens to (symmetric RTP, RFC 4961; probation as in RFC 3550 §A.1).
///
/// - The negotiated address is believed at once.
/// - Before anybody is latched, another address is believed after two packets in sequence from one source: it is the
///   far end behind a NAT.
/// - After that, strangers are turned away, except that the negotiated address may take its place, and that the very
///   same stream (SSRC and sequence go on) may come from a new address once the old one has gone quiet.
/// - A new SSRC from the latched address is believed after two packets in sequence.
///
/// So a stranger never takes over while the far end is heard, and one that does not know its SSRC and numbers never does
/// at all (the attacks of RFC 7362 §5). Who forges the far end's own address, or is first where the far end's true address
/// is not the described one, can be kept out by SRTP alone. Several hosts are watched at once, so that a flood from one
/// cannot keep the far end from proving itself.
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

    /// Hosts watched.
    static let candidateLimit = 4

    private(set) var negotiated: SocketAddress
    private let latchesToSource: Bool
    private var latched: Latched?
    /// The latest packet of each host that is not believed yet. The first place is kept for the negotiated host.
    private var candidates = [Candidate?](repeating: nil, count: SourceLatch.candidateLimit)
    private var nextPlace = 1

    init(negotiated: SocketAddress, latchesToSource: Bool) {
        self.negotiated = negotiated
        self.latchesToSource = latchesToSource
    }

    /// Where to send to.
    var remote: SocketAddress { latched?.address ?? negotiated }

    /// SSRC of the stream that is going on.
    var synchronizationSource: UInt32? { latched?.synchronizationSource }

    /// When the last packet came that was believed in.
    private(set) var lastArrival: MonotonicInstant?

    /// Decides on one valid packet of a known payload type.
    mutating func admit(
        _ header: RTPHeader, from source: SocketAddress, at now: MonotonicInstant
    ) -> Admission {
        let admission = judge(header, from: source, at: now)
        if admission != .rejected { lastArrival = now }
        return admission
    }

    private mutating func judge(
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
        forgetCandidates()
    }

    private mutating func forgetCandidates() {
        for place in candidates.indices { candidates[place] = nil }
    }

    private mutating func latch(
        to header: RTPHeader, from source: SocketAddress, at now: MonotonicInstant
    ) -> Admission {
        forgetCandidates()
        latched = Latched(
            address: source, synchronizationSource: header.synchronizationSource, sequence: header.sequence,
            lastArrival: now)
        return .newStream
    }

    /// Whether this packet follows the last one of the same candidate.
    private mutating func isConfirmed(_ header: RTPHeader, from source: SocketAddress) -> Bool {
        let next = Candidate(
            address: source, synchronizationSource: header.synchronizationSource, sequence: header.sequence)
        let place = self.place(of: source)
        let expected = candidates[place]
        candidates[place] = next
        guard let expected else { return false }
        return expected.address == source && expected.synchronizationSource == next.synchronizationSource
            && expected.sequence.advanced(by: 1) == next.sequence
    }

    /// One place per host, however many ports it sends from; the oldest makes room.
    private mutating func place(of source: SocketAddress) -> Int {
        if source.isSameHost(as: negotiated) { return 0 }
        for place in 1..<Self.candidateLimit {
            if let known = candidates[place], known.address.isSameHost(as: source) { return place }
        }
        defer { nextPlace = nextPlace % (Self.candidateLimit - 1) + 1 }
        return nextPlace
    }
}
