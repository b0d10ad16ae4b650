/// What a parser refuses for its size. The defaults suit a server on UDP.
public struct SIPParserLimits: Hashable, Sendable {
    /// Octets of a whole message, `1...65_535`; larger ones fail with ``SIPParseError/Kind/messageTooLarge``.
    public var maximumMessageBytes = 65_535
    /// Header fields, lines counted after unfolding.
    public var maximumHeaders = 256
    /// Octets of one header field, folds included.
    public var maximumHeaderBytes = 16_384
    /// Octets of a URI.
    public var maximumURIBytes = 4_096
    /// Octets of a body.
    public var maximumBodyBytes = 65_535

    public init() {}
}
