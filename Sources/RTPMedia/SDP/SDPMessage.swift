/// A workspace for one session description (RFC 8866): its octets and a table of its lines.
///
/// One workspace serves any number of descriptions; once warm it allocates nothing. Everything is read as slices. To keep
/// or change a description, make a ``SessionDescription`` of it.
public struct SDPMessage: ~Copyable {
    /// One line that is not `v=`, `o=`, the session's `s=` or `m=`.
    struct Line: Sendable {
        /// The letter before `=`.
        var type: UInt8
        /// Of an `a=` line whose name is known; else ``SDPAttribute/other``.
        var attribute = SDPAttribute.other
        /// Everything behind `=`, without the spaces at its end.
        var value: SDPSlice
        /// What follows `name:` in an `a=` line; empty without a colon.
        var argument = SDPSlice.empty
    }

    /// The `o=` line.
    public struct Origin: Sendable {
        public var username = SDPSlice.empty
        public var sessionID = SDPSlice.empty
        public var sessionVersion = SDPSlice.empty
        public var networkType = SDPSlice.empty
        public var addressType = SDPSlice.empty
        public var address = SDPSlice.empty
    }

    /// One `m=` line and where its lines stand in the table.
    public struct Media: Sendable {
        public var kind: SDPSlice
        public var port: UInt16
        public var portCount: UInt16
        public var transport: SDPSlice
        /// All formats with the spaces between them.
        public var formats: SDPSlice
        var section = Section()
    }

    /// The lines of the session, or of one stream, and what is asked of them most.
    struct Section: Sendable {
        var firstLine = 0
        var endLine = 0
        /// Index of the first `c=` line.
        var connection: Int?
        /// The last direction attribute, as the later of two contradicting ones wins in the stacks that are out there.
        var direction: MediaDirection?

        var lines: Range<Int> { firstLine..<endLine }
    }

    /// What the parser finds. The tables keep their memory from one description to the next.
    struct Contents: Sendable {
        var origin = Origin()
        var name: SDPSlice?
        var session = Section()
        var lines: [Line] = []
        var media: [Media] = []

        mutating func removeAll() {
            origin = Origin()
            name = nil
            session = Section()
            lines.removeAll(keepingCapacity: true)
            media.removeAll(keepingCapacity: true)
        }
    }

    public let limits: SDPLimits
    var storage: [UInt8] = []
    var contents = Contents()

    public init(limits: SDPLimits = SDPLimits()) {
        var limits = limits
        limits.maximumBytes = max(0, min(limits.maximumBytes, 65_535))
        self.limits = limits
    }

    /// The description as received. Slices count from its start.
    public var bytes: RawSpan {
        @_lifetime(borrow self) get { storage.span.bytes }
    }

    public var origin: Origin { contents.origin }
    /// The `s=` line; `nil` when it is missing.
    public var name: SDPSlice? { contents.name }
    public var mediaCount: Int { contents.media.count }

    /// The stream at `index`, `0..<mediaCount`.
    public func media(at index: Int) -> Media { contents.media[index] }

    /// The slice as text; octets that are not UTF-8 become U+FFFD.
    public func text(_ slice: SDPSlice) -> String { bytes.text(slice) }

    /// The first attribute of a stream with this name.
    func first(_ attribute: SDPAttribute, of media: Media) -> Line? {
        for index in media.section.lines where contents.lines[index].attribute == attribute {
            return contents.lines[index]
        }
        return nil
    }

    /// The value of the `c=` line that holds for a stream: its own, else the session's (RFC 8866 §5.7).
    func connection(of media: Media) -> SDPSlice? {
        (media.section.connection ?? contents.session.connection).map { contents.lines[$0].value }
    }

    /// The direction that holds for a stream: its own, else the session's, else `sendrecv` (RFC 8866 §6.7).
    public func direction(of media: Media) -> MediaDirection {
        media.section.direction ?? contents.session.direction ?? .sendrecv
    }
}

/// Attributes whose names the parser knows (RFC 8866 §6 unless said otherwise).
enum SDPAttribute: UInt8, Hashable, Sendable {
    case other
    case rtpmap, fmtp, ptime, maxptime
    /// RFC 3605.
    case rtcp
    /// RFC 5761.
    case rtcpMux
    /// RFC 3611 §5.1.
    case rtcpXR
    /// RFC 4568.
    case crypto
    case sendrecv, sendonly, recvonly, inactive

    /// By length and first letter, then one comparison: there is one candidate for each.
    @inline(__always) init(_ bytes: RawSpan, _ name: SDPSlice) {
        guard !name.isEmpty else {
            self = .other
            return
        }
        let candidate: (SDPAttribute, StaticString)
        switch (name.length, bytes.octet(name.start)) {
        case (4, UInt8(ascii: "f")): candidate = (.fmtp, "fmtp")
        case (4, UInt8(ascii: "r")): candidate = (.rtcp, "rtcp")
        case (5, UInt8(ascii: "p")): candidate = (.ptime, "ptime")
        case (6, UInt8(ascii: "r")): candidate = (.rtpmap, "rtpmap")
        case (6, UInt8(ascii: "c")): candidate = (.crypto, "crypto")
        case (7, UInt8(ascii: "r")): candidate = (.rtcpXR, "rtcp-xr")
        case (8, UInt8(ascii: "m")): candidate = (.maxptime, "maxptime")
        case (8, UInt8(ascii: "r")):
            candidate = bytes.equals(name, "recvonly") ? (.recvonly, "recvonly") : (.rtcpMux, "rtcp-mux")
        case (8, UInt8(ascii: "s")):
            candidate = bytes.equals(name, "sendonly") ? (.sendonly, "sendonly") : (.sendrecv, "sendrecv")
        case (8, UInt8(ascii: "i")): candidate = (.inactive, "inactive")
        default:
            self = .other
            return
        }
        self = bytes.equals(name, candidate.1) ? candidate.0 : .other
    }

    /// Which direction it states, if it is one of the four.
    @inline(__always) var direction: MediaDirection? {
        switch self {
        case .sendrecv: .sendrecv
        case .sendonly: .sendonly
        case .recvonly: .recvonly
        case .inactive: .inactive
        default: nil
        }
    }
}
