internal import SansIO

/// The RTCP side of a leg: what we report, and what the far end reports about us (RFC 3550 §6.4, RFC 3611).
struct ReportExchange: Sendable {
    /// Seconds from 1900 to 1970.
    private static let ntpEpoch: UInt64 = 2_208_988_800

    /// What goes into our reports.
    struct Figures: Hashable, Sendable {
        var synchronizationSource: UInt32
        var rtpTimestamp: RTPTimestamp
        var packetsSent: Int
        var octetsSent: Int
        /// SSRC of the stream that we receive, and when its last packet came; `nil` when none has.
        var remoteSource: UInt32?
        var lastAudio: MonotonicInstant?
        /// Sent along when extended reports were agreed on.
        var metrics: VoIPMetrics?
    }

    private let canonicalName: String
    private(set) var scheduler: RTCPScheduler
    private(set) var remote = RemoteReports()
    private var membership = RTCPMembership()
    /// Where RTCP has come from, and when the last came.
    private(set) var source: SocketAddress?
    private(set) var lastArrival: MonotonicInstant?
    /// The last sender report of the far end, and its last receiver reference time.
    private var heard: Reference?
    private var reference: Reference?
    /// Our last sender reports, newest last: a reception report names one of them.
    private var sent: [(middleNTP: UInt32, at: MonotonicInstant)] = []
    /// Packets sent as of the last report and the one before.
    private var packetsAtReports = (last: 0, before: 0)
    /// Sent under an SSRC that we have given up: a sender report counts its own source's alone.
    private var sentBefore = (packets: 0, octets: 0)
    private var isSender = false

    private struct Reference: Sendable {
        var source: UInt32
        var middleNTP: UInt32
        var arrival: MonotonicInstant

        /// Time since it came, in 1/65,536 s; the field ends at 65,536 s.
        func delay(at now: MonotonicInstant) -> UInt32 {
            let held = min(max(arrival.duration(to: now).nanoseconds, 0), 65_536_000_000_000)
            return UInt32(clamping: held / 1_000 * 65_536 / 1_000_000)
        }
    }

    init(canonicalName: String, generator: SeededGenerator, at now: MonotonicInstant) {
        self.canonicalName = canonicalName
        scheduler = RTCPScheduler(generator: generator, at: now)
    }

    // MARK: Receiving

    /// Takes a compound packet from a host that has been checked.
    ///
    /// - Parameters:
    ///   - remoteSource: SSRC of the stream that we receive. Another one's reports on us count, but not its clock, and our
    ///     reports do not follow it.
    /// - Returns: The SSRC that sent it; `nil` when it is not valid RTCP.
    mutating func receive(
        _ datagram: RawSpan, from address: SocketAddress, ownSource: UInt32, remoteSource: UInt32?,
        at now: MonotonicInstant
    ) -> UInt32? {
        guard let packets = try? RTCPPacket.parseCompound(datagram), let sender = packets.first?.reporter
        else { return nil }
        let isExpected = remoteSource == nil || sender == remoteSource
        if isExpected { source = address }
        lastArrival = now
        scheduler.received(byteCount: datagram.byteCount)
        if sender != ownSource { noteMember(sender, at: now) }
        for packet in packets {
            switch packet {
            case .senderReport(let source, let information, let reports):
                if isExpected {
                    heard = Reference(source: source, middleNTP: information.middleNTP, arrival: now)
                }
                take(reports, ownSource: ownSource, at: now)
            case .receiverReport(_, let reports): take(reports, ownSource: ownSource, at: now)
            case .extendedReport(let source, let blocks):
                guard isExpected else { break }
                take(blocks, of: source, ownSource: ownSource, at: now)
            case .goodbye(let sources, _): forget(sources.prefix(RTCPMembership.limit), at: now)
            case .sourceDescription, .other: break
            }
        }
        return sender
    }

    private mutating func take(_ reports: [ReceptionReport], ownSource: UInt32, at now: MonotonicInstant) {
        for report in reports where report.synchronizationSource == ownSource {
            remote.take(report)
            guard report.lastSenderReport != 0,
                let reported = sent.last(where: { $0.middleNTP == report.lastSenderReport })
            else { continue }
            let held = Int64(report.delaySinceLastSenderReport) * 1_000_000_000 / 65_536
            remote.takeRoundTrip(nanoseconds: reported.at.duration(to: now).nanoseconds - held)
        }
    }

    private mutating func take(
        _ blocks: [ExtendedReportBlock], of source: UInt32, ownSource: UInt32, at now: MonotonicInstant
    ) {
        for block in blocks {
            switch block {
            case .voipMetrics(let metrics) where metrics.synchronizationSource == ownSource:
                remote.take(metrics)
            case .receiverReferenceTime(let ntpTimestamp):
                reference = Reference(
                    source: source, middleNTP: UInt32(truncatingIfNeeded: ntpTimestamp >> 16), arrival: now)
            case .voipMetrics, .lossRuns, .duplicateRuns, .receiptTimes, .delaySinceReceiverReference,
                .statisticsSummary, .other:
                break
            }
        }
    }

