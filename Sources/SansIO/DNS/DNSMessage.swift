/// A DNS message (RFC 1035 §4): questions out, responses in.
///
/// Records of other types than ``DNSRecordType`` and of other classes than IN are skipped.
public struct DNSMessage: Hashable, Sendable {
    /// Records read from one message; one that has more is refused.
    public static let maximumRecords = 1_024

    public var id: UInt16
    public var isResponse: Bool
    /// TC: the rest did not fit the datagram.
    public var isTruncated = false
    /// RA: the server asks others for us.
    public var offersRecursion = false
    /// Response code: 0 no error, 2 server failure, 3 no such name (RFC 1035 §4.1.1).
    public var code: UInt8 = 0
    /// `nil` where the question is of a type or class that is not read here.
    public var question: DNSQuestion?
    public var answers: [DNSRecord] = []
    public var additional: [DNSRecord] = []
    /// From the SOA record of a negative answer (RFC 2308 §5).
    public var negativeTimeToLive: Duration?

    /// A query with recursion desired.
    public init(id: UInt16, question: DNSQuestion) {
        self.id = id
        self.question = question
        isResponse = false
    }

    /// A response to `query`.
    public init(
        to query: DNSMessage, code: UInt8 = 0, answers: [DNSRecord] = [], additional: [DNSRecord] = [],
        negativeTimeToLive: Duration? = nil
    ) {
        id = query.id
        isResponse = true
        self.code = code
        question = query.question
        self.answers = answers
        self.additional = additional
        self.negativeTimeToLive = negativeTimeToLive
    }

    /// Reads one message; anything may be in it.
    public init(parsing bytes: [UInt8]) throws(DNSParseError) {
        var reader = DNSReader(bytes)
        id = try reader.number16()
        let flags = try reader.number16()
        isResponse = flags & 0x8000 != 0
        isTruncated = flags & 0x0200 != 0
        offersRecursion = flags & 0x0080 != 0
        code = UInt8(truncatingIfNeeded: flags & 0x000F)
        let questionCount = try reader.number16()
        let counts = [try reader.number16(), try reader.number16(), try reader.number16()]
        guard questionCount <= 1, counts.reduce(0, { $0 + Int($1) }) <= Self.maximumRecords else {
            throw DNSParseError(.tooManyRecords, at: 4)
        }
        if questionCount == 1 {
            let name = try reader.name()
            let type = DNSRecordType(rawValue: try reader.number16())
            let isInternet = try reader.number16() == Self.internet
            question = isInternet ? type.map { DNSQuestion(name, $0) } : nil
        }
        // A truncated message is read as far as it goes: who asks again over TCP needs only its head.
        do throws(DNSParseError) {
            for _ in 0..<counts[0] {
                if case .record(let record) = try Self.record(&reader) { answers.append(record) }
            }
            for _ in 0..<counts[1] {
                if case .authority(let time) = try Self.record(&reader) {
                    negativeTimeToLive = negativeTimeToLive ?? time
                }
            }
            for _ in 0..<counts[2] {
                if case .record(let record) = try Self.record(&reader) { additional.append(record) }
            }
        } catch {
            guard isTruncated, error.kind == .truncated else { throw error }
        }
    }

    static let internet: UInt16 = 1
    static let startOfAuthority: UInt16 = 6
    /// The pseudo-record of RFC 6891.
    static let options: UInt16 = 41

    private enum Entry {
        case record(DNSRecord)
        /// SOA: how long a negative answer holds.
        case authority(Duration)
        case other
    }

    private static func record(_ reader: inout DNSReader) throws(DNSParseError) -> Entry {
        let name = try reader.name()
        let type = try reader.number16()
        let isInternet = try reader.number16() == internet
        let seconds = try reader.number32()
        // The topmost bit set means zero (RFC 2181 §8).
        let timeToLive = Duration.seconds(seconds > UInt32(Int32.max) ? 0 : Int64(seconds))
        let length = Int(try reader.number16())
        let start = reader.offset
        try reader.skip(length)
        guard isInternet else { return .other }
        var data = DNSReader(reader, start..<start + length)
        let entry: Entry
        if type == startOfAuthority {
            _ = try data.name()
            _ = try data.name()
            try data.skip(16)
            let minimum = try data.number32()
            entry = .authority(min(timeToLive, .seconds(min(minimum, UInt32(Int32.max)))))
        } else if let type = DNSRecordType(rawValue: type) {
            entry = .record(DNSRecord(name, try value(of: type, &data), timeToLive: timeToLive))
        } else {
            return .other
        }
        guard data.isAtEnd else { throw DNSParseError(.badLength, at: data.offset) }
        return entry
    }

    private static func value(
        of type: DNSRecordType, _ data: inout DNSReader
    ) throws(DNSParseError) -> DNSRecord.Value {
        switch type {
        case .a:
            return .address(SocketAddress(ipv4: try data.number32(), port: 0))
        case .aaaa:
            let high = try data.number64()
            return .address(SocketAddress(ipv6High: high, low: try data.number64(), port: 0))
        case .cname:
            return .alias(try data.name())
        case .srv:
            let (priority, weight) = (try data.number16(), try data.number16())
            let port = try data.number16()
            return .service(
                DNSService(priority: priority, weight: weight, port: port, target: try data.name()))
        case .naptr:
            let (order, preference) = (try data.number16(), try data.number16())
            let (flags, services) = (try data.characterString(), try data.characterString())
            let expression = try data.characterString()
            return .rewrite(
                DNSRewrite(
                    order: order, preference: preference, flags: flags, services: services,
                    regularExpression: expression, replacement: try data.name()))
        }
    }
}
