import RTPMedia
import SansIO
import Testing

@Suite("Encryption in offer and answer, RFC 4568 §5, §7")
struct AudioSecurityNegotiationTests {
    private static let theirKey = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
    private static let theirOctets = Array("YS___semctl () {\t220;}\n}\nunles".utf8)
    /// Ours for AES_CM_128_HMAC_SHA1_80, and for the suite with the short tag.
    private static let ourKey = String(repeating: "A", count: 40)
    private static let ourShortKey = String(repeating: "AQEB", count: 10)

    private static func negotiator(_ policy: MediaSecurityPolicy) -> AudioNegotiator {
        var capabilities = AudioCapabilities(codecs: [.pcmu], telephoneEvents: false)
        capabilities.security = policy
        capabilities.cryptoSuites = [.aes128CounterSHA1Tag80, .aes128CounterSHA1Tag32]
        let secret =
            [UInt8](repeating: 0, count: 30) + [UInt8](repeating: 1, count: 30)
            + [UInt8](repeating: 2, count: SRTPKeyring.byteCount - 60)
        return AudioNegotiator(
            capabilities: capabilities, localRTP: SocketAddress(ipv4: 0xC000_0201, port: 4_000),
            sessionID: 7, keyring: SRTPKeyring(secret: secret))
    }

    private static func body(_ media: String) -> [UInt8] {
        Array(
            "v=0\r\no=bob 5 6 IN IP4 198.51.100.9\r\ns=-\r\nc=IN IP4 198.51.100.9\r\nt=0 0\r\n\(media)".utf8)
    }

    private static func media(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map(String.init)
            .filter { $0.hasPrefix("m=") || $0.hasPrefix("a=crypto") }
    }

    private static let ours = [
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\(ourKey)",
        "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:\(ourShortKey)",
    ]

    @Test(
        "Required is offered as RTP/SAVP, optional as RTP/AVP with keys, off without any",
        arguments: [
            (MediaSecurityPolicy.required, ["m=audio 4000 RTP/SAVP 0"] + ours),
            (.optional, ["m=audio 4000 RTP/AVP 0"] + ours), (.off, ["m=audio 4000 RTP/AVP 0"]),
        ])
    func offers(policy: MediaSecurityPolicy, expected: [String]) {
        var negotiator = Self.negotiator(policy)
        #expect(Self.media(negotiator.makeOffer()) == expected)
    }

