/// The types of resource records that locating a SIP server takes (RFC 1035, 3596, 2782, 3403).
public enum DNSRecordType: UInt16, Hashable, Sendable, CaseIterable {
    case a = 1
    case cname = 5
    case aaaa = 28
    case srv = 33
    case naptr = 35

    /// As in a zone file: `A`, `SRV`, …
    public var name: String {
        switch self {
        case .a: "A"
        case .cname: "CNAME"
        case .aaaa: "AAAA"
        case .srv: "SRV"
        case .naptr: "NAPTR"
        }
    }
}

/// One resource record.
public struct DNSRecord: Hashable, Sendable {
    /// The data of a record, by type.
    public enum Value: Hashable, Sendable {
        /// A or AAAA; port 0.
        case address(SocketAddress)
        /// CNAME: the canonical name.
        case alias(String)
        /// SRV.
        case service(DNSService)
        /// NAPTR.
        case rewrite(DNSRewrite)
    }

    /// Owner, in lower case and without the final dot.
    public var name: String
    /// How long it may be kept; from zero up to 2^31-1 seconds (RFC 2181 §8).
    public var timeToLive: Duration
    public var value: Value

    public init(_ name: String, _ value: Value, timeToLive: Duration = .seconds(300)) {
        self.name = DNSName.normal(name)
        self.timeToLive = timeToLive
        self.value = if case .alias(let target) = value { .alias(DNSName.normal(target)) } else { value }
    }

    public var type: DNSRecordType {
        switch value {
        case .address(let address): address.family == .ipv4 ? .a : .aaaa
        case .alias: .cname
        case .service: .srv
        case .rewrite: .naptr
        }
    }
}

extension DNSRecord: CustomStringConvertible {
    /// As in a zone file, without the owner: `SRV 10 60 5060 sip.example.com (300 s)`.
    public var description: String {
        let data =
            switch value {
            case .address(let address): address.host
            case .alias(let target): target
            case .service(let service):
                "\(service.priority) \(service.weight) \(service.port) \(service.target.isEmpty ? "." : service.target)"
            case .rewrite(let rewrite):
                "\(rewrite.order) \(rewrite.preference) \(rewrite.flags) \(rewrite.services) \(rewrite.replacement)"
            }
        return "\(type.name) \(data) (\(timeToLive.components.seconds) s)"
    }
}

/// Data of an SRV record: a host that offers a service (RFC 2782).
public struct DNSService: Hashable, Sendable {
    /// Lower comes first.
    public var priority: UInt16
    /// Share among targets of the same priority.
    public var weight: UInt16
    public var port: UInt16
    /// Lower case, no final dot; empty (the root) says that the service is not offered here.
    public var target: String

    public init(priority: UInt16, weight: UInt16, port: UInt16, target: String) {
        self.priority = priority
        self.weight = weight
        self.port = port
        self.target = DNSName.normal(target)
    }
}

/// Data of a NAPTR record: the next name to ask for (RFC 3403 §4.1).
public struct DNSRewrite: Hashable, Sendable {
    /// Lower must be tried first.
    public var order: UInt16
    /// Lower is preferred among equal orders.
    public var preference: UInt16
    /// Upper case: `S` says that the replacement has SRV records, `A` that it has addresses.
    public var flags: String
    /// Upper case: `SIP+D2U`, `SIPS+D2T`, …
    public var services: String
    public var regularExpression: String
    /// Lower case, no final dot; empty when a regular expression is used.
    public var replacement: String

    public init(
        order: UInt16, preference: UInt16, flags: String, services: String, regularExpression: String = "",
        replacement: String
    ) {
        self.order = order
        self.preference = preference
        self.flags = flags.uppercased()
        self.services = services.uppercased()
        self.regularExpression = regularExpression
        self.replacement = DNSName.normal(replacement)
    }
}

/// Domain names as text.
enum DNSName {
    /// Lower case and without the final dot: equal names become equal texts (RFC 4343).
    static func normal(_ name: String) -> String {
        let bare = name.hasSuffix(".") ? String(name.dropLast()) : name
        // Only ASCII letters have cases in the DNS.
        guard bare.utf8.contains(where: { (0x41...0x5A).contains($0) }) else { return bare }
        return String(decoding: bare.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
