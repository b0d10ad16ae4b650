internal import Foundation
internal import SIPCore
internal import SansIO
internal import Telephony

/// A trunk as written in a JSON file.
///
/// ```json
/// { "name": "carrier", "host": "sip.carrier.example", "port": 5060, "numbers": ["+15550100"],
///   "username": "outdial", "password": { "env": "TRUNK_PASSWORD" } }
/// ```
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
    var advertisedMediaHost: String?
    /// `udp`, `tcp` or `tls`.
    var transport: String?
    var switchesToTCP: Bool?
    /// Signs its calls; with what, `TrunkSecurity` reads.
    var identity: TrunkSecurity.Identity?
    /// Addresses or blocks from which it calls us, besides those of its host name: `192.0.2.0/24`.
    var allowedSources: [String]?

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

    /// Reads a trunk file.
    ///
    /// - Throws: ``FileError`` naming the file and the field.
    static func load(_ path: String) throws -> Trunk {
        let file = try JSONFile.load(TrunkFile.self, from: path)
        guard !file.host.isEmpty else { throw FileError("\(path): host is empty") }
        var credentials: SIPCredentials?
        if let password = file.password {
            guard let username = file.username else {
                throw FileError("\(path): a password needs a username")
            }
            credentials = SIPCredentials(
                username: try username.resolve(field: "\(path): username"),
                password: try password.resolve(field: "\(path): password"), realm: file.realm)
        }
        let name = file.transport ?? "udp"
        guard let transport = SIPTransport(name: name) else {
            throw FileError("\(path): transport is udp, tcp or tls, not \(name)")
        }
        var trunk = Trunk(
            name: file.name ?? file.host, host: file.host, port: file.port,
            domain: file.domain, credentials: credentials, numbers: file.numbers ?? [],
            callerName: file.callerName, advertisedHost: file.advertisedHost, transport: transport)
        trunk.advertisedMediaHost = file.advertisedMediaHost
        trunk.switchesToTCP = file.switchesToTCP ?? false
        trunk.attestation = file.identity?.attestation
        for text in file.allowedSources ?? [] {
            guard let range = AddressRange(text) else {
                throw FileError("\(path): allowedSources: '\(text)' is no address or block of addresses")
            }
            trunk.allowedSources.append(range)
        }
        return trunk
    }
}
