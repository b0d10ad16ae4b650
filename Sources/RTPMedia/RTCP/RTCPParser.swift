extension RTCPPacket {
    /// Parses a compound packet with the checks of RFC 3550 §A.2.
    ///
    /// A datagram gives at most as many packets as its octets divided by four.
    public static func parseCompound(_ datagram: RawSpan) throws(RTCPError) -> [RTCPPacket] {
        var packets: [RTCPPacket] = []
        var offset = 0
        repeat {
            let header = try RTCPHeader(reading: datagram, at: offset)
            if offset == 0 {
                guard header.type == RTCPType.senderReport || header.type == RTCPType.receiverReport else {
                    throw .doesNotStartWithReport(type: header.type)
                }
            }
            packets.append(try parse(header, in: datagram))
            offset = header.next
        } while offset < datagram.byteCount
        return packets
    }

    private static func parse(_ header: RTCPHeader, in datagram: RawSpan) throws(RTCPError) -> RTCPPacket {
        let body = header.offset + 4
        switch header.type {
        case RTCPType.senderReport:
            let blocks = try reports(header, in: datagram, at: body + 4 + SenderInformation.byteCount)
            let information = SenderInformation(
                ntpTimestamp: datagram.uint64(at: body + 4),
                rtpTimestamp: RTPTimestamp(datagram.uint32(at: body + 12)),
                packetCount: datagram.uint32(at: body + 16), octetCount: datagram.uint32(at: body + 20))
            return .senderReport(synchronizationSource: datagram.uint32(at: body), information, blocks)
        case RTCPType.receiverReport:
            let blocks = try reports(header, in: datagram, at: body + 4)
            return .receiverReport(synchronizationSource: datagram.uint32(at: body), blocks)
        case RTCPType.sourceDescription:
            return .sourceDescription(try chunks(header, in: datagram))
        case RTCPType.goodbye:
            return try goodbye(header, in: datagram)
        case RTCPType.extendedReport:
            guard body + 4 <= header.end,
                let blocks = ExtendedReportBlock.parseAll(datagram, in: body + 4..<header.end)
            else { throw .truncatedBlocks(offset: header.offset) }
            return .extendedReport(synchronizationSource: datagram.uint32(at: body), blocks)
        default:
            return .other(type: header.type)
        }
    }

    private static func reports(
        _ header: RTCPHeader, in datagram: RawSpan, at start: Int
    ) throws(RTCPError) -> [ReceptionReport] {
        guard start + header.count * ReceptionReport.byteCount <= header.end else {
            throw .truncatedBlocks(offset: header.offset)
        }
        return (0..<header.count).map {
            ReceptionReport(reading: datagram, at: start + $0 * ReceptionReport.byteCount)
        }
    }

    private static func chunks(
        _ header: RTCPHeader, in datagram: RawSpan
    ) throws(RTCPError) -> [SourceDescription] {
        var chunks: [SourceDescription] = []
        var offset = header.offset + 4
        for _ in 0..<header.count {
            guard offset + 4 <= header.end else { throw .truncatedBlocks(offset: header.offset) }
            var chunk = SourceDescription(
                synchronizationSource: datagram.uint32(at: offset), canonicalName: nil)
            offset += 4
            while true {
                guard offset < header.end else { throw .truncatedBlocks(offset: header.offset) }
                let item = datagram.uint8(at: offset)
                if item == 0 { break }
                guard offset + 2 <= header.end else { throw .truncatedBlocks(offset: header.offset) }
                let length = Int(datagram.uint8(at: offset + 1))
                guard offset + 2 + length <= header.end else { throw .truncatedBlocks(offset: header.offset) }
                if item == 1, chunk.canonicalName == nil {
                    chunk.canonicalName = text(datagram, at: offset + 2, length: length)
                }
                offset += 2 + length
            }
            chunks.append(chunk)
            // The list ends with one or more zero octets up to the next 32-bit boundary.
            offset = (offset - header.offset) / 4 * 4 + 4 + header.offset
        }
        return chunks
    }

    private static func goodbye(_ header: RTCPHeader, in datagram: RawSpan) throws(RTCPError) -> RTCPPacket {
        let start = header.offset + 4
        let end = start + 4 * header.count
        guard end <= header.end else { throw .truncatedBlocks(offset: header.offset) }
        let sources = (0..<header.count).map { datagram.uint32(at: start + 4 * $0) }
        guard end < header.end else { return .goodbye(synchronizationSources: sources, reason: nil) }
        let length = Int(datagram.uint8(at: end))
        guard end + 1 + length <= header.end else { throw .truncatedBlocks(offset: header.offset) }
        return .goodbye(synchronizationSources: sources, reason: text(datagram, at: end + 1, length: length))
    }

    private static func text(_ bytes: RawSpan, at offset: Int, length: Int) -> String {
        String(decoding: (offset..<offset + length).map { bytes.uint8(at: $0) }, as: UTF8.self)
    }
}

/// The four octets that start each RTCP packet, with all lengths checked.
private struct RTCPHeader {
    let offset: Int
    /// Blocks, chunks or sources that follow, 0...31.
    let count: Int
    let type: UInt8
    /// End of what the packet says, padding excluded.
    let end: Int
    /// Start of the next packet.
    let next: Int

    init(reading datagram: RawSpan, at offset: Int) throws(RTCPError) {
        guard offset + 4 <= datagram.byteCount else { throw .truncatedHeader(offset: offset) }
        let flags = datagram.uint8(at: offset)
        guard flags >> 6 == 2 else { throw .unsupportedVersion(offset: offset) }
        let next = offset + 4 + 4 * Int(datagram.uint16(at: offset + 2))
        guard next <= datagram.byteCount else { throw .truncatedPacket(offset: offset) }
        var end = next
        if flags & 0x20 != 0 {
            guard next == datagram.byteCount, offset > 0 else { throw .invalidPadding(offset: offset) }
            let padding = Int(datagram.uint8(at: next - 1))
            guard padding > 0, padding % 4 == 0, padding <= next - offset - 4 else {
                throw .invalidPadding(offset: offset)
            }
            end -= padding
        }
        self.offset = offset
        self.end = end
        self.next = next
        count = Int(flags & 0x1F)
        type = datagram.uint8(at: offset + 1)
    }
}
