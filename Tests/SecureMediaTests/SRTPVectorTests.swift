#if Secure
    import RTPMedia
    import SansIO
    import SecureMedia
    import Testing

    @Suite("Known SRTP packets")
    struct SRTPVectorTests {
        struct Vector: Sendable, CustomTestStringConvertible {
            var suite: CryptoSuite
            var key: String
            var salt: String
            var rtp: String
            var rtcp: String?

            var testDescription: String { suite.rawValue }
        }

        private static let plainRTP = "800f1234decafbadcafebabe" + "abababababababababababababababab"
        private static let plainRTCP = "81c8000bcafebabe" + "abababababababababababababababab"

        /// The reference packets by which libsrtp proves itself: master key and salt of RFC 3711 appendix B.3, the AES-256 key
        /// of RFC 6188 §7.4.
        static let vectors = [
            Vector(
                suite: .aes128CounterSHA1Tag80, key: "e1f97a0d3e018be0d64fa32c06de4139",
                salt: "0ec675ad498afeebb6960b3aabe6",
                rtp: "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb",
                rtcp:
                    "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"),
            // The tag alone is shorter, and that of RTCP is not.
            Vector(
                suite: .aes128CounterSHA1Tag32, key: "e1f97a0d3e018be0d64fa32c06de4139",
                salt: "0ec675ad498afeebb6960b3aabe6",
                rtp: "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc",
                rtcp:
                    "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"),
            Vector(
                suite: .aes256CounterSHA1Tag80,
                key: "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6",
                salt: "3b04803de51ee7c96423ab5b78d2",
                rtp: "800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40da08d9d9a5b3a55d8873b",
                rtcp: nil),
            Vector(
                suite: .aes128GCM, key: "000102030405060708090a0b0c0d0e0f", salt: "a0a1a2a3a4a5a6a7a8a9aaab",
                rtp:
                    "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392",
                rtcp:
                    "81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e80000001"
            ),
        ]

        @Test("Packets are protected as the references are, and opened again", arguments: vectors)
        func reference(vector: Vector) throws {
            let key = SRTPMasterKey(keyAndSalt: octets(vector.key + vector.salt))
            let crypto = NegotiatedCrypto(suite: vector.suite, local: key, remote: key)
            let protection = try SRTPProvider(suites: [vector.suite]).makeProtection(crypto)
            #expect(seal(octets(Self.plainRTP), protection) == octets(vector.rtp))
            #expect(open(octets(vector.rtp), protection) == .packet(octets(Self.plainRTP)))
            guard let rtcp = vector.rtcp else { return }
            #expect(seal(octets(Self.plainRTCP), protection, isControl: true) == octets(rtcp))
            #expect(open(octets(rtcp), protection, isControl: true) == .packet(octets(Self.plainRTCP)))
        }
    }

    /// Octets from hexadecimal text.
    func octets(_ text: String) -> [UInt8] {
        let digits = text.compactMap { $0.hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// What became of a received packet.
    enum Opened: Hashable, Sendable {
        case packet([UInt8])
        case refused(MediaProtectionFault)
    }

    /// A packet as it is sent; `nil` when it must not be.
    func seal(
        _ packet: [UInt8], _ protection: any MediaProtection, isControl: Bool = false, capacity: Int = 1_024
    ) -> [UInt8]? {
        var block = OwnedBytes(capacity: capacity)
        block.replace(with: packet.span.bytes)
        let isSealed = isControl ? protection.protectRTCP(&block) : protection.protectRTP(&block)
        return isSealed ? block.bytes.withUnsafeBytes { Array($0) } : nil
    }

    /// A packet as it was before it was sent, or why it is dropped.
    func open(_ packet: [UInt8], _ protection: any MediaProtection, isControl: Bool = false) -> Opened {
        var block = OwnedBytes(capacity: 1_024)
        block.replace(with: packet.span.bytes)
        let fault = isControl ? protection.unprotectRTCP(&block) : protection.unprotectRTP(&block)
        return fault.map { .refused($0) } ?? .packet(block.bytes.withUnsafeBytes { Array($0) })
    }
#endif
