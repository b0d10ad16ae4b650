/// What the end of an attempt says about the trunk that it went over.
enum TrunkVerdict: Hashable, Sendable {
    /// The far end, or the network behind the trunk, had its word.
    case works
    /// It could not carry the call: 5xx, silence, no route.
    case fault(String)
    /// It asks to be left alone: 429, or 413, 500, 503 with `Retry-After` (RFC 3261 §20.33); `nil`: without a time.
    case rest(seconds: Int?, String)
    /// It refuses our credentials (401, 407): no call of ours will do better. A person has to act.
    case refusal(String)
    /// It does not allow this call: 402, 403. That may be about us or about this one callee, so the breaker counts callees.
    case forbidden(String, callee: String)
    /// The attempt ended without a word of it.
    case neutral

    /// - Parameter callee: The number that was called, as in the request.
    init(_ disposition: CallDisposition, _ cause: CallCause, callee: String) {
        let words = cause.sipStatus.map { "\($0) \(cause.text)" } ?? cause.text
        let asked = cause.retryAfterSeconds ?? 0
        switch disposition {
        case .answered, .dropped, .busy, .noAnswer, .declined, .badNumber, .mediaRefused, .blocked:
            self = .works
        case .cancelled, .notPrepared, .noTrunk, .failed, .unknown:
            self = .neutral
        case .forbidden, .trunkFault:
            switch cause.sipStatus {
            case .some(300..<400): self = .works
            case 401, 407: self = .refusal(words)
            case 402, 403: self = .forbidden(words, callee: callee)
            case 429: self = .rest(seconds: asked > 0 ? asked : nil, words)
            case 413, 500, 503: self = asked > 0 ? .rest(seconds: asked, words) : .fault(words)
            default: self = .fault(words)
            }
        }
    }

    /// Whether it is told as the trunk's fault.
    var isFault: Bool {
        switch self {
        case .fault, .rest, .refusal, .forbidden: true
        case .works, .neutral: false
        }
    }

    /// Whether the call goes on over another trunk. One that is forbidden does not: it would as a rule be forbidden
    /// everywhere, and one callee must not stop all trunks.
    var sendsElsewhere: Bool {
        switch self {
        case .fault, .rest, .refusal: true
        case .works, .neutral, .forbidden: false
        }
    }

    var words: String {
        switch self {
        case .fault(let words), .rest(_, let words), .refusal(let words), .forbidden(let words, _): words
        case .works, .neutral: ""
        }
    }
}
