internal import Foundation
internal import RTPMedia
internal import SIPCore
internal import SansIO
internal import Telephony

/// A trunk as written in a JSON file.
///
/// ```json
/// { "name": "carrier", "host": "sip.carrier.example", "port": 5060, "numbers": ["+15550100"],
///   "username": "outdial", "password": { "env": "TRUNK_PASSWORD" } }
/// ```
///
/// A file may hold several: an array of such objects, or `{ "trunks": [ … ] }`. Durations are seconds.
struct TrunkFile: Decodable {
    var name: String?
    var host: String
    var port: UInt16?
    var domain: String?
    var username: Secret?
    var password: Secret?
    var realm: String?
    var numbers: [String]?
    var callerName: String?
    var advertisedHost: String?
    var advertisedPort: UInt16?
    /// Redirections in a row that are followed; none when it is missing.
    var maximumRedirections: Int?
    var advertisedMediaHost: String?
    /// `udp`, `tcp` or `tls`.
    var transport: String?
    /// `sip` or, with `tls` alone, `sips`.
    var scheme: String?
    var switchesToTCP: Bool?
    /// Names of codecs in order of preference: `["opus", "G722", "PCMU", "PCMA"]`.
    var codecs: [String]?
    /// Milliseconds of audio that we want in a packet: 10 to 60.
    var ptime: Int?
    /// `off`, `optional` or `required`: whether the audio is encrypted.
    var srtp: String?
    /// How telephone keys travel: `auto`, `rfc4733`, `info` or `inband`.
    var dtmf: String?
    /// Whether comfort noise is offered and accepted; not when it is missing.
    var comfortNoise: Bool?
    /// Whether RTCP goes through the RTP port (RFC 5761): `off`, `answered` (where the far end offers it, the default) or
    /// `offered`.
    var rtcpMux: String?
    /// Whether RTCP tells and asks for voice quality (RFC 3611); not when it is missing.
    var extendedReports: Bool?
    /// Seconds of silence after which a call counts as lost, 0 for never; 30 when it is missing.
    var mediaTimeout: Double?
    /// Signs its calls; with what, `TrunkSecurity` reads.
    var identity: TrunkSecurity.Identity?
    /// How the caller is named besides `From`.
    var callerIdentity: CallerIdentity?
    /// Addresses or blocks from which it calls us, besides those of its host name: `192.0.2.0/24`.
    var allowedSources: [String]?
    var localHost: String?
    var localPort: UInt16?
    var verifiedNumbers: [String]?
    var priority: Int?
    var weight: Int?
    var callsPerSecond: Double?
    var maximumCalls: Int?
    var dialFormat: Format?
    var callerFormat: Format?
    var breaker: Breaker?
    var register: Register?
    var healthCheck: Health?

    /// A value given in the file or, better, by the environment or another file.
    enum Secret: Decodable {
        case literal(String)
        case environment(String)
        case file(String)

