public import SansIO

extension RTCPPacket {
    /// Octets of a block that holds any compound of ours.
    public static let maximumCompound = 512

    /// Replaces what `block` holds with a compound packet.
    ///
    /// - Parameters:
    ///   - packets: A report first, a source description with the CNAME among the rest (RFC 3550 §6.1). At most 31
    ///     blocks, chunks or sources each; ``other(type:)`` is written as a bare header.
    ///   - block: Large enough; a compound of one report, one description and a BYE without reason
    ///     takes no more than ``maximumCompound``, VoIP metrics included.
    public static func buildCompound(_ packets: [RTCPPacket], into block: inout OwnedBytes) {
        block.fill { bytes in
            var writer = NetworkOrderWriter(bytes)
            for packet in packets { packet.write(to: &writer) }
            return writer.count
        }
    }

    private func write(to writer: inout NetworkOrderWriter) {
        let start = writer.count
        switch self {
        case .senderReport(let source, let information, let reports):
            Self.writeHeader(count: reports.count, type: RTCPType.senderReport, to: &writer)
            writer.append(source)
            writer.append(information.ntpTimestamp)
            writer.append(information.rtpTimestamp.rawValue)
            writer.append(information.packetCount)
            writer.append(information.octetCount)
            for report in reports { report.write(to: &writer) }
        case .receiverReport(let source, let reports):
            Self.writeHeader(count: reports.count, type: RTCPType.receiverReport, to: &writer)
            writer.append(source)
            for report in reports { report.write(to: &writer) }
        case .sourceDescription(let chunks):
            Self.writeHeader(count: chunks.count, type: RTCPType.sourceDescription, to: &writer)
            for chunk in chunks { chunk.write(to: &writer, after: start) }
        case .goodbye(let sources, let reason):
            Self.writeHeader(count: sources.count, type: RTCPType.goodbye, to: &writer)
            for source in sources { writer.append(source) }
            if let reason {
                let text = reason.utf8.prefix(255)
                writer.append(UInt8(text.count))
                for byte in text { writer.append(byte) }
                while (writer.count - start) % 4 != 0 { writer.append(UInt8(0)) }
            }
        case .extendedReport(let source, let blocks):
            Self.writeHeader(count: 0, type: RTCPType.extendedReport, to: &writer)
            writer.append(source)
            for block in blocks { block.write(to: &writer) }
        case .other(let type):
            Self.writeHeader(count: 0, type: type, to: &writer)
        }
        writer.overwrite(UInt16((writer.count - start) / 4 - 1), at: start + 2)
    }

    private static func writeHeader(count: Int, type: UInt8, to writer: inout NetworkOrderWriter) {
        precondition(count <= 31, "an RTCP packet counts to 31")
        writer.append(0x80 | UInt8(count))
        writer.append(type)
        writer.append(UInt16(0))
    }
}

extension SourceDescription {
    fileprivate func write(to writer: inout NetworkOrderWriter, after start: Int) {
        writer.append(synchronizationSource)
        if let canonicalName {
            let text = canonicalName.utf8.prefix(255)
            writer.append(UInt8(1))
            writer.append(UInt8(text.count))
            for byte in text { writer.append(byte) }
        }
        repeat { writer.append(UInt8(0)) } while (writer.count - start) % 4 != 0
    }
}
