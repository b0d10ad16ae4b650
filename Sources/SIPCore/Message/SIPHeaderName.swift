/// The name of a header field, as a number: names that the library knows, compact forms included (RFC 3261 §7.3.3).
///
/// Any other name is ``unknown`` and stays in the message as text.
public struct SIPHeaderName: Hashable, Sendable, CustomStringConvertible {
    @usableFromInline let rawValue: UInt16

    @inlinable init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The name that `text` spells in any case, long or compact; `.unknown` when the library does not know it.
    public init(_ text: String) {
        self = withUTF8(text) { bytes in
            bytes.byteCount > 64
                ? .unknown : SIPHeaderNameTable.shared.lookUp(bytes, SIPSlice(0, bytes.byteCount))
        }
    }

    /// A name that is not in the table.
    @inlinable public static var unknown: Self { Self(rawValue: 0) }
    /// `Via`, compact `v`.
    @inlinable public static var via: Self { Self(rawValue: 1) }
    /// `From`, compact `f`.
    @inlinable public static var from: Self { Self(rawValue: 2) }
    /// `To`, compact `t`.
    @inlinable public static var to: Self { Self(rawValue: 3) }
    /// `Call-ID`, compact `i`.
    @inlinable public static var callID: Self { Self(rawValue: 4) }
    /// `CSeq`.
    @inlinable public static var cSeq: Self { Self(rawValue: 5) }
    /// `Contact`, compact `m`.
    @inlinable public static var contact: Self { Self(rawValue: 6) }
    /// `Max-Forwards`.
    @inlinable public static var maxForwards: Self { Self(rawValue: 7) }
    /// `Content-Length`, compact `l`.
    @inlinable public static var contentLength: Self { Self(rawValue: 8) }
    /// `Content-Type`, compact `c`.
    @inlinable public static var contentType: Self { Self(rawValue: 9) }
    /// `Route`.
    @inlinable public static var route: Self { Self(rawValue: 10) }
    /// `Record-Route`.
    @inlinable public static var recordRoute: Self { Self(rawValue: 11) }
    /// `Expires`.
    @inlinable public static var expires: Self { Self(rawValue: 12) }
    /// `Allow`.
    @inlinable public static var allow: Self { Self(rawValue: 13) }
    /// `Supported`, compact `k`.
    @inlinable public static var supported: Self { Self(rawValue: 14) }
    /// `Require`.
    @inlinable public static var require: Self { Self(rawValue: 15) }
    /// `Unsupported`.
    @inlinable public static var unsupported: Self { Self(rawValue: 16) }
    /// `Proxy-Require`.
    @inlinable public static var proxyRequire: Self { Self(rawValue: 17) }
    /// `User-Agent`.
    @inlinable public static var userAgent: Self { Self(rawValue: 18) }
    /// `Server`.
    @inlinable public static var server: Self { Self(rawValue: 19) }
    /// `WWW-Authenticate`.
    @inlinable public static var wwwAuthenticate: Self { Self(rawValue: 20) }
    /// `Proxy-Authenticate`.
    @inlinable public static var proxyAuthenticate: Self { Self(rawValue: 21) }
    /// `Authorization`.
    @inlinable public static var authorization: Self { Self(rawValue: 22) }
    /// `Proxy-Authorization`.
    @inlinable public static var proxyAuthorization: Self { Self(rawValue: 23) }
    /// `Authentication-Info`.
    @inlinable public static var authenticationInfo: Self { Self(rawValue: 24) }
    /// `Reason`.
    @inlinable public static var reason: Self { Self(rawValue: 25) }
    /// `Retry-After`.
    @inlinable public static var retryAfter: Self { Self(rawValue: 26) }
    /// `Warning`.
    @inlinable public static var warning: Self { Self(rawValue: 27) }
    /// `RSeq`.
    @inlinable public static var rSeq: Self { Self(rawValue: 28) }
    /// `RAck`.
    @inlinable public static var rAck: Self { Self(rawValue: 29) }
    /// `Session-Expires`, compact `x`.
    @inlinable public static var sessionExpires: Self { Self(rawValue: 30) }
    /// `Min-SE`.
    @inlinable public static var minSE: Self { Self(rawValue: 31) }
    /// `Min-Expires`.
    @inlinable public static var minExpires: Self { Self(rawValue: 32) }
    /// `Timestamp`.
    @inlinable public static var timestamp: Self { Self(rawValue: 33) }
    /// `Date`.
    @inlinable public static var date: Self { Self(rawValue: 34) }
    /// `Accept`.
    @inlinable public static var accept: Self { Self(rawValue: 35) }
    /// `Accept-Encoding`.
    @inlinable public static var acceptEncoding: Self { Self(rawValue: 36) }
    /// `Accept-Language`.
    @inlinable public static var acceptLanguage: Self { Self(rawValue: 37) }
    /// `Content-Encoding`, compact `e`.
    @inlinable public static var contentEncoding: Self { Self(rawValue: 38) }
    /// `Content-Disposition`.
    @inlinable public static var contentDisposition: Self { Self(rawValue: 39) }
    /// `Content-Language`.
    @inlinable public static var contentLanguage: Self { Self(rawValue: 40) }
    /// `MIME-Version`.
    @inlinable public static var mimeVersion: Self { Self(rawValue: 41) }
    /// `Subject`, compact `s`.
    @inlinable public static var subject: Self { Self(rawValue: 42) }
    /// `Organization`.
    @inlinable public static var organization: Self { Self(rawValue: 43) }
    /// `Priority`.
    @inlinable public static var priority: Self { Self(rawValue: 44) }
    /// `Event`, compact `o`.
    @inlinable public static var event: Self { Self(rawValue: 45) }
    /// `Allow-Events`, compact `u`.
    @inlinable public static var allowEvents: Self { Self(rawValue: 46) }
    /// `Subscription-State`.
    @inlinable public static var subscriptionState: Self { Self(rawValue: 47) }
    /// `Refer-To`, compact `r`.
    @inlinable public static var referTo: Self { Self(rawValue: 48) }
    /// `Referred-By`, compact `b`.
    @inlinable public static var referredBy: Self { Self(rawValue: 49) }
    /// `Replaces`.
    @inlinable public static var replaces: Self { Self(rawValue: 50) }
    /// `P-Asserted-Identity`.
    @inlinable public static var pAssertedIdentity: Self { Self(rawValue: 51) }
    /// `P-Preferred-Identity`.
    @inlinable public static var pPreferredIdentity: Self { Self(rawValue: 52) }
    /// `P-Early-Media`.
    @inlinable public static var pEarlyMedia: Self { Self(rawValue: 53) }
    /// `Remote-Party-ID`.
    @inlinable public static var remotePartyID: Self { Self(rawValue: 54) }
    /// `Privacy`.
    @inlinable public static var privacy: Self { Self(rawValue: 55) }
    /// `Diversion`.
    @inlinable public static var diversion: Self { Self(rawValue: 56) }
    /// `History-Info`.
    @inlinable public static var historyInfo: Self { Self(rawValue: 57) }
    /// `Path`.
    @inlinable public static var path: Self { Self(rawValue: 58) }
    /// `Service-Route`.
    @inlinable public static var serviceRoute: Self { Self(rawValue: 59) }
    /// `Alert-Info`.
    @inlinable public static var alertInfo: Self { Self(rawValue: 60) }
    /// `Call-Info`.
    @inlinable public static var callInfo: Self { Self(rawValue: 61) }
    /// `Error-Info`.
    @inlinable public static var errorInfo: Self { Self(rawValue: 62) }
    /// `In-Reply-To`.
    @inlinable public static var inReplyTo: Self { Self(rawValue: 63) }
    /// `Reply-To`.
    @inlinable public static var replyTo: Self { Self(rawValue: 64) }
    /// `Recv-Info`.
    @inlinable public static var recvInfo: Self { Self(rawValue: 65) }
    /// `Info-Package`.
    @inlinable public static var infoPackage: Self { Self(rawValue: 66) }
    /// `Identity`, compact `y`.
    @inlinable public static var identity: Self { Self(rawValue: 67) }
    /// `SIP-ETag`.
    @inlinable public static var sipETag: Self { Self(rawValue: 68) }
    /// `SIP-If-Match`.
    @inlinable public static var sipIfMatch: Self { Self(rawValue: 69) }
    /// `Geolocation`.
    @inlinable public static var geolocation: Self { Self(rawValue: 70) }
    /// `User-to-User`.
    @inlinable public static var userToUser: Self { Self(rawValue: 71) }
    /// `Target-Dialog`.
    @inlinable public static var targetDialog: Self { Self(rawValue: 72) }
    /// `Join`.
    @inlinable public static var joinDialog: Self { Self(rawValue: 73) }
    /// `Refer-Sub`.
    @inlinable public static var referSub: Self { Self(rawValue: 74) }
    /// `P-Charging-Vector`.
    @inlinable public static var pChargingVector: Self { Self(rawValue: 75) }
    /// `P-Access-Network-Info`.
    @inlinable public static var pAccessNetworkInfo: Self { Self(rawValue: 76) }
    /// `Accept-Contact`, compact `a`.
    @inlinable public static var acceptContact: Self { Self(rawValue: 77) }
    /// `Reject-Contact`, compact `j`.
    @inlinable public static var rejectContact: Self { Self(rawValue: 78) }
    /// `Request-Disposition`, compact `d`.
    @inlinable public static var requestDisposition: Self { Self(rawValue: 79) }