        private enum Keys: String, CodingKey { case env, file }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                self = .literal(text)
                return
            }
            let container = try decoder.container(keyedBy: Keys.self)
            if let name = try container.decodeIfPresent(String.self, forKey: .env) {
                self = .environment(name)
            } else {
                self = .file(try container.decode(String.self, forKey: .file))
            }
        }

        /// - Throws: ``FileError`` naming the variable or file, never its content.
        func resolve(field: String) throws -> String {
            switch self {
            case .literal(let text):
                return text
            case .environment(let name):
                guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
                    throw FileError("\(field): the environment variable \(name) is not set")
                }
                return value
            case .file(let path):
                guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                    throw FileError("\(field): cannot read the file \(path)")
                }
                return text.trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
    }

    /// Reads a file of one trunk or of several.
    ///
    /// - Throws: ``FileError`` naming the file, the trunk's place in it and the field.
    static func loadAll(_ path: String) throws -> [Trunk] {
        let files = try JSONFile.load(TrunkFiles.self, from: path).trunks
        guard !files.isEmpty else { throw FileError("\(path): there is no trunk in it") }
        var names: Set<String> = []
        return try files.enumerated().map { index, file in
            let trunk = try file.trunk(at: files.count == 1 ? path : "\(path): trunk \(index + 1)")
            guard names.insert(trunk.name).inserted else {
                throw FileError("\(path): trunk \(index + 1): name is that of another trunk")
            }
            return trunk
        }
    }

    /// Reads a file that has to hold exactly one trunk.
    static func load(_ path: String) throws -> Trunk {
        let trunks = try loadAll(path)
        guard trunks.count == 1 else { throw FileError("\(path): one trunk is needed, not \(trunks.count)") }
        return trunks[0]
    }

    /// - Parameter place: What errors begin with.
    private func trunk(at place: String) throws -> Trunk {
        guard !host.isEmpty else { throw FileError("\(place): host is empty") }
        var credentials: SIPCredentials?
        if let password {
            guard let username else { throw FileError("\(place): a password needs a username") }
            credentials = SIPCredentials(
                username: try username.resolve(field: "\(place): username"),
                password: try password.resolve(field: "\(place): password"), realm: realm)
        }
        let transportName = transport ?? "udp"
        guard let transport = SIPTransport(name: transportName) else {
            throw FileError("\(place): transport is udp, tcp or tls, not \(transportName)")
        }
        var trunk = Trunk(
            name: name ?? host, host: host, port: port, domain: domain,
            credentials: credentials, numbers: numbers ?? [], callerName: callerName,
            advertisedHost: advertisedHost, transport: transport)
        trunk.advertisedMediaHost = advertisedMediaHost
        trunk.advertisedPort = advertisedPort
        if let maximumRedirections, maximumRedirections != 0 {
            guard (1...20).contains(maximumRedirections) else {
                throw FileError("\(place): maximumRedirections is 0 to 20")
            }
            trunk.redirections = RedirectionPolicy(maximumHops: maximumRedirections)
        }
        switch scheme?.lowercased() {
        case nil, "sip": break
        case "sips": trunk.usesSecureURIs = true
        case let other?: throw FileError("\(place): scheme is sip or sips, not \(other)")
        }
        trunk.switchesToTCP = switchesToTCP ?? false
        trunk.codecs = try codecs?.map { try Codecs.kind(named: $0, at: "\(place): codecs") }
        if let ptime {
            guard (10...60).contains(ptime), ptime % 10 == 0 else {
                throw FileError("\(place): ptime is 10, 20, 30, 40, 50 or 60, not \(ptime)")
            }
            trunk.packetMilliseconds = ptime
        }
        if let srtp {
            guard let policy = MediaSecurityPolicy(rawValue: srtp.lowercased()) else {
                throw FileError("\(place): srtp is off, optional or required, not \(srtp)")
            }
            trunk.mediaSecurity = policy
        }
        if let dtmf {
            guard let mode = DTMFMode(rawValue: dtmf.lowercased()) else {
                throw FileError("\(place): dtmf is auto, rfc4733, info or inband, not \(dtmf)")
            }
            trunk.dtmf = mode
        }
        trunk.comfortNoise = comfortNoise ?? trunk.comfortNoise
        if let rtcpMux {
            guard let multiplexing = RTCPMultiplexing(rawValue: rtcpMux.lowercased()) else {
                throw FileError("\(place): rtcpMux is off, answered or offered, not \(rtcpMux)")
            }
            trunk.multiplexing = multiplexing
        }
        trunk.extendedReports = extendedReports ?? trunk.extendedReports
        if let mediaTimeout {
            guard mediaTimeout == 0 || (1...3_600).contains(mediaTimeout) else {
                throw FileError(
                    "\(place): mediaTimeout is 1 to 3600 seconds, or 0 for never, not \(mediaTimeout)")
            }
            trunk.mediaTimeout = .milliseconds(Int64(mediaTimeout * 1_000))
        }
        trunk.attestation = identity?.attestation
        if let callerIdentity { trunk.identity = try callerIdentity.value(at: "\(place): callerIdentity") }
        for text in allowedSources ?? [] {
            guard let range = AddressRange(text) else {
                throw FileError("\(place): allowedSources: '\(text)' is no address or block of addresses")
            }
            trunk.allowedSources.append(range)
        }
        trunk.localHost = localHost
        trunk.localPort = localPort
        trunk.verifiedNumbers = verifiedNumbers ?? []
        trunk.priority = priority ?? trunk.priority
        trunk.weight = weight ?? trunk.weight
        trunk.callsPerSecond = callsPerSecond
        trunk.maximumCalls = maximumCalls
        if let dialFormat { trunk.dialFormat = try dialFormat.value(at: "\(place): dialFormat") }
        if let callerFormat { trunk.callerFormat = try callerFormat.value(at: "\(place): callerFormat") }
        breaker?.apply(to: &trunk.breaker)
        trunk.registration = register?.value
        trunk.healthCheck = healthCheck?.value
        if let fault = trunk.fault() { throw FileError("\(place): \(fault)") }
        return trunk
    }
}

/// One trunk, an array of them, or an object with an array.
private struct TrunkFiles: Decodable {
    var trunks: [TrunkFile]

    private enum Keys: String, CodingKey { case trunks }

    init(from decoder: any Decoder) throws {
        if (try? decoder.unkeyedContainer()) != nil {
            trunks = try [TrunkFile](from: decoder)
        } else if let object = try? decoder.container(keyedBy: Keys.self), object.contains(.trunks) {
            trunks = try object.decode([TrunkFile].self, forKey: .trunks)
        } else {
            trunks = [try TrunkFile(from: decoder)]
        }
    }
}
