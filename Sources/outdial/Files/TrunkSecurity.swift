internal import Foundation
internal import RTPMedia
internal import SIPCore
internal import SansIO
internal import Telephony

#if Secure
    internal import SecureMedia
    internal import SecureSIP
#endif

/// What a trunk's file says about TLS, encrypted audio and about vouching for calls.
///
/// ```json
/// { "transport": "tls", "srtp": "required", "caFile": "carrier-ca.pem", "certificateFile": "ours.pem", "keyFile": "ours.key",
///   "keyPassphrase": { "env": "KEY_PASSPHRASE" }, "requireClientCertificate": true,
///   "identity": { "attestation": "A", "keyFile": "shaken.key", "certificateURL": "https://example.com/shaken.pem",
///                 "originationID": "de305d54-75b4-431b-adb2-eb6b9e546014" } }
/// ```
struct TrunkSecurity: Decodable {
    /// Signs calls (STIR/SHAKEN).
    struct Identity: Decodable {
        var attestation: Attestation
        var keyFile: String
        var keyPassphrase: TrunkFile.Secret?
        var certificateURL: String
        var originationID: String
    }

    var transport: String?
    /// As in `TrunkFile`, which refuses other words.
    var srtp: String?
    var caFile: String?
    var certificateFile: String?
    var keyFile: String?
    var keyPassphrase: TrunkFile.Secret?
    /// Whether those who open TLS connections to us need a certificate that `caFile` vouches for.
    var requireClientCertificate: Bool?
    var identity: Identity?

    /// Whether the file asks for anything that needs the trait `Secure`.
    fileprivate var asksForSecurity: Bool {
        transport?.lowercased() == "tls" || caFile != nil || certificateFile != nil || keyFile != nil
            || identity != nil
    }

    /// Whether it asks for encrypted audio.
    fileprivate var asksForEncryption: Bool { srtp.map { $0.lowercased() != "off" } ?? false }

    /// What encrypts audio.
    ///
    /// - Throws: ``FileError`` in a build that cannot.
    static func mediaProtection() throws -> any MediaProtectionProvider {
        #if Secure
            return SRTPProvider()
        #else
            throw FileError("encrypted audio needs a build with the trait Secure")
        #endif
    }

    /// Reads the file of a trunk once more, for what its dialer needs.
    ///
    /// - Throws: ``FileError`` naming the file and the field.
    static func configuration(for path: String) throws -> DialerConfiguration {
        let trunks = try JSONFile.load(SecurityOfTrunks.self, from: path)
        let file = trunks.security
        var configuration = DialerConfiguration()
        configuration.codecProviders = Codecs.providers
        guard file.asksForSecurity || trunks.asksForEncryption else { return configuration }
        #if Secure
            if trunks.asksForEncryption { configuration.mediaSecurity = try mediaProtection() }
            guard file.asksForSecurity else { return configuration }
            configuration.streamSecurity = try file.provider(path)
            configuration.identity = try file.identity.map { try assertion($0, path) }
            return configuration
        #else
            throw FileError(
                "\(path): TLS, encrypted audio and signed calls need a build with the trait Secure")
        #endif
    }

    #if Secure
        private func provider(_ path: String) throws -> TLSProvider {
            var settings = TLSConfiguration()
            if requireClientCertificate == true { settings.clientCertificates = .required }
            if let caFile { settings.trust = .only(.file(caFile)) }
            switch (certificateFile, keyFile) {
            case (let certificate?, let key?):
                settings.identity = TLSConfiguration.Identity(
                    certificateChain: .file(certificate), privateKey: .file(key),
                    passphrase: try keyPassphrase?.resolve(field: "\(path): keyPassphrase"))
            case (nil, nil): break
            case (nil, .some), (.some, nil):
                throw FileError("\(path): certificateFile and keyFile go together")
            }
            do {
                return try TLSProvider(settings)
            } catch {
                throw FileError("\(path): \(error)")
            }
        }

        private static func assertion(_ identity: Identity, _ path: String) throws -> IdentityAssertion {
            do {
                let signer = try ES256Signer(
                    key: .file(identity.keyFile),
                    passphrase: try identity.keyPassphrase?.resolve(field: "\(path): identity.keyPassphrase"),
                    certificateURL: identity.certificateURL)
                return IdentityAssertion(signer: signer, originationID: identity.originationID)
            } catch let error as CredentialError {
                throw FileError("\(path): \(error)")
            }
        }
    #endif
}

/// A file of one trunk or of several: what the dialer needs, said beside the trunks or by the first trunk that asks for it.
private struct SecurityOfTrunks: Decodable {
    var security: TrunkSecurity
    /// Whether any of them does.
    var asksForEncryption: Bool

    private enum Keys: String, CodingKey { case trunks }

    init(from decoder: any Decoder) throws {
        var trunks: [TrunkSecurity] = []
        if (try? decoder.unkeyedContainer()) != nil {
            trunks = try [TrunkSecurity](from: decoder)
        } else {
            trunks = [try TrunkSecurity(from: decoder)]
            if let object = try? decoder.container(keyedBy: Keys.self), object.contains(.trunks) {
                trunks += try object.decode([TrunkSecurity].self, forKey: .trunks)
            }
        }
        security = trunks.first { $0.asksForSecurity } ?? TrunkSecurity()
        asksForEncryption = trunks.contains { $0.asksForEncryption }
    }
}
