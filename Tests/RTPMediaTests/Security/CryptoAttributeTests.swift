import RTPMedia
import Testing

@Suite("Keys in session descriptions, RFC 4568")
struct CryptoAttributeTests {
    /// The key and salt of the example in RFC 4568 §6.1: the octets of `WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz`.
    private static let exampleKey = Array("YS___semctl () {\t220;}\n}\nunles".utf8)

    @Test("The example of RFC 4568 §6.1 is read with its lifetime and key identifier")
    func example() throws {
        let line = try CryptoAttribute(
            parsing:
                "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:32")
        #expect(line.tag == 1)
        #expect(line.suite == .aes128CounterSHA1Tag80)
        #expect(line.key.keyAndSalt == Self.exampleKey)
        #expect(line.lifetime == 1_048_576)
        #expect(line.key.identifier == [UInt8](repeating: 0, count: 31) + [1])
    }

    @Test(
        "What may follow the key: lifetimes, identifiers, harmless parameters",
        arguments: [
            ("", nil, nil), ("|1000", 1_000, nil), ("|2^48", 1 << 48, nil),
            ("|1066:4", nil, [0, 0, 4, 42]), ("|2^31|255:1", 1 << 31, [255]),
            (" KDR=0", nil, nil), (" WSH=128 -FUTURE=1", nil, nil),
        ] as [(String, UInt64?, [UInt8]?)])
    func tails(tail: String, lifetime: UInt64?, identifier: [UInt8]?) throws {
        let line = try CryptoAttribute(
            parsing:
                "7 aes_cm_128_hmac_sha1_32 INLINE:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\(tail)")
        #expect(line.suite == .aes128CounterSHA1Tag32)
        #expect(line.lifetime == lifetime)
        #expect(line.key.identifier == identifier)
    }

    @Test("Long keys come with padding or without it")
    func padding() throws {
        let key = String(repeating: "QUJD", count: 15) + "QQ"
        for text in [key, key + "=="] {
            let line = try CryptoAttribute(parsing: "2 AES_256_CM_HMAC_SHA1_80 inline:\(text)")
            #expect(line.key.keyAndSalt == Array((String(repeating: "ABC", count: 15) + "A").utf8))
        }
    }

    @Test(
        "A line that is of no use says where and why",
        arguments: [
            ("", 0, .tag), ("x AES", 0, .tag), ("1234567890 AES", 0, .tag),
            ("1", 1, .suite), ("1 F8_128_HMAC_SHA1_80 inline:AAAA", 2, .suite),
            ("1 AEAD_AES_128_GCM", 18, .keyMethod), ("1 AEAD_AES_128_GCM uri:AAAA", 19, .keyMethod),
            ("1 AEAD_AES_128_GCM inline", 19, .keyMethod),
            ("1 AEAD_AES_128_GCM inline:AAAA;inline:AAAA", 30, .severalKeys),
            ("1 AEAD_AES_128_GCM inline:AA*A", 28, .base64), ("1 AEAD_AES_128_GCM inline:AAAAA", 30, .base64),
            ("1 AEAD_AES_128_GCM inline:AAA==", 29, .base64), ("1 AEAD_AES_128_GCM inline:AAB", 28, .base64),
            ("1 AEAD_AES_128_GCM inline:", 26, .keyLength(expected: 28, found: 0)),
            ("1 AEAD_AES_128_GCM inline:AAAA", 26, .keyLength(expected: 28, found: 3)),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(zeros)|2^49", 74, .lifetime),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(zeros)|0", 74, .lifetime),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(zeros)|", 74, .lifetime),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(zeros)|1:0", 74, .keyIdentifier),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(zeros)|1:129", 74, .keyIdentifier),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(zeros)|256:1", 74, .keyIdentifier),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(zeros)|2^20|1:4|x", 82, .keyIdentifier),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(zeros) UNENCRYPTED_SRTP", 74, .sessionParameter),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(zeros) UNAUTHENTICATED_SRTP", 74, .sessionParameter),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(zeros) KDR=1", 74, .sessionParameter),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(zeros) WSH=63", 74, .sessionParameter),
        ] as [(String, Int, CryptoAttributeError.Fault)])
    func faults(text: String, offset: Int, fault: CryptoAttributeError.Fault) {
        #expect(throws: CryptoAttributeError(offset: offset, fault: fault)) {
            try CryptoAttribute(parsing: text)
        }
    }

    @Test("A line is written as it is read")
    func writing() throws {
        for text in [
            "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
            "999999999 AES_CM_128_HMAC_SHA1_32 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|1048576|5:4",
            "3 AEAD_AES_128_GCM inline:\(String(repeating: "QUJD", count: 9))QQ==",
        ] {
            #expect(try CryptoAttribute(parsing: text).attributeValue == text)
        }
    }

    @Test("Nothing that prints or reflects a key, a line or a description shows it")
    func redaction() throws {
        let secret = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
        let line = try CryptoAttribute(parsing: "1 AES_CM_128_HMAC_SHA1_80 inline:\(secret)")
        let description = try SessionDescription(
            parsing: Array(
                "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:\(line.attributeValue)\r\n"
                    .utf8))
        let crypto = NegotiatedCrypto(suite: line.suite, local: line.key, remote: line.key)
        let keyring = SRTPKeyring(secret: [UInt8](repeating: 65, count: SRTPKeyring.byteCount))
        var shown = "\(line) \(line.key) \(crypto) \(keyring) \(description) \(SDPSummary(description))"
        for value in [line, line.key, crypto, keyring, description] as [Any] {
            shown += String(reflecting: value)
            dump(value, to: &shown)
        }
        #expect(!shown.contains(secret))
        #expect(!shown.contains("89, 83, 95") && !shown.contains("65, 65"))
        #expect(SDPSummary(description).media[0].attributes == ["crypto:1 AES_CM_128_HMAC_SHA1_80 inline:…"])
    }

    @Test("A keyring has a key of its own for every suite")
    func keyring() {
        let keyring = SRTPKeyring(
            secret: (0..<SRTPKeyring.byteCount).map { UInt8(truncatingIfNeeded: $0) })
        var used: Set<UInt8> = []
        for suite in CryptoSuite.allCases {
            let key = keyring[suite].keyAndSalt
            #expect(key.count == suite.keyAndSaltByteCount)
            #expect(used.isDisjoint(with: key))
            used.formUnion(key)
        }
        #expect(SRTPKeyring.byteCount == 30 + 30 + 46 + 28 + 44)
    }
}

/// 30 octets of zero in base64.
private let zeros = String(repeating: "A", count: 40)
