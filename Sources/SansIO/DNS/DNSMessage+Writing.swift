extension DNSMessage {
    /// What we say that we can take in one datagram (RFC 6891 §6.2.3): what no sane path fragments.
    public static let datagramOctets: UInt16 = 1_232

    /// The message on the wire, without compression.
    ///
    /// - Parameter offersExtension: Adds the pseudo-record that allows answers longer than 512 octets (RFC 6891).
    /// - Returns: `nil` when a name or text in it cannot be written, or the message is longer than 65,535 octets.
    public func serialized(offersExtension: Bool = false) -> [UInt8]? {
        var writer = DNSWriter()
        writer.append(id)
        let flags: UInt16 =
            (isResponse ? 0x8000 : 0) | (isTruncated ? 0x0200 : 0) | (offersRecursion ? 0x0080 : 0)
        writer.append(flags | 0x0100 | UInt16(code & 0x0F))
        writer.append(UInt16(question == nil ? 0 : 1))
        for count in [
            answers.count, negativeTimeToLive == nil ? 0 : 1, additional.count + (offersExtension ? 1 : 0),
        ] {
            writer.append(UInt16(clamping: count))
        }
        if let question {
            writer.append(name: question.name)
            writer.append(question.type.rawValue)
            writer.append(Self.internet)
        }
        for record in answers { writer.append(record) }
        if let negativeTimeToLive { writer.append(negativeTimeToLive: negativeTimeToLive) }
        for record in additional { writer.append(record) }
        if offersExtension {
            writer.bytes.append(0)
            writer.append(Self.options)
            writer.append(Self.datagramOctets)
            writer.append(UInt32(0))
            writer.append(UInt16(0))
        }
        return writer.isValid && writer.bytes.count <= Int(UInt16.max) ? writer.bytes : nil
    }
}

private struct DNSWriter {
    var bytes: [UInt8] = []
    var isValid = true

    mutating func append(_ number: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: number >> 8))
        bytes.append(UInt8(truncatingIfNeeded: number))
    }

    mutating func append(_ number: UInt32) {
        append(UInt16(truncatingIfNeeded: number >> 16))
        append(UInt16(truncatingIfNeeded: number))
    }

    mutating func append(_ number: UInt64) {
        append(UInt32(truncatingIfNeeded: number >> 32))
        append(UInt32(truncatingIfNeeded: number))
    }

    mutating func append(name: String) {
        let start = bytes.count
        if !name.isEmpty {
            for label in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
                guard (1...63).contains(label.count) else { return isValid = false }
                bytes.append(UInt8(label.count))
                bytes.append(contentsOf: label)
            }
        }
        bytes.append(0)
        if bytes.count - start > DNSReader.maximumNameOctets { isValid = false }
    }

    mutating func append(text: String) {
        guard text.utf8.count <= 255 else { return isValid = false }
        bytes.append(UInt8(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ record: DNSRecord) {
        append(name: record.name)
        append(record.type.rawValue)
        append(DNSMessage.internet)
        append(UInt32(clamping: record.timeToLive.components.seconds))
        appendCounted { $0.append(record.value) }
    }

    /// SOA of the root: only its times are of use to the reader.
    mutating func append(negativeTimeToLive: Duration) {
        bytes.append(0)
        append(DNSMessage.startOfAuthority)
        append(DNSMessage.internet)
        let seconds = UInt32(clamping: negativeTimeToLive.components.seconds)
        append(seconds)
        appendCounted { writer in
            writer.bytes.append(contentsOf: [0, 0])
            for number in [1, 3_600, 600, 86_400, seconds] { writer.append(UInt32(number)) }
        }
    }

    private mutating func append(_ value: DNSRecord.Value) {
        switch value {
        case .address(let address):
            if let number = address.ipv4 { append(number) }
            if let halves = address.ipv6 {
                append(halves.high)
                append(halves.low)
            }
        case .alias(let target): append(name: target)
        case .service(let service):
            append(service.priority)
            append(service.weight)
            append(service.port)
            append(name: service.target)
        case .rewrite(let rewrite):
            append(rewrite.order)
            append(rewrite.preference)
            append(text: rewrite.flags)
            append(text: rewrite.services)
            append(text: rewrite.regularExpression)
            append(name: rewrite.replacement)
        }
    }

    private mutating func appendCounted(_ body: (inout DNSWriter) -> Void) {
        let start = bytes.count
        append(UInt16(0))
        body(&self)
        let count = UInt16(clamping: bytes.count - start - 2)
        bytes[start] = UInt8(truncatingIfNeeded: count >> 8)
        bytes[start + 1] = UInt8(truncatingIfNeeded: count)
    }
}
