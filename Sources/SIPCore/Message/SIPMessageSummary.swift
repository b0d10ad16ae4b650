/// A parsed message as plain values, for tools: what `outdial inspect sip` prints.
public struct SIPMessageSummary: Hashable, Sendable, Codable {
    /// One header field.
    public struct Header: Hashable, Sendable, Codable {
        /// As written.
        public var name: String
        /// Unfolded.
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// `request` or `response`.
    public var kind: String
    public var startLine: String
    /// Of a request; for a response the method of its CSeq.
    public var method: String
    /// `nil` for a response.
    public var requestURI: String?
    /// `nil` for a request.
    public var status: Int?
    /// `nil` for a request.
    public var reasonPhrase: String?
    public var callID: String
    public var cSeqNumber: UInt32
    public var cSeqMethod: String
    public var fromURI: String
    public var fromTag: String?
    public var toURI: String
    public var toTag: String?
    public var viaCount: Int
    /// Branch of the topmost Via.
    public var branch: String?
    public var contact: String?
    public var maxForwards: Int?
    public var contentType: String?
    /// The value of Content-Length, if present.
    public var contentLength: Int?
    /// Octets of the body as received.
    public var bodyBytes: Int
    /// Every header field, in order.
    public var headers: [Header]

    /// - Parameter message: One that was parsed without error.
    public init(_ message: borrowing SIPMessage) {
        kind = message.isRequest ? "request" : "response"
        startLine = message.string(message.startLine)
        method = message.method.description
        requestURI = message.isRequest ? message.string(message.requestURI.text) : nil
        status = message.status?.code
        reasonPhrase = message.isResponse ? message.string(message.reasonPhrase) : nil
        callID = message.string(message.callID)
        cSeqNumber = message.cSeq.number
        cSeqMethod = message.string(message.cSeq.methodName)
        fromURI = message.string(message.from.uri.text)
        fromTag = Self.text(message.from.tag, message)
        toURI = message.string(message.to.uri.text)
        toTag = Self.text(message.to.tag, message)
        viaCount = message.viaCount
        branch = Self.text(message.topVia.branch, message)
        contact = Self.text(message.contact?.uri.text, message)
        maxForwards = message.maxForwards.map { Int($0) }
        contentType = message.text(of: .contentType)
        contentLength = message.contentLength
        bodyBytes = Int(message.body.length)
        headers = message.headerFields().map { Header(name: $0.name, value: $0.value) }
    }

    private static func text(_ slice: SIPSlice?, _ message: borrowing SIPMessage) -> String? {
        guard let slice else { return nil }
        return message.string(slice)
    }
}
