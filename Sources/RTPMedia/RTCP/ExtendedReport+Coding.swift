internal import SansIO

extension ExtendedReportBlock {
    private static let headerBytes = 4

    /// Reads the blocks between two offsets. A block whose own length fits is never an error: what is too short for its
    /// type is ``other(type:byteCount:)`` (RFC 3611 §3: unknown blocks are ignored).
    ///
    /// - Returns: `nil` when a block runs past the end.
    static func parseAll(_ bytes: RawSpan, in range: Range<Int>) -> [ExtendedReportBlock]? {
        var blocks: [ExtendedReportBlock] = []
        var offset = range.lowerBound
        while offset < range.upperBound {
            guard offset + headerBytes <= range.upperBound else { return nil }
            let body = offset + headerBytes
            let end = body + 4 * Int(bytes.uint16(at: offset + 2))
            guard end <= range.upperBound else { return nil }
            let type = bytes.uint8(at: offset)
            blocks.append(
                parse(type, specific: bytes.uint8(at: offset + 1), bytes, in: body..<end)
                    ?? .other(type: type, byteCount: end - body))
            offset = end
        }
        return blocks
    }

    private static func parse(
        _ type: UInt8, specific: UInt8, _ bytes: RawSpan, in body: Range<Int>
    ) -> ExtendedReportBlock? {
        let start = body.lowerBound
        switch type {
        case 1, 2:
            guard body.count >= 8 else { return nil }
            var chunks = stride(from: start + 8, to: body.upperBound, by: 2).map { bytes.uint16(at: $0) }
            if chunks.last == 0 { chunks.removeLast() }
            let runs = PacketRuns(
                synchronizationSource: bytes.uint32(at: start), thinning: specific & 0x0F,
                begin: SequenceNumber(bytes.uint16(at: start + 4)),
                end: SequenceNumber(bytes.uint16(at: start + 6)), chunks: chunks)
            return type == 1 ? .lossRuns(runs) : .duplicateRuns(runs)
        case 3:
            guard body.count >= 8 else { return nil }
            return .receiptTimes(
                PacketReceiptTimes(
                    synchronizationSource: bytes.uint32(at: start), thinning: specific & 0x0F,
                    begin: SequenceNumber(bytes.uint16(at: start + 4)),
                    end: SequenceNumber(bytes.uint16(at: start + 6)),
                    times: stride(from: start + 8, to: body.upperBound, by: 4).map {
                        RTPTimestamp(bytes.uint32(at: $0))
                    }))
        case 4:
            guard body.count >= 8 else { return nil }
            return .receiverReferenceTime(ntpTimestamp: bytes.uint64(at: start))
        case 5:
            let size = ReceiverReferenceDelay.byteCount
            return .delaySinceReceiverReference(
                (0..<body.count / size).map {
                    ReceiverReferenceDelay(
                        synchronizationSource: bytes.uint32(at: start + size * $0),
                        lastReference: bytes.uint32(at: start + size * $0 + 4),
                        delay: bytes.uint32(at: start + size * $0 + 8))
                })
        case 6:
            guard body.count >= 36 else { return nil }
            return .statisticsSummary(StatisticsSummary(reading: bytes, at: start, flags: specific))
        case 7:
            guard body.count >= VoIPMetrics.byteCount else { return nil }
            return .voipMetrics(VoIPMetrics(reading: bytes, at: start))
        default: return nil
        }
    }

    func write(to writer: inout NetworkOrderWriter) {
        let start = writer.count
        switch self {
        case .lossRuns(let runs): runs.write(type: 1, to: &writer)
        case .duplicateRuns(let runs): runs.write(type: 2, to: &writer)
        case .receiptTimes(let receipt):
            Self.writeHeader(type: 3, specific: receipt.thinning & 0x0F, to: &writer)
            writer.append(receipt.synchronizationSource)
            writer.append(receipt.begin.rawValue)
            writer.append(receipt.end.rawValue)
            for time in receipt.times { writer.append(time.rawValue) }
        case .receiverReferenceTime(let ntpTimestamp):
            Self.writeHeader(type: 4, specific: 0, to: &writer)
            writer.append(ntpTimestamp)
        case .delaySinceReceiverReference(let delays):
            Self.writeHeader(type: 5, specific: 0, to: &writer)
            for delay in delays {
                writer.append(delay.synchronizationSource)
                writer.append(delay.lastReference)
                writer.append(delay.delay)
            }
        case .statisticsSummary(let summary): summary.write(to: &writer)
        case .voipMetrics(let metrics): metrics.write(to: &writer)
        case .other(let type, _): Self.writeHeader(type: type, specific: 0, to: &writer)
        }
        writer.overwrite(UInt16((writer.count - start) / 4 - 1), at: start + 2)
    }

    fileprivate static func writeHeader(type: UInt8, specific: UInt8, to writer: inout NetworkOrderWriter) {
        writer.append(type)
        writer.append(specific)
        writer.append(UInt16(0))
    }
}

extension PacketRuns {
    fileprivate func write(type: UInt8, to writer: inout NetworkOrderWriter) {
        ExtendedReportBlock.writeHeader(type: type, specific: thinning & 0x0F, to: &writer)
        writer.append(synchronizationSource)
        writer.append(begin.rawValue)
        writer.append(end.rawValue)
        for chunk in chunks { writer.append(chunk) }
        if chunks.count % 2 != 0 { writer.append(UInt16(0)) }
    }
}