    mutating func renegotiate() { source = nil }

    // MARK: Members

    private mutating func noteMember(
        _ source: UInt32, audioAt audio: MonotonicInstant? = nil, at now: MonotonicInstant
    ) {
        membership.heard(source, audioAt: audio, at: now)
        scheduler.members = membership.count
    }

    private mutating func forget(_ sources: ArraySlice<UInt32>, at now: MonotonicInstant) {
        var hasLeft = false
        for source in sources where membership.left(source) { hasLeft = true }
        guard hasLeft else { return }
        scheduler.members = membership.count
        scheduler.membersLeft(at: now)
    }

    private mutating func countMembers(_ figures: Figures, at now: MonotonicInstant) {
        if let source = figures.remoteSource, let audio = figures.lastAudio {
            noteMember(source, audioAt: audio, at: audio)
        }
        let interval = scheduler.calculatedInterval(isSender: isSender)
        if membership.expire(interval: interval, at: now) {
            scheduler.members = membership.count
            scheduler.membersLeft(at: now)
        }
        scheduler.senders = (isSender ? 1 : 0) + membership.senders(interval: interval, at: now)
    }

    // MARK: Sending

    /// Whether a report is to be sent now; otherwise the deadline has been put off.
    mutating func isDue(_ figures: Figures, at now: MonotonicInstant) -> Bool {
        isSender = figures.packetsSent > packetsAtReports.before
        countMembers(figures, at: now)
        return scheduler.isDue(isSender: isSender, at: now)
    }

    /// Writes a compound packet and sets the next deadline.
    ///
    /// - Parameter goodbyes: What leaves with it: our source at the end of the call.
    mutating func makeReport(
        _ figures: Figures, statistics: inout ReceptionStatistics, goodbyes: [UInt32],
        at now: MonotonicInstant, wallClock: WallClockInstant, into packet: inout OwnedBytes
    ) {
        let own = figures.synchronizationSource
        var blocks: [ReceptionReport] = []
        if let remoteSource = figures.remoteSource, statistics.isValid {
            blocks.append(report(on: remoteSource, &statistics, at: now))
        }
        isSender = figures.packetsSent > packetsAtReports.before
        var compound: [RTCPPacket] = []
        if isSender {
            let information = SenderInformation(
                ntpTimestamp: Self.ntp(wallClock), rtpTimestamp: figures.rtpTimestamp,
                packetCount: UInt32(truncatingIfNeeded: figures.packetsSent - sentBefore.packets),
                octetCount: UInt32(truncatingIfNeeded: figures.octetsSent - sentBefore.octets))
            if sent.count == 4 { sent.removeFirst() }
            sent.append((information.middleNTP, now))
            compound.append(.senderReport(synchronizationSource: own, information, blocks))
        } else {
            compound.append(.receiverReport(synchronizationSource: own, blocks))
        }
        compound.append(
            .sourceDescription([SourceDescription(synchronizationSource: own, canonicalName: canonicalName)]))
        let extended = extendedBlocks(figures, at: now)
        if !extended.isEmpty { compound.append(.extendedReport(synchronizationSource: own, extended)) }
        if !goodbyes.isEmpty { compound.append(.goodbye(synchronizationSources: goodbyes, reason: nil)) }
        RTCPPacket.buildCompound(compound, into: &packet)

        packetsAtReports = (figures.packetsSent, packetsAtReports.last)
        countMembers(figures, at: now)
        scheduler.sent(byteCount: packet.count, isSender: isSender, at: now)
    }

    /// Says goodbye for an SSRC that was given up, under its own name, and goes on with another (RFC 3550 §8.2).
    mutating func makeGoodbye(for abandoned: UInt32, _ figures: Figures, into packet: inout OwnedBytes) {
        sentBefore = (figures.packetsSent, figures.octetsSent)
        remote.sourceChanged()
        RTCPPacket.buildCompound(
            [
                .receiverReport(synchronizationSource: abandoned, []),
                .sourceDescription([
                    SourceDescription(synchronizationSource: abandoned, canonicalName: canonicalName)
                ]),
                .goodbye(synchronizationSources: [abandoned], reason: nil),
            ], into: &packet)
    }

    private func extendedBlocks(_ figures: Figures, at now: MonotonicInstant) -> [ExtendedReportBlock] {
        guard let metrics = figures.metrics else { return [] }
        var blocks: [ExtendedReportBlock] = []
        if let reference {
            blocks.append(
                .delaySinceReceiverReference([
                    ReceiverReferenceDelay(
                        synchronizationSource: reference.source, lastReference: reference.middleNTP,
                        delay: reference.delay(at: now))
                ]))
        }
        blocks.append(.voipMetrics(metrics))
        return blocks
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
            report.lastSenderReport = heard.middleNTP
            report.delaySinceLastSenderReport = heard.delay(at: now)
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

extension RTCPPacket {
    /// Who sent a report.
    fileprivate var reporter: UInt32? {
        switch self {
        case .senderReport(let source, _, _), .receiverReport(let source, _): source
        case .sourceDescription, .goodbye, .extendedReport, .other: nil
        }
    }
}
