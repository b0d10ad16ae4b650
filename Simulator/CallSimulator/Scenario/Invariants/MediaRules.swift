internal import SansIO

/// The RTP of one port in one call: numbers in order, stamps that follow the samples (RFC 3550 §5.1, RFC 4733 §2.5.1.2).
struct StreamRule {
    /// Units of the media clock in 20 ms, at 8,000, 16,000 and 48,000 Hz.
    private static let clocks: [UInt32] = [160, 320, 960]
    private static let interval: Int64 = 20_000_000

    private var hasBegun = false
    private var source: UInt32 = 0
    private var sequence: UInt16 = 0
    /// What the media clock showed at the latest packet.
    private var clock: UInt32 = 0
    private var time = MonotonicInstant(nanoseconds: 0)
    /// Payload type of the latest packet with audio, and units of its clock in 20 ms once they have shown.
    private var format: (type: UInt8, units: UInt32?) = (0, 160)
    /// Stamp of the latest packet when it was one of a telephone event.
    private var eventStamp: UInt32?

    /// - Parameter packet: At least 12 bytes.
    mutating func see(_ packet: RawSpan, at now: MonotonicInstant, into ledger: inout InvariantLedger) {
        let words = (packet.number32(at: 0), packet.number32(at: 4), packet.number32(at: 8))
        let sequence = UInt16(truncatingIfNeeded: words.0)
        let type = UInt8(truncatingIfNeeded: words.0 >> 16) & 0x7F
        let isEvent = type >= 96 && packet.byteCount == 16
        let stamp = words.1
        guard hasBegun else {
            hasBegun = true
            (source, self.sequence, clock, time) = (words.2, sequence, stamp, now)
            eventStamp = isEvent ? stamp : nil
            return
        }
        ledger.check(
            .rtpSequence, words.2 == source && sequence == self.sequence &+ 1, at: now,
            "\(sequence) of source \(words.2) after \(self.sequence) of \(source)")
        // Where nothing was sent for a while the clock ran on.
        let periods = max(1, (time.duration(to: now).nanoseconds + Self.interval / 2) / Self.interval)
        let units = units(of: type, stamp: stamp, periods: UInt32(truncatingIfNeeded: periods), isEvent)
        let expected = clock &+ units &* UInt32(truncatingIfNeeded: periods)
        ledger.check(
            .rtpTimestamp, stamp == expected || (isEvent && stamp == eventStamp), at: now,
            "stamp \(stamp) where the clock shows \(expected)\(isEvent ? ", telephone event" : "")")
        (self.sequence, clock, time) = (sequence, expected, now)
        eventStamp = isEvent ? stamp : nil
    }
}

extension StreamRule {
    /// What the clock does in 20 ms: known for static types, learnt from the second packet of others.
    private mutating func units(
        of type: UInt8, stamp: UInt32, periods: UInt32, _ isEvent: Bool
    ) -> UInt32 {
        if !isEvent, type != format.type { format = (type, type < 96 ? 160 : nil) }
        if let units = format.units { return units }
        guard let units = Self.clocks.first(where: { clock &+ $0 &* periods == stamp }) else {
            return Self.clocks[0]
        }
        if !isEvent { format.units = units }
        return units
    }
}

/// After the agent gave way its voice is off the wire within the bound.
struct BargeInRule {
    static let bound = Duration.milliseconds(60)

    private var deadline: MonotonicInstant?

    mutating func bargedIn(at now: MonotonicInstant) { deadline = now.advanced(by: Self.bound) }

    mutating func floorGiven() { deadline = nil }

    /// A call without a packet after the decision has nothing to show.
    @inline(__always)
    mutating func see(_ packet: RawSpan, at now: MonotonicInstant, into ledger: inout InvariantLedger) {
        guard let deadline else { return }
        judge(packet, at: now, deadline: deadline, into: &ledger)
    }

    private mutating func judge(
        _ packet: RawSpan, at now: MonotonicInstant, deadline: MonotonicInstant,
        into ledger: inout InvariantLedger
    ) {
        let isSilent = Self.isSilent(packet)
        guard isSilent || now > deadline else { return }
        ledger.check(
            .bargeIn, isSilent, at: now,
            "speech \(deadline.duration(to: now).inMilliseconds + 60) ms after the decision")
        self.deadline = nil
    }

    /// G.711 silence: both zeros of µ-law, and of A-law the two steps next to zero. Telephone events carry no sound.
    static func isSilent(_ packet: RawSpan) -> Bool {
        guard let second = packet.byte(at: 1) else { return true }
        let type = second & 0x7F
        guard type == 0 || type == 8 else { return true }
        for offset in 12..<max(12, packet.byteCount) {
            guard let byte = packet.byte(at: offset) else { break }
            if byte | 0x80 != (type == 0 ? 0xFF : 0xD5) { return false }
        }
        return true
    }
}

/// RTP flows from a port only once its side has sent and has received a description, and no longer than the call
/// (RFC 3264 §5.1); watches each stream between the two.
struct MediaRules {
    /// What may still leave after the end.
    private static let grace = Duration.milliseconds(20)