extension StatisticsSummary {
    fileprivate init(reading bytes: RawSpan, at start: Int, flags: UInt8) {
        synchronizationSource = bytes.uint32(at: start)
        begin = SequenceNumber(bytes.uint16(at: start + 4))
        end = SequenceNumber(bytes.uint16(at: start + 6))
        lostPackets = flags & 0x80 != 0 ? bytes.uint32(at: start + 8) : nil
        duplicatePackets = flags & 0x40 != 0 ? bytes.uint32(at: start + 12) : nil
        jitter =
            flags & 0x20 != 0
            ? Spread(
                minimum: bytes.uint32(at: start + 16), maximum: bytes.uint32(at: start + 20),
                mean: bytes.uint32(at: start + 24), deviation: bytes.uint32(at: start + 28)) : nil
    }

    fileprivate func write(to writer: inout NetworkOrderWriter) {
        let flags: UInt8 =
            (lostPackets == nil ? 0 : 0x80) | (duplicatePackets == nil ? 0 : 0x40)
            | (jitter == nil ? 0 : 0x20)
        ExtendedReportBlock.writeHeader(type: 6, specific: flags, to: &writer)
        writer.append(synchronizationSource)
        writer.append(begin.rawValue)
        writer.append(end.rawValue)
        writer.append(lostPackets ?? 0)
        writer.append(duplicatePackets ?? 0)
        writer.append(jitter?.minimum ?? 0)
        writer.append(jitter?.maximum ?? 0)
        writer.append(jitter?.mean ?? 0)
        writer.append(jitter?.deviation ?? 0)
        // Times to live are not reported.
        writer.append(UInt32(0))
    }
}

extension VoIPMetrics {
    fileprivate init(reading bytes: RawSpan, at start: Int) {
        func optional(_ offset: Int, upTo most: UInt8) -> UInt8? {
            let value = bytes.uint8(at: start + offset)
            return value <= most ? value : nil
        }
        func level(_ offset: Int) -> Int8? {
            let value = bytes.uint8(at: start + offset)
            return value == Self.unavailable ? nil : Int8(bitPattern: value)
        }
        func opinion(_ offset: Int) -> Double? {
            let value = bytes.uint8(at: start + offset)
            return (10...50).contains(value) ? Double(value) / 10 : nil
        }
        synchronizationSource = bytes.uint32(at: start)
        lossRate = bytes.uint8(at: start + 4)
        discardRate = bytes.uint8(at: start + 5)
        burstDensity = bytes.uint8(at: start + 6)
        gapDensity = bytes.uint8(at: start + 7)
        burstMilliseconds = bytes.uint16(at: start + 8)
        gapMilliseconds = bytes.uint16(at: start + 10)
        roundTripMilliseconds = bytes.uint16(at: start + 12)
        endSystemMilliseconds = bytes.uint16(at: start + 14)
        signalLevel = level(16)
        noiseLevel = level(17)
        residualEchoReturnLoss = optional(18, upTo: 126)
        gapThreshold = bytes.uint8(at: start + 19)
        rFactor = optional(20, upTo: 100)
        externalRFactor = optional(21, upTo: 100)
        listeningQuality = opinion(22)
        conversationalQuality = opinion(23)
        let receiver = bytes.uint8(at: start + 24)
        concealment = Concealment(rawValue: receiver >> 6) ?? .unspecified
        isJitterBufferAdaptive =
            switch receiver >> 4 & 0x03 {
            case 3: true
            case 2: false
            default: nil
            }
        jitterBufferNominalMilliseconds = bytes.uint16(at: start + 26)
        jitterBufferMaximumMilliseconds = bytes.uint16(at: start + 28)
        jitterBufferAbsoluteMaximumMilliseconds = bytes.uint16(at: start + 30)
    }

    fileprivate func write(to writer: inout NetworkOrderWriter) {
        ExtendedReportBlock.writeHeader(type: 7, specific: 0, to: &writer)
        writer.append(synchronizationSource)
        for value in [lossRate, discardRate, burstDensity, gapDensity] { writer.append(value) }
        for value in [burstMilliseconds, gapMilliseconds, roundTripMilliseconds, endSystemMilliseconds] {
            writer.append(value)
        }
        for level in [signalLevel, noiseLevel] {
            writer.append(level.map { UInt8(bitPattern: $0) } ?? Self.unavailable)
        }
        writer.append(residualEchoReturnLoss ?? Self.unavailable)
        writer.append(gapThreshold)
        for factor in [rFactor, externalRFactor] { writer.append(factor ?? Self.unavailable) }
        for quality in [listeningQuality, conversationalQuality] {
            writer.append(quality.map { UInt8(min(max($0, 1), 5) * 10 + 0.5) } ?? Self.unavailable)
        }
        let buffer: UInt8 = isJitterBufferAdaptive.map { $0 ? 3 : 2 } ?? 0
        writer.append(concealment.rawValue << 6 | buffer << 4)
        writer.append(UInt8(0))
        writer.append(jitterBufferNominalMilliseconds)
        writer.append(jitterBufferMaximumMilliseconds)
        writer.append(jitterBufferAbsoluteMaximumMilliseconds)
    }
}
