/// What a session description says, flattened for people and JSON; keys for encryption are left out.
public struct SDPSummary: Hashable, Sendable, Codable {
    public struct Codec: Hashable, Sendable, Codable {
        public var payloadType: Int
        public var name: String
        public var clockRateHertz: Int
        public var channels: Int
        /// From `a=fmtp`.
        public var parameters: String?
    }

    public struct Media: Hashable, Sendable, Codable {
        public var kind: String
        public var port: Int
        public var portCount: Int
        public var transport: String
        public var formats: [String]
        /// Its own address, else the session's.
        public var address: String?
        /// Its own direction, else the session's, else `sendrecv`.
        public var direction: MediaDirection
        public var packetTimeMilliseconds: Int?
        public var codecs: [Codec]
        public var attributes: [String]
    }

    public var username: String
    public var sessionID: String
    public var sessionVersion: String
    public var originAddress: String
    public var name: String?
    /// Address of the session-level `c=`.
    public var address: String?
    /// Session-level attributes.
    public var attributes: [String]
    public var media: [Media]

    public init(_ description: SessionDescription) {
        username = description.origin.username
        sessionID = description.origin.sessionID
        sessionVersion = description.origin.sessionVersion
        originAddress = description.origin.address
        name = description.name
        address = description.connection?.address
        attributes = description.lines.filter { $0.type == "a" }.map(\.redactedValue)
        media = description.media.map { media in
            Media(
                kind: media.kind, port: Int(media.port), portCount: media.portCount,
                transport: media.transport,
                formats: media.formats, address: description.connection(of: media)?.address,
                direction: description.direction(of: media),
                packetTimeMilliseconds: media.packetTimeMilliseconds,
                codecs: media.codecs.map { map in
                    Codec(
                        payloadType: Int(map.payloadType), name: map.encodingName,
                        clockRateHertz: map.clockRate, channels: map.channels,
                        parameters: media.formatParameters(of: map.payloadType))
                },
                attributes: media.lines.filter { $0.type == "a" }.map(\.redactedValue))
        }
    }

    /// Reads and summarises bytes.
    ///
    /// - Throws: ``SDPError`` as ``SessionDescription/init(parsing:limits:)``.
    public init(parsing bytes: [UInt8]) throws(SDPError) {
        self.init(try SessionDescription(parsing: bytes))
    }
}