    @Test("The answer's tag tells which of our keys protects what we send; its key what we receive")
    func accepts() throws {
        var negotiator = Self.negotiator(.required)
        _ = negotiator.makeOffer()
        let agreed = try negotiator.accept(
            answer: Self.body(
                "m=audio 5000 RTP/SAVP 0\r\na=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:\(Self.theirKey)\r\n"))
        #expect(
            agreed.crypto
                == NegotiatedCrypto(
                    suite: .aes128CounterSHA1Tag32,
                    local: SRTPMasterKey(keyAndSalt: [UInt8](repeating: 1, count: 30)),
                    remote: SRTPMasterKey(keyAndSalt: Self.theirOctets)))
        // Holding changes neither the protocol nor our keys.
        #expect(
            Self.media(negotiator.makeOffer(direction: .sendonly)) == ["m=audio 4000 RTP/SAVP 0"] + Self.ours)
    }

    @Test(
        "An answer that gives up the encryption that is required is refused, whatever is wrong with it",
        arguments: [
            ("m=audio 5000 RTP/AVP 0\r\n", AudioSecurityError.missingKey),
            ("m=audio 5000 RTP/SAVP 0\r\n", .missingKey),
            (
                "m=audio 5000 RTP/SAVP 0\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:\(theirKey)\r\n",
                .unofferedSuite
            ),
            (
                "m=audio 5000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:\(theirKey)\r\n",
                .unofferedSuite
            ),
            (
                "m=audio 5000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n",
                .unusableKey(CryptoAttributeError(offset: 138, fault: .keyLength(expected: 30, found: 3)))
            ),
        ])
    func downgrade(media: String, reason: AudioSecurityError) throws {
        var negotiator = Self.negotiator(.required)
        _ = negotiator.makeOffer()
        let before = negotiator
        #expect(throws: AudioNegotiationError.security(reason)) {
            try negotiator.accept(answer: Self.body(media))
        }
        #expect(negotiator == before)
        #expect(!AudioNegotiationError.security(reason).description.contains(Self.theirKey))
    }

    @Test("Optional falls back to the clear when the answer has no key, and takes a key on RTP/AVP")
    func optional() throws {
        var negotiator = Self.negotiator(.optional)
        _ = negotiator.makeOffer()
        #expect(try negotiator.accept(answer: Self.body("m=audio 5000 RTP/AVP 0\r\n")).crypto == nil)
        let agreed = try negotiator.accept(
            answer: Self.body(
                "m=audio 5000 RTP/AVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.theirKey)\r\n"))
        #expect(agreed.crypto?.suite == .aes128CounterSHA1Tag80)
    }

    @Test("An offer is answered on its own protocol, with the tag of its first line that we can use")
    func answers() throws {
        var negotiator = Self.negotiator(.required)
        let (answer, agreed) = try negotiator.answer(
            to: Self.body(
                "m=audio 5000 RTP/SAVPF 0\r\na=crypto:4 F8_128_HMAC_SHA1_80 inline:\(Self.theirKey)\r\n"
                    + "a=crypto:9 AES_CM_128_HMAC_SHA1_32 inline:\(Self.theirKey) KDR=4\r\n"
                    + "a=crypto:17 AES_CM_128_HMAC_SHA1_80 inline:\(Self.theirKey)|2^20|1:4\r\n"))
        #expect(
            Self.media(answer) == [
                "m=audio 4000 RTP/SAVPF 0", "a=crypto:17 AES_CM_128_HMAC_SHA1_80 inline:\(Self.ourKey)",
            ])
        #expect(agreed.crypto?.remote.identifier == [0, 0, 0, 1])
    }

    @Test(
        "Of an encrypted and a clear stream, each policy takes its own",
        arguments: [
            (MediaSecurityPolicy.off, [4_000, 0], false), (.optional, [0, 4_000], true),
            (.required, [0, 4_000], true),
        ])
    func twoStreams(policy: MediaSecurityPolicy, ports: [UInt16], isEncrypted: Bool) throws {
        var negotiator = Self.negotiator(policy)
        let (answer, agreed) = try negotiator.answer(
            to: Self.body(
                "m=audio 5000 RTP/AVP 0\r\nm=audio 5002 RTP/SAVP 0\r\n"
                    + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.theirKey)\r\n"))
        #expect(try SessionDescription(parsing: answer).media.map(\.port) == ports)
        #expect((agreed.crypto != nil) == isEncrypted)
        #expect(agreed.remoteRTP.port == (isEncrypted ? 5_002 : 5_000))
    }

    @Test(
        "What cannot be answered says why",
        arguments: [
            (MediaSecurityPolicy.off, "RTP/SAVP", true, AudioNegotiationError.security(.unwanted)),
            (.required, "RTP/AVP", false, .security(.missingKey)),
            (.optional, "RTP/SAVP", false, .security(.missingKey)),
            (.required, "UDP/TLS/RTP/SAVP", true, .noAudio), (.required, "UDP/TLS/RTP/SAVPF", true, .noAudio),
        ])
    func refusals(
        policy: MediaSecurityPolicy, transport: String, hasKey: Bool, expected: AudioNegotiationError
    ) {
        var negotiator = Self.negotiator(policy)
        let before = negotiator
        let key = hasKey ? "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.theirKey)\r\n" : ""
        #expect(throws: expected) {
            try negotiator.answer(to: Self.body("m=audio 5000 \(transport) 0\r\n\(key)"))
        }
        #expect(negotiator == before)
    }

    @Test("Without keys of ours nothing is encrypted, and required is refused")
    func withoutKeyring() throws {
        let offer = Self.body(
            "m=audio 5000 RTP/AVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.theirKey)\r\n")
        var negotiator = Self.negotiator(.optional)
        negotiator.keyring = nil
        #expect(try negotiator.answer(to: offer).negotiated.crypto == nil)
        negotiator.capabilities.security = .required
        #expect(throws: AudioNegotiationError.security(.missingKey)) { try negotiator.answer(to: offer) }
    }

    @Test("A re-INVITE brings the far end's new key; ours stays")
    func rekeying() throws {
        var negotiator = Self.negotiator(.optional)
        func offer(_ key: String) -> [UInt8] {
            Self.body("m=audio 5000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\(key)\r\n")
        }
        let first = try negotiator.answer(to: offer(Self.theirKey)).negotiated.crypto
        let second = try negotiator.answer(to: offer(Self.ourShortKey)).negotiated.crypto
        #expect(first?.local == second?.local)
        #expect(first?.remote.keyAndSalt == Self.theirOctets)
        #expect(second?.remote.keyAndSalt == [UInt8](repeating: 1, count: 30))
        // Agreed on as RTP/SAVP, it stays so in our own offers.
        #expect(Self.media(negotiator.makeOffer()).first == "m=audio 4000 RTP/SAVP 0")
    }

    @Test("A key that is given up, for the clear or another suite, is not taken up again")
    func spentKeys() throws {
        var negotiator = Self.negotiator(.optional)
        let line = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.theirKey)\r\n"
        for _ in 0..<2 {
            _ = try negotiator.answer(to: Self.body("m=audio 5000 RTP/AVP 0\r\n\(line)"))
            #expect(!negotiator.hasSpentKeys)
        }
        _ = try negotiator.answer(to: Self.body("m=audio 5000 RTP/AVP 0\r\n"))
        #expect(negotiator.hasSpentKeys)
        negotiator.keyring = SRTPKeyring(secret: [UInt8](repeating: 9, count: SRTPKeyring.byteCount))
        #expect(!negotiator.hasSpentKeys)
        _ = try negotiator.answer(to: Self.body("m=audio 5000 RTP/AVP 0\r\n\(line)"))
        #expect(!negotiator.hasSpentKeys)
        let other = line.replacing("SHA1_80", with: "SHA1_32")
        _ = try negotiator.answer(to: Self.body("m=audio 5000 RTP/AVP 0\r\n\(other)"))
        #expect(negotiator.hasSpentKeys)
    }
}
