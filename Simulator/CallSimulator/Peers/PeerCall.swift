internal import RTPMedia
internal import SIPCore
internal import SansIO
internal import Telephony

/// One call at the peer. Belongs to the peer's loop.
final class PeerCall {
    let slot: Int
    let session: InviteSessionID
    let number: String
    let sipCallID: String
    let attempt: Int
    let invitedAt: MonotonicInstant
    let invitedWallClock: WallClockInstant
    /// The caller's offer; `nil` when the INVITE had none and ours goes into the 2xx.
    let offer: [UInt8]?
    var callee: ScriptedCallee
    var negotiator: AudioNegotiator
    var ports: (rtp: BoundSocket, rtcp: BoundSocket)?
    /// What we sent as answer (or offer): the same in 183 and 200.
    var description: [UInt8]?
    var leg: AudioLeg?
    var answeredAt: MonotonicInstant?
    /// Our BYE is on its way.
    var hungUpByUs = false
    /// Words that the log knows of.
    var loggedWords = 0

    init(
        slot: Int, session: InviteSessionID, request: ReceivedRequest, number: String, attempt: Int,
        callee: ScriptedCallee, negotiator: AudioNegotiator, at now: MonotonicInstant,
        wallClock: WallClockInstant
    ) {
        self.slot = slot
        self.session = session
        self.number = number
        sipCallID = request.callID
        self.attempt = attempt
        self.callee = callee
        self.negotiator = negotiator
        invitedAt = now
        invitedWallClock = wallClock
        offer = request.body.flatMap { Self.isSDP($0) ? $0.bytes : nil }
    }

    static func isSDP(_ body: SIPBody) -> Bool {
        body.contentType.prefix { $0 != ";" && $0 != " " }.lowercased() == "application/sdp"
    }

    /// One frame each way.
    ///
    /// - Returns: Whether `packet` is to be sent.
    func tick(
        frames: inout PeerFrames, into packet: inout OwnedBytes, actions: inout [ScriptedCallee.Action],
        at now: MonotonicInstant
    ) -> Bool {
        guard let leg else { return false }
        receive(from: leg, narrow: &frames.narrowIn, wide: &frames.wideIn, at: now)
        return send(
            to: leg, inbound: frames.narrowIn, wide: &frames.wideOut, narrow: &frames.narrowOut,
            into: &packet,
            actions: &actions, at: now)
    }

    private func receive(
        from leg: AudioLeg, narrow: inout [Int16], wide: inout [Int16], at now: MonotonicInstant
    ) {
        var narrowFrame = narrow.mutableSpan
        var wideFrame = wide.mutableSpan
        _ = leg.pullFrame(narrow: &narrowFrame, wide: &wideFrame, at: now)
        while let digit = leg.takeDigit() { callee.heard(digit) }
    }

    private func send(
        to leg: AudioLeg, inbound: borrowing [Int16], wide: inout [Int16], narrow: inout [Int16],
        into packet: inout OwnedBytes, actions: inout [ScriptedCallee.Action], at now: MonotonicInstant
    ) -> Bool {
        var wideFrame = wide.mutableSpan
        var narrowFrame = narrow.mutableSpan
        callee.tick(inbound: inbound.span, outbound: &wideFrame, at: now, into: &actions)
        return leg.pushFrame(wideFrame.span, narrow: &narrowFrame, at: now, into: &packet)
    }

    func report(_ end: PeerCallReport.End, status: Int, at now: MonotonicInstant) -> PeerCallReport {
        func milliseconds(_ start: MonotonicInstant, _ end: MonotonicInstant) -> Int {
            Int(start.duration(to: end).nanoseconds / 1_000_000)
        }
        return PeerCallReport(
            number: number, sipCallID: sipCallID, attempt: attempt, invitedAt: invitedWallClock, end: end,
            status: status, answeredAfterMilliseconds: answeredAt.map { milliseconds(invitedAt, $0) },
            talkMilliseconds: answeredAt.map { milliseconds($0, now) },
            said: callee.saidWords.joined(separator: " "), heard: callee.heard,
            media: leg.map { MediaStatistics(peer: $0.statistics) })
    }
}

/// The frames of one tick, reused for every call.
struct PeerFrames {
    var narrowIn = [Int16](repeating: 0, count: 160)
    var wideIn = [Int16](repeating: 0, count: 160)
    var wideOut = [Int16](repeating: 0, count: 160)
    var narrowOut = [Int16](repeating: 0, count: 160)
}

extension MediaStatistics {
    init(peer figures: AudioLegStatistics) {
        self.init()
        codec = figures.codec.rawValue
        packetsSent = figures.packetsSent
        packetsReceived = figures.packetsReceived
        octetsSent = figures.octetsSent
        octetsReceived = figures.octetsReceived
        packetsLost = figures.packetsLost
        framesConcealed = figures.framesConcealed
        framesPlayed = figures.framesPlayed
        jitterMilliseconds = figures.jitterMilliseconds
        remoteFractionLost = figures.remoteFractionLost
        roundTripMilliseconds = figures.roundTripMilliseconds
        packetsRejected = figures.packetsRejected
        rejections = figures.packetsRejected > 0 ? figures.rejections : nil
        packetsDiscarded = figures.packetsDiscarded
        inboundQuality = figures.inboundQuality
        outboundQuality = figures.outboundQuality
        cryptoSuite = figures.cryptoSuite?.rawValue
    }
}