    /// The registered spelling: `Call-ID`; empty for ``unknown``.
    public var description: String { Self.spellings[Int(rawValue)].long.description }

    /// Registered spellings with the colon and space that follow them on the wire, by raw value.
    static let spellings: [Spelling] = [
        Spelling("", ""),
        Spelling("Via", "Via: ", compact: "v"),
        Spelling("From", "From: ", compact: "f"),
        Spelling("To", "To: ", compact: "t"),
        Spelling("Call-ID", "Call-ID: ", compact: "i"),
        Spelling("CSeq", "CSeq: "),
        Spelling("Contact", "Contact: ", compact: "m"),
        Spelling("Max-Forwards", "Max-Forwards: "),
        Spelling("Content-Length", "Content-Length: ", compact: "l"),
        Spelling("Content-Type", "Content-Type: ", compact: "c"),
        Spelling("Route", "Route: "),
        Spelling("Record-Route", "Record-Route: "),
        Spelling("Expires", "Expires: "),
        Spelling("Allow", "Allow: "),
        Spelling("Supported", "Supported: ", compact: "k"),
        Spelling("Require", "Require: "),
        Spelling("Unsupported", "Unsupported: "),
        Spelling("Proxy-Require", "Proxy-Require: "),
        Spelling("User-Agent", "User-Agent: "),
        Spelling("Server", "Server: "),
        Spelling("WWW-Authenticate", "WWW-Authenticate: "),
        Spelling("Proxy-Authenticate", "Proxy-Authenticate: "),
        Spelling("Authorization", "Authorization: "),
        Spelling("Proxy-Authorization", "Proxy-Authorization: "),
        Spelling("Authentication-Info", "Authentication-Info: "),
        Spelling("Reason", "Reason: "),
        Spelling("Retry-After", "Retry-After: "),
        Spelling("Warning", "Warning: "),
        Spelling("RSeq", "RSeq: "),
        Spelling("RAck", "RAck: "),
        Spelling("Session-Expires", "Session-Expires: ", compact: "x"),
        Spelling("Min-SE", "Min-SE: "),
        Spelling("Min-Expires", "Min-Expires: "),
        Spelling("Timestamp", "Timestamp: "),
        Spelling("Date", "Date: "),
        Spelling("Accept", "Accept: "),
        Spelling("Accept-Encoding", "Accept-Encoding: "),
        Spelling("Accept-Language", "Accept-Language: "),
        Spelling("Content-Encoding", "Content-Encoding: ", compact: "e"),
        Spelling("Content-Disposition", "Content-Disposition: "),
        Spelling("Content-Language", "Content-Language: "),
        Spelling("MIME-Version", "MIME-Version: "),
        Spelling("Subject", "Subject: ", compact: "s"),
        Spelling("Organization", "Organization: "),
        Spelling("Priority", "Priority: "),
        Spelling("Event", "Event: ", compact: "o"),
        Spelling("Allow-Events", "Allow-Events: ", compact: "u"),
        Spelling("Subscription-State", "Subscription-State: "),
        Spelling("Refer-To", "Refer-To: ", compact: "r"),
        Spelling("Referred-By", "Referred-By: ", compact: "b"),
        Spelling("Replaces", "Replaces: "),
        Spelling("P-Asserted-Identity", "P-Asserted-Identity: "),
        Spelling("P-Preferred-Identity", "P-Preferred-Identity: "),
        Spelling("P-Early-Media", "P-Early-Media: "),
        Spelling("Remote-Party-ID", "Remote-Party-ID: "),
        Spelling("Privacy", "Privacy: "),
        Spelling("Diversion", "Diversion: "),
        Spelling("History-Info", "History-Info: "),
        Spelling("Path", "Path: "),
        Spelling("Service-Route", "Service-Route: "),
        Spelling("Alert-Info", "Alert-Info: "),
        Spelling("Call-Info", "Call-Info: "),
        Spelling("Error-Info", "Error-Info: "),
        Spelling("In-Reply-To", "In-Reply-To: "),
        Spelling("Reply-To", "Reply-To: "),
        Spelling("Recv-Info", "Recv-Info: "),
        Spelling("Info-Package", "Info-Package: "),
        Spelling("Identity", "Identity: ", compact: "y"),
        Spelling("SIP-ETag", "SIP-ETag: "),
        Spelling("SIP-If-Match", "SIP-If-Match: "),
        Spelling("Geolocation", "Geolocation: "),
        Spelling("User-to-User", "User-to-User: "),
        Spelling("Target-Dialog", "Target-Dialog: "),
        Spelling("Join", "Join: "),
        Spelling("Refer-Sub", "Refer-Sub: "),
        Spelling("P-Charging-Vector", "P-Charging-Vector: "),
        Spelling("P-Access-Network-Info", "P-Access-Network-Info: "),
        Spelling("Accept-Contact", "Accept-Contact: ", compact: "a"),
        Spelling("Reject-Contact", "Reject-Contact: ", compact: "j"),
        Spelling("Request-Disposition", "Request-Disposition: ", compact: "d"),
    ]

    struct Spelling: Sendable {
        let long: StaticString
        let field: StaticString
        let compact: StaticString?

        init(_ long: StaticString, _ field: StaticString, compact: StaticString? = nil) {
            self.long = long
            self.field = field
            self.compact = compact
        }
    }
}
