/// Direction of a media stream, seen from our side (RFC 8866 §6.7).
public enum MediaDirection: String, Hashable, Sendable, Codable {
    case sendrecv, sendonly, recvonly, inactive
}

extension MediaDirection {
    init(sends: Bool, receives: Bool) {
        self =
            switch (sends, receives) {
            case (true, true): .sendrecv
            case (true, false): .sendonly
            case (false, true): .recvonly
            case (false, false): .inactive
            }
    }

    /// Whether the side that says so sends media.
    public var sends: Bool { self == .sendrecv || self == .sendonly }
    /// Whether the side that says so takes media.
    public var receives: Bool { self == .sendrecv || self == .recvonly }
    /// The same stream seen from the other side (RFC 3264 §6.1).
    public var mirrored: MediaDirection { MediaDirection(sends: receives, receives: sends) }
}