    private struct Flow {
        var callID: String
        var isOpen = false
        var closesAt: MonotonicInstant?
        /// One objection for a stream is enough.
        var isBlamed = false
        var stream = StreamRule()
        var bargeIn = BargeInRule()
    }

    /// One side of a call.
    private struct Side {
        var hasSent = false
        var hasReceived = false
        var flow: Int?
    }

    private struct Call {
        /// CSeq of its latest initial INVITE: the first, or the one after a challenge.
        var initialCSeq: UInt32?
        var sides: [SocketAddress: Side] = [:]
    }

    private var calls: [String: Call] = [:]
    private var flows: [Flow] = []
    /// For each host the flow of each port, -1 for none.
    private var hosts: [(address: SocketAddress, ports: [Int32])] = []

    // MARK: Signalling

    mutating func see(_ sighting: SIPSighting) {
        let message = sighting.message
        let place = sighting.place.with(port: 0)
        if message.isRequest, message.method == "INVITE", message.toTag.isEmpty {
            let known = calls[message.callID]?.initialCSeq
            if known.map({ $0 < message.cSeq }) ?? true {
                // A new try after a challenge negotiates from the start.
                calls[message.callID, default: Call()].initialCSeq = message.cSeq
                close(message.callID, at: place, sighting.time, isReset: true)
            }
        }
        if let port = message.audioPort { describe(message, port, sighting) }
        guard calls[message.callID] != nil else { return }
        if message.isRequest, message.method == "BYE" { close(message.callID, at: place, sighting.time) }
        if message.isFinal, message.status >= 300, message.method == "INVITE",
            calls[message.callID]?.initialCSeq == message.cSeq
        {
            close(message.callID, at: place, sighting.time)
        }
    }

    private mutating func describe(_ message: SIPGlance, _ port: UInt16, _ sighting: SIPSighting) {
        let place = sighting.place.with(port: 0)
        var side = calls[message.callID, default: Call()].sides[place] ?? Side()
        switch sighting.moment {
        case .delivered: side.hasReceived = true
        case .sent:
            side.hasSent = true
            let host = hostIndex(of: place)
            let known = hosts[host].ports[Int(port)]
            if known >= 0, flows[Int(known)].callID == message.callID {
                side.flow = Int(known)
            } else {
                flows.append(Flow(callID: message.callID))
                hosts[host].ports[Int(port)] = Int32(flows.count - 1)
                side.flow = flows.count - 1
            }
        }
        if let flow = side.flow, side.hasSent, side.hasReceived, flows[flow].closesAt == nil {
            flows[flow].isOpen = true
        }
        calls[message.callID, default: Call()].sides[place] = side
    }

    private mutating func close(
        _ callID: String, at place: SocketAddress, _ time: MonotonicInstant, isReset: Bool = false
    ) {
        guard let side = calls[callID]?.sides[place] else { return }
        if let flow = side.flow {
            if isReset {
                flows[flow].isOpen = false
                flows[flow].closesAt = nil
            } else if flows[flow].closesAt == nil {
                flows[flow].closesAt = time.advanced(by: Self.grace)
            }
        }
        if isReset { calls[callID]?.sides[place] = nil }
    }

    private mutating func hostIndex(of place: SocketAddress) -> Int {
        if let index = hosts.firstIndex(where: { $0.address.isSameHost(as: place) }) { return index }
        hosts.append((place, [Int32](repeating: -1, count: 65_536)))
        return hosts.count - 1
    }

    /// - Parameter place: The agent's side.
    mutating func bargedIn(in callID: String, at place: SocketAddress, _ now: MonotonicInstant) {
        guard let flow = calls[callID]?.sides[place.with(port: 0)]?.flow else { return }
        flows[flow].bargeIn.bargedIn(at: now)
    }

    /// What is said from here on is no rest of what gave way.
    mutating func floorGiven(in callID: String, at place: SocketAddress) {
        guard let flow = calls[callID]?.sides[place.with(port: 0)]?.flow else { return }
        flows[flow].bargeIn.floorGiven()
    }

    // MARK: Media

    /// An RTP packet has left `source`.
    mutating func see(
        _ packet: RawSpan, from source: SocketAddress, at now: MonotonicInstant,
        into ledger: inout InvariantLedger
    ) {
        var index = -1
        for host in hosts.indices where hosts[host].address.isSameHost(as: source) {
            index = Int(hosts[host].ports[Int(source.port)])
        }
        // RTCP on the same port (RFC 5761 §4).
        if let second = packet.byte(at: 1), (192...223).contains(second) { return }
        guard index >= 0, packet.byteCount >= 12 else {
            return ledger.check(.rtpWindow, false, at: now, "RTP from port \(source.port) of no call")
        }
        let isInTime =
            flows[index].isBlamed
            || (flows[index].isOpen && flows[index].closesAt.map { now <= $0 } ?? true)
        if !isInTime { flows[index].isBlamed = true }
        ledger.check(
            .rtpWindow, isInTime, at: now,
            "RTP from port \(source.port) \(flows[index].isOpen ? "after the end" : "before the answer") of "
                + flows[index].callID)
        flows[index].stream.see(packet, at: now, into: &ledger)
        flows[index].bargeIn.see(packet, at: now, into: &ledger)
    }
}
