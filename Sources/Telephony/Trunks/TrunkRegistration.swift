/// How we register with a trunk (RFC 3261 §10).
public struct TrunkRegistration: Hashable, Sendable {
    /// User part of the address of record; `nil` for the user name of the credentials.
    public var user: String?
    /// Time asked for, 60...86,400 s; the registrar may shorten it.
    public var expires = Duration.seconds(3_600)
    /// Whether calls over the trunk wait until it knows us.
    public var isRequired = true

    public init() {}
}

/// How a trunk is asked for its health: OPTIONS at an interval (RFC 3261 §11).
///
/// Any answer but 408, 500, 502, 503 and 504 is a sign of life.
public struct TrunkHealthCheck: Hashable, Sendable {
    /// 1...3,600 s.
    public var interval = Duration.seconds(30)
    /// Unanswered in a row, after which the trunk counts as unreachable, 1...100.
    public var failureLimit = 3
    /// Answered in a row, after which it counts as reachable again, 1...100.
    public var recoveryLimit = 1

    public init() {}
}
