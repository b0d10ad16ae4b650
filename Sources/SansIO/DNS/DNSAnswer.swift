/// What is asked of the DNS: the records of one type at one name.
public struct DNSQuestion: Hashable, Sendable, CustomStringConvertible {
    /// Lower case, without the final dot.
    public let name: String
    public let type: DNSRecordType

    public init(_ name: String, _ type: DNSRecordType) {
        self.name = DNSName.normal(name)
        self.type = type
    }

    /// `SRV _sip._udp.example.com`.
    public var description: String { "\(type.name) \(name)" }
}

/// What came of a question. An answer that says no is an answer.
public enum DNSAnswer: Hashable, Sendable {
    /// Records of the type asked for, after the aliases that lead to them; the aliases alone when the server did not
    /// follow them to their end. `additional` holds addresses that the server volunteered.
    case records([DNSRecord], additional: [DNSRecord] = [])
    /// No record; for how long that may be believed is `nil` where the server did not say (RFC 2308).
    case failed(DNSFailure, timeToLive: Duration? = nil)

    /// How long it holds: the least time among the records, or what a negative answer says. `nil` when nobody said.
    public var timeToLive: Duration? {
        switch self {
        case .records(let records, let additional): (records + additional).map(\.timeToLive).min()
        case .failed(_, let timeToLive): timeToLive
        }
    }

    /// The failure, if it is one.
    public var failure: DNSFailure? {
        if case .failed(let failure, _) = self { failure } else { nil }
    }
}

/// Why there is no record.
@nonexhaustive
public enum DNSFailure: Error, Hashable, Sendable {
    /// The name does not exist (NXDOMAIN), or is no name at all.
    case noSuchName
    /// The name exists without records of that type.
    case noData
    /// The server could not or would not answer; its response code, `SERVFAIL` is 2.
    case serverFailure(code: UInt8)
    /// No server answered in time.
    case timedOut
    /// What came was not a response to the question.
    case malformed(DNSParseError)
    /// No name server is configured, or none can be reached.
    case unreachable

    /// Whether the DNS itself said that there is nothing, so that asking again at once is pointless.
    public var isAuthoritative: Bool { self == .noSuchName || self == .noData }
}

extension DNSFailure: CustomStringConvertible {
    /// One line for people.
    public var description: String {
        switch self {
        case .noSuchName: "no such name"
        case .noData: "no such records"
        case .serverFailure(let code): "the name server failed (code \(code))"
        case .timedOut: "no name server answered in time"
        case .malformed(let error): "malformed answer: \(error)"
        case .unreachable: "no name server can be reached"
        }
    }
}

/// Where and why a DNS message is not one.
public struct DNSParseError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, Hashable, Sendable {
        /// A count or length says more than the message holds.
        case truncated = "it ends too early"
        /// A label type other than text or pointer.
        case badLabel = "bad label"
        /// A compression pointer that does not point backwards, or one of too many.
        case badPointer = "bad compression pointer"
        /// More than 255 octets.
        case nameTooLong = "name too long"
        /// Data longer or shorter than their record.
        case badLength = "record with a wrong length"
        case tooManyRecords = "too many records"
        /// Not a response, or one to something else.
        case notTheAnswer = "not an answer to the question"
    }

    public var kind: Kind
    /// Octets from the start of the message.
    public var offset: Int

    public init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }

    public var description: String { "\(kind.rawValue) at octet \(offset)" }
}
