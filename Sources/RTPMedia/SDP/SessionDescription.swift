/// A session description (RFC 8866): who offers which media where.
///
/// Every line is kept in its order, known or not. Typed views (``connection``, ``MediaDescription/rtpMaps``, …) read
/// the lines; to change a description, change its lines.
public struct SessionDescription: Hashable, Sendable {
    /// One `type=value` line.
    public struct Line: Hashable, Sendable {
        /// The single letter before `=`.
        public var type: Character
        /// Everything behind `=`; octets that are not UTF-8 are replaced by U+FFFD.
        public var value: String

        public init(_ type: Character, _ value: String) {
            self.type = type
            self.value = value
        }

        /// The value without the key of an `a=crypto` line (RFC 4568), for people and logs.
        public var redactedValue: String {
            guard type == "a", value.prefix(7).lowercased() == "crypto:" else { return value }
            let fields = value.split(separator: " ", omittingEmptySubsequences: false)
            return fields.prefix(2).joined(separator: " ") + (fields.count > 2 ? " inline:…" : "")
        }
    }

    /// The `o=` line (RFC 8866 §5.2).
    public struct Origin: Hashable, Sendable {
        public var username: String
        /// Digits as received: they may exceed 64 bits.
        public var sessionID: String
        /// Grows with each changed description.
        public var sessionVersion: String
        public var networkType: String
        public var addressType: String
        public var address: String

        public init(
            username: String, sessionID: String, sessionVersion: String, networkType: String = "IN",
            addressType: String, address: String
        ) {
            self.username = username
            self.sessionID = sessionID
            self.sessionVersion = sessionVersion
            self.networkType = networkType
            self.addressType = addressType
            self.address = address
        }
    }

    /// A `c=` line (RFC 8866 §5.7), without the TTL and count of multicast.
    public struct Connection: Hashable, Sendable {
        public var networkType: String
        public var addressType: String
        /// An address literal or a name.
        public var address: String

        public init(networkType: String = "IN", addressType: String, address: String) {
            self.networkType = networkType
            self.addressType = addressType
            self.address = address
        }
    }

    public var origin: Origin
    /// The `s=` line; `nil` when it is missing, which RFC 8866 §5.3 forbids and some senders do.
    public var name: String?
    /// The session's other lines in order: everything before the first `m=` but `v=`, `o=` and `s=`.
    public var lines: [Line]
    public var media: [MediaDescription]

    public init(origin: Origin, name: String? = "-", lines: [Line] = [], media: [MediaDescription] = []) {
        self.origin = origin
        self.name = name
        self.lines = lines
        self.media = media
    }

    /// The session-level `c=`; holds for each media description without its own.
    public var connection: Connection? { lines.connection }

    /// Session-level attributes, `name` or `name:value`, in order.
    public var attributes: [String] { lines.attributes }

    /// The session-level direction attribute; `nil` when there is none.
    public var direction: MediaDirection? { lines.direction }

    /// The connection that holds for `media`: its own, else the session's (RFC 8866 §5.7).
    public func connection(of media: MediaDescription) -> Connection? { media.connection ?? connection }

    /// The direction that holds for `media`: its own, else the session's, else `sendrecv` (RFC 8866 §6.7).
    public func direction(of media: MediaDescription) -> MediaDirection {
        media.direction ?? direction ?? .sendrecv
    }
}

/// One `m=` line and the lines up to the next (RFC 8866 §5.14).
public struct MediaDescription: Hashable, Sendable {
    /// `audio`, `video`, `application`, `image`, …
    public var kind: String
    /// 0: the stream is refused or gone (RFC 3264 §6).
    public var port: UInt16
    /// Number of consecutive ports of a layered stream; 1 as a rule.
    public var portCount: Int
    /// `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`, `udptl`, …
    public var transport: String
    /// RTP payload types as numbers, or other format names.
    public var formats: [String]
    /// The lines that belong to it, in order.
    public var lines: [SessionDescription.Line]

    public init(
        kind: String, port: UInt16, portCount: Int = 1, transport: String, formats: [String],
        lines: [SessionDescription.Line] = []
    ) {
        self.kind = kind
        self.port = port
        self.portCount = portCount
        self.transport = transport
        self.formats = formats
        self.lines = lines
    }

    /// Its own `c=` line.
    public var connection: SessionDescription.Connection? { lines.connection }
    /// Attributes, `name` or `name:value`, in order.
    public var attributes: [String] { lines.attributes }
    /// Its own direction attribute.
    public var direction: MediaDirection? { lines.direction }
}

extension [SessionDescription.Line] {
    var attributes: [String] { filter { $0.type == "a" }.map(\.value) }

    var connection: SessionDescription.Connection? {
        for line in self where line.type == "c" {
            return SessionDescription.Connection(lineValue: line.value)
        }
        return nil
    }

    /// The last direction attribute, as the later of two contradicting lines wins in the stacks that are out there.
    var direction: MediaDirection? {
        var found: MediaDirection?
        for line in self where line.type == "a" {
            if let direction = MediaDirection(rawValue: line.value) { found = direction }
        }
        return found
    }

    /// The value of the first attribute `name`, matched as it stands (RFC 8866 §9: case-sensitive).
    func attribute(_ name: String) -> Substring? {
        for line in self where line.type == "a" {
            guard line.value.hasPrefix(name) else { continue }
            let rest = line.value.dropFirst(name.count)
            if rest.isEmpty { return rest }
            if rest.first == ":" { return rest.dropFirst() }
        }
        return nil
    }
}

extension SessionDescription.Connection {
    /// `IN IP4 192.0.2.1` or, for multicast, `IN IP4 224.2.1.1/127/3`; `nil` without three fields.
    init?(lineValue: String) {
        let fields = lineValue.split(separator: " ")
        guard fields.count >= 3, let address = fields[2].split(separator: "/").first else { return nil }
        self.init(
            networkType: String(fields[0]), addressType: String(fields[1]), address: String(address))
    }
}

extension SessionDescription.Line: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `type=value`, without keys.
    public var description: String { "\(type)=\(redactedValue)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["type": type, "value": redactedValue]) }
}
