internal import SansIO

/// The RTCP side of a leg: what we report, and what the far end reports about us (RFC 3550 §6.4).
struct ReportExchange: Sendable {
    /// Seconds from 1900 to 1970.
    private static let ntpEpoch: UInt64 = 2_208_988_800

    /// What goes into our reports.
    struct Figures: Hashable, Sendable {
        var synchronizationSource: UInt32
        var rtpTimestamp: RTPTimestamp
        var packetsSent: Int
        var octetsSent: Int
    }

    private let canonicalName: String
    private(set) var scheduler: RTCPScheduler
    private(set) var remoteFractionLost: Double?
    private(set) var roundTrip: Duration?
    /// Where RTCP has come from.
    private(set) var source: SocketAddress?
    /// The last sender report of the far end.
    private var heard: (source: UInt32, middleNTP: UInt32, arrival: MonotonicInstant)?
    /// Our last sender reports, newest last: a reception report names one of them.
    private var sent: [(middleNTP: UInt32, at: MonotonicInstant)] = []
    /// Packets sent as of the last report and the one before.
    private var packetsAtReports = (last: 0, before: 0)

    init(canonicalName: String, generator: SeededGenerator, at now: MonotonicInstant) {
        self.canonicalName = canonicalName
        scheduler = RTCPScheduler(generator: generator, at: now)
    }

    // MARK: Receiving

    /// Takes a compound packet from a host that has been checked.
    ///
    /// - Returns: False when it is not valid RTCP.
    mutating func receive(
        _ datagram: RawSpan, from address: SocketAddress, ownSource: UInt32, at now: MonotonicInstant
    ) -> Bool {
        guard let packets = try? RTCPPacket.parseCompound(datagram) else { return false }
        source = address
        scheduler.received(byteCount: datagram.byteCount)
        for packet in packets {
            switch packet {
            case .senderReport(let source, let information, let reports):
                heard = (source, information.middleNTP, now)
                take(reports, ownSource: ownSource, at: now)
            case .receiverReport(_, let reports):
                take(reports, ownSource: ownSource, at: now)
            case .sourceDescription, .goodbye, .other:
                break
            }
        }
        return true
    }

    private mutating func take(_ reports: [ReceptionReport], ownSource: UInt32, at now: MonotonicInstant) {
        for report in reports where report.synchronizationSource == ownSource {
            remoteFractionLost = Double(report.fractionLost) / 256
            guard report.lastSenderReport != 0,
                let reported = sent.last(where: { $0.middleNTP == report.lastSenderReport })
            else { continue }
            // The far end's delay is in 1/65,536 s; a negative result comes from its clock and is no time.
            let held = Int64(report.delaySinceLastSenderReport) * 1_000_000_000 / 65_536
            let nanoseconds = reported.at.duration(to: now).nanoseconds - held
            if nanoseconds >= 0 { roundTrip = .nanoseconds(nanoseconds) }
        }
    }

    mutating func renegotiate() { source = nil }

    // MARK: Sending

    /// Writes a compound packet and sets the next deadline.
    ///
    /// - Parameter remoteSource: SSRC of the stream we receive; `nil` when none has come.
    mutating func makeReport(
        _ figures: Figures, remoteSource: UInt32?, statistics: inout ReceptionStatistics, isLast: Bool,
        at now: MonotonicInstant, wallClock: WallClockInstant, into packet: inout OwnedBytes
    ) {
        let own = figures.synchronizationSource
        var blocks: [ReceptionReport] = []
        if let remoteSource, statistics.isValid {
            blocks.append(report(on: remoteSource, &statistics, at: now))
        }
        let isSender = figures.packetsSent > packetsAtReports.before
        var compound: [RTCPPacket] = []
        if isSender {
            let information = SenderInformation(
                ntpTimestamp: Self.ntp(wallClock), rtpTimestamp: figures.rtpTimestamp,
                packetCount: UInt32(truncatingIfNeeded: figures.packetsSent),
                octetCount: UInt32(truncatingIfNeeded: figures.octetsSent))
            if sent.count == 4 { sent.removeFirst() }
            sent.append((information.middleNTP, now))
            compound.append(.senderReport(synchronizationSource: own, information, blocks))
        } else {
            compound.append(.receiverReport(synchronizationSource: own, blocks))
        }
        compound.append(
            .sourceDescription([SourceDescription(synchronizationSource: own, canonicalName: canonicalName)]))
        if isLast { compound.append(.goodbye(synchronizationSources: [own], reason: nil)) }
        RTCPPacket.buildCompound(compound, into: &packet)

        packetsAtReports = (figures.packetsSent, packetsAtReports.last)
        scheduler.senders = (isSender ? 1 : 0) + (blocks.isEmpty ? 0 : 1)
        scheduler.sent(byteCount: packet.count, isSender: isSender, at: now)
    }

    private func report(
        on source: UInt32, _ statistics: inout ReceptionStatistics, at now: MonotonicInstant
    ) -> ReceptionReport {
        var report = ReceptionReport(
            synchronizationSource: source, fractionLost: statistics.takeFractionLost(),
            cumulativeLost: Int32(clamping: statistics.lost),
            extendedHighestSequence: statistics.extendedHighestSequence,
            jitter: UInt32(min(statistics.jitter, 4e9)), lastSenderReport: 0, delaySinceLastSenderReport: 0)
        if let heard, heard.source == source {
            // The field ends at 65,536 s.
            let held = min(max(heard.arrival.duration(to: now).nanoseconds, 0), 65_536_000_000_000)
            report.lastSenderReport = heard.middleNTP
            report.delaySinceLastSenderReport = UInt32(clamping: held / 1_000 * 65_536 / 1_000_000)
        }
        return report
    }

    /// Seconds and fractions since 1900 (RFC 3550 §4).
    static func ntp(_ wallClock: WallClockInstant) -> UInt64 {
        let (quotient, remainder) = wallClock.nanosecondsSinceEpoch.quotientAndRemainder(
            dividingBy: 1_000_000_000)
        let seconds = quotient - (remainder < 0 ? 1 : 0)
        let nanoseconds = UInt64(remainder < 0 ? remainder + 1_000_000_000 : remainder)
        let sinceEpoch = UInt64(bitPattern: seconds) &+ ntpEpoch
        return sinceEpoch << 32 | (nanoseconds << 32) / 1_000_000_000
    }
}
