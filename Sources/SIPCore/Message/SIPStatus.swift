/// The status code of a response (RFC 3261 §21), `100...699`.
public struct SIPStatus: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let code: Int

    /// - Parameter code: `100...699`; anything else gives `nil`.
    public init?(_ code: Int) {
        guard (100...699).contains(code) else { return nil }
        self.code = code
    }

    init(known code: Int) { self.code = code }

    public static func < (left: Self, right: Self) -> Bool { left.code < right.code }

    /// 100...199.
    public var isProvisional: Bool { code < 200 }
    /// 200...699.
    public var isFinal: Bool { code >= 200 }
    /// 200...299.
    public var isSuccess: Bool { code / 100 == 2 }
    /// 300...399.
    public var isRedirection: Bool { code / 100 == 3 }
    /// 401 or 407: the far end asks for credentials.
    public var isChallenge: Bool { code == 401 || code == 407 }

    /// Code and registered phrase: `486 Busy Here`.
    public var description: String { "\(code) \(reasonPhrase)" }

    public static let trying = Self(known: 100)
    public static let ringing = Self(known: 180)
    public static let sessionProgress = Self(known: 183)
    public static let ok = Self(known: 200)
    public static let badRequest = Self(known: 400)
    public static let unauthorized = Self(known: 401)
    public static let notFound = Self(known: 404)
    public static let methodNotAllowed = Self(known: 405)
    public static let notAcceptable = Self(known: 406)
    public static let proxyAuthenticationRequired = Self(known: 407)
    public static let requestTimeout = Self(known: 408)
    public static let requestEntityTooLarge = Self(known: 413)
    public static let requestURITooLong = Self(known: 414)
    public static let unsupportedMediaType = Self(known: 415)
    public static let unsupportedURIScheme = Self(known: 416)
    public static let badExtension = Self(known: 420)
    public static let temporarilyUnavailable = Self(known: 480)
    public static let dialogDoesNotExist = Self(known: 481)
    public static let busyHere = Self(known: 486)
    public static let requestTerminated = Self(known: 487)
    public static let notAcceptableHere = Self(known: 488)
    public static let serverInternalError = Self(known: 500)
    public static let serviceUnavailable = Self(known: 503)
    public static let versionNotSupported = Self(known: 505)
    public static let messageTooLarge = Self(known: 513)
    public static let decline = Self(known: 603)

    /// The registered reason phrase; for a code that is not registered, that of its class.
    public var reasonPhrase: String { Self.phrase(code) }

    private static func phrase(_ code: Int) -> String {
        switch code {
        case 100: "Trying"
        case 180: "Ringing"
        case 181: "Call Is Being Forwarded"
        case 182: "Queued"
        case 183: "Session Progress"
        case 199: "Early Dialog Terminated"
        case 200: "OK"
        case 202: "Accepted"
        case 204: "No Notification"
        case 300: "Multiple Choices"
        case 301: "Moved Permanently"
        case 302: "Moved Temporarily"
        case 305: "Use Proxy"
        case 380: "Alternative Service"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 407: "Proxy Authentication Required"
        case 408: "Request Timeout"
        case 410: "Gone"
        case 412: "Conditional Request Failed"
        case 413: "Request Entity Too Large"
        case 414: "Request-URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Unsupported URI Scheme"
        case 417: "Unknown Resource-Priority"
        case 420: "Bad Extension"
        case 421: "Extension Required"
        case 422: "Session Interval Too Small"
        case 423: "Interval Too Brief"
        case 424: "Bad Location Information"
        case 428: "Use Identity Header"
        case 429: "Provide Referrer Identity"
        case 430: "Flow Failed"
        case 433: "Anonymity Disallowed"
        case 436: "Bad Identity Info"
        case 437: "Unsupported Credential"
        case 438: "Invalid Identity Header"
        case 439: "First Hop Lacks Outbound Support"
        case 440: "Max-Breadth Exceeded"
        case 469: "Bad Info Package"
        case 470: "Consent Needed"
        case 480: "Temporarily Unavailable"
        case 481: "Call/Transaction Does Not Exist"
        case 482: "Loop Detected"
        case 483: "Too Many Hops"
        case 484: "Address Incomplete"
        case 485: "Ambiguous"
        case 486: "Busy Here"
        case 487: "Request Terminated"
        case 488: "Not Acceptable Here"
        case 489: "Bad Event"
        case 491: "Request Pending"
        case 493: "Undecipherable"
        case 494: "Security Agreement Required"
        case 500: "Server Internal Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Server Time-out"
        case 505: "Version Not Supported"
        case 513: "Message Too Large"
        case 555: "Push Notification Service Not Supported"
        case 580: "Precondition Failure"
        case 600: "Busy Everywhere"
        case 603: "Decline"
        case 604: "Does Not Exist Anywhere"
        case 606: "Not Acceptable"
        case 607: "Unwanted"
        case 608: "Rejected"
        case ..<200: "Session Progress"
        case ..<300: "OK"
        case ..<400: "Multiple Choices"
        case ..<500: "Bad Request"
        case ..<600: "Server Internal Error"
        default: "Busy Everywhere"
        }
    }
}
