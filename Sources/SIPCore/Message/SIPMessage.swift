internal import SansIO

/// One header field of a message: which it is, and where name and value lie.
public struct SIPHeaderSlot: Hashable, Sendable {
    /// The known name, compact forms resolved; ``SIPHeaderName/unknown`` for all others.
    public let id: SIPHeaderName
    /// The name as written.
    public let name: SIPSlice
    /// The value without white space at its ends; folds are still in it.
    public let value: SIPSlice

    init(id: SIPHeaderName, name: SIPSlice, value: SIPSlice) {
        self.id = id
        self.name = name
        self.value = value
    }
}

/// A workspace for one SIP message: its octets, a table of its header fields and the structure of those that
/// every user agent uses.
///
/// One workspace serves any number of messages: ``parse(_:)`` copies a datagram in and forgets the one before.
/// Once warm it allocates nothing. Everything is read as slices of the message; text is made on demand only.
///
/// `parse` gives structure to Via, From, To, Call-ID, CSeq, Contact, Route, Record-Route, Max-Forwards,
/// Content-Length and Content-Type and refuses the message when one of them is wrong. All other fields stay as they
/// are, in order, and are read by the accessors for them.
public struct SIPMessage: ~Copyable {
    public enum Kind: UInt8, Hashable, Sendable {
        /// Nothing has been parsed, or the start line was not readable.
        case none
        case request, response
    }

    public let limits: SIPParserLimits
    var storage: OwnedBytes
    var slots: [SIPHeaderSlot] = []
    var fields = SIPMessageFields()

    /// A workspace for messages within `limits`; it holds `limits.maximumMessageBytes` octets.
    public init(limits: SIPParserLimits = SIPParserLimits()) {
        var limits = limits
        limits.maximumMessageBytes = max(1, min(limits.maximumMessageBytes, 65_535))
        self.limits = limits
        storage = OwnedBytes(capacity: limits.maximumMessageBytes)
        slots.reserveCapacity(min(limits.maximumHeaders, 64))
    }

    /// The message as received, without the line ends before it and the octets after it.
    ///
    /// Slices count from the start of these bytes.
    public var bytes: RawSpan {
        @_lifetime(borrow self) get { storage.bytes }
    }

    public var kind: Kind { fields.kind }
    public var isRequest: Bool { fields.kind == .request }
    public var isResponse: Bool { fields.kind == .response }

    /// The method of the request line; of a response, that of its CSeq.
    public var method: SIPMethod {
        let slice = fields.kind == .request ? fields.methodName : fields.cSeq.methodName
        let code = fields.kind == .request ? fields.methodCode : fields.cSeq.methodCode
        return SIPMethod(code: code, token: bytes.rawString(slice))
    }

    /// The method of the request line, as written; empty for a response.
    public var methodName: SIPSlice { fields.methodName }
    /// The status of a response; `nil` for a request.
    public var status: SIPStatus? { fields.kind == .response ? SIPStatus(known: fields.statusCode) : nil }
    /// May be empty (RFC 4475 §3.1.1.13).
    public var reasonPhrase: SIPSlice { fields.reasonPhrase }
    /// The first line without its line end.
    public var startLine: SIPSlice { fields.startLine }
    /// The Request-URI; without meaning for a response.
    public var requestURI: SIPURI { fields.requestURI }

    /// The topmost Via value.
    public var topVia: Via { fields.topVia }
    /// Via values, commas counted.
    public var viaCount: Int { fields.viaCount }
    public var from: NameAddress { fields.from }
    public var to: NameAddress { fields.to }
    public var callID: SIPSlice { fields.callID }
    public var cSeq: CSeq { fields.cSeq }
    /// The first Contact value; `nil` when there is none or it is `*`.
    public var contact: NameAddress? { fields.contact }
    /// Whether Contact is `*` (RFC 3261 §10.2.2).
    public var hasWildcardContact: Bool { fields.hasWildcardContact }
    public var firstRoute: NameAddress? { fields.firstRoute }
    public var maxForwards: UInt8? { fields.maxForwards }
    /// The value of Content-Length; `nil` when the header field is absent.
    public var contentLength: Int? { fields.contentLength.map { Int($0) } }
    public var contentType: SIPMediaType? { fields.contentType }
    /// The body: as long as Content-Length says, else the rest of the datagram.
    public var body: SIPSlice { fields.body }

    /// The slice as text, folds replaced by one space.
    public func string(_ slice: SIPSlice) -> String { bytes.string(slice) }

    /// The octets of a slice.
    @_lifetime(borrow self)
    public func bytes(of slice: SIPSlice) -> RawSpan {
        storage.bytes.extracting(storage.bytes.clamped(slice))
    }

    /// Forgets the message; the workspace keeps its memory.
    public mutating func reset() {
        storage.removeAll()
        slots.removeAll(keepingCapacity: true)
        fields = SIPMessageFields()
    }
}

/// What the parser finds in a message besides its table of header fields.
struct SIPMessageFields: Sendable {
    var kind = SIPMessage.Kind.none
    var methodCode = SIPMethod.Code.other
    var hasWildcardContact = false
    var statusCode = 0
    var viaCount = 0
    var startLine = SIPSlice.empty
    var methodName = SIPSlice.empty
    var reasonPhrase = SIPSlice.empty
    var callID = SIPSlice.empty
    var body = SIPSlice.empty
    var requestURI = SIPURI()
    var topVia = Via()
    var from = NameAddress()
    var to = NameAddress()
    var cSeq = CSeq()
    var contact: NameAddress?
    var firstRoute: NameAddress?
    var maxForwards: UInt8?
    var contentLength: UInt32?
    var contentType: SIPMediaType?
    /// Which of the header fields that may stand once have been met, by ``SIPHeaderName/rawValue``.
    var seen: UInt64 = 0
    /// Where the header fields end: the first octet after the empty line.
    var headerEnd = 0
}
