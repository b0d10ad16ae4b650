#if Secure
    import RTPMedia
    import SansIO
    import SecureMedia
    import Testing

    @Suite("SRTP between two legs, RFC 3711")
    struct SRTPProtectionTests {
        private typealias Pair = (a: any MediaProtection, b: any MediaProtection)
        private static let plainSuite = CryptoSuite.aes128CounterSHA1Tag80

        private let provider = SRTPProvider()

        private static func key(
            _ fill: UInt8, _ suite: CryptoSuite = plainSuite, identifier: [UInt8]? = nil
        ) -> SRTPMasterKey {
            SRTPMasterKey(
                keyAndSalt: [UInt8](repeating: fill, count: suite.keyAndSaltByteCount), identifier: identifier
            )
        }

        private static func crypto(
            _ local: UInt8, _ remote: UInt8, _ suite: CryptoSuite = plainSuite
        ) -> NegotiatedCrypto {
            NegotiatedCrypto(suite: suite, local: key(local, suite), remote: key(remote, suite))
        }

        private func pair(_ suite: CryptoSuite = plainSuite, keys: (UInt8, UInt8) = (1, 2)) throws -> Pair {
            (
                try provider.makeProtection(Self.crypto(keys.0, keys.1, suite)),
                try provider.makeProtection(Self.crypto(keys.1, keys.0, suite))
            )
        }

        /// An RTP packet of 20 octets of sound.
        private static func packet(_ sequence: UInt16, source: UInt32 = 0xCAFE_BABE) -> [UInt8] {
            [0x80, 0, UInt8(sequence >> 8), UInt8(sequence & 255), 0, 0, 0, 1]
                + (0..<4).map { UInt8(truncatingIfNeeded: source >> (24 - 8 * $0)) }
                + [UInt8](repeating: 0xAB, count: 20)
        }

        private static func sent(
            _ sequence: UInt16, by protection: any MediaProtection, source: UInt32 = 0xCAFE_BABE
        ) throws -> [UInt8] {
            try #require(seal(packet(sequence, source: source), protection))
        }

        @Test(
            "Every suite of the installed library carries a packet, and changes it",
            arguments: CryptoSuite.allCases)
        func everySuite(suite: CryptoSuite) throws {
            #expect(provider.suites.contains(suite))
            let (a, b) = try pair(suite)
            let wire = try Self.sent(1, by: a)
            #expect(wire.count > 32 && wire[12..<32] != Self.packet(1)[12...])
            #expect(open(wire, b) == .packet(Self.packet(1)))
        }

        @Test("A packet comes once; one that is far too old is not taken")
        func replay() throws {
            let (a, b) = try pair()
            let wire = try Self.sent(1, by: a)
            #expect(open(wire, b) == .packet(Self.packet(1)))
            #expect(open(wire, b) == .refused(.replay))
            let early = try Self.sent(1_000, by: a)
            #expect(try open(Self.sent(2_000, by: a), b) == .packet(Self.packet(2_000)))
            #expect(open(early, b) == .refused(.replay))
        }

        @Test("Strangers, the clear, changed octets and stubs are refused and change nothing")
        func authentication() throws {
            let (a, b) = try pair()
            let stranger = try pair(keys: (9, 9)).a
            #expect(try open(Self.sent(5, by: stranger), b) == .refused(.authentication))
            #expect(open(Self.packet(5), b) == .refused(.authentication))
            let wire = try Self.sent(5, by: a)
            func isRefused(_ packet: [UInt8], isControl: Bool = false) -> Bool {
                if case .refused = open(packet, b, isControl: isControl) { true } else { false }
            }
            for index in wire.indices {
                var changed = wire
                changed[index] ^= 1
                #expect(isRefused(changed), "octet \(index)")
            }
            for count in 0..<wire.count {
                #expect(isRefused(Array(wire[..<count])), "\(count) octets")
                #expect(isRefused(Array(wire[..<count]), isControl: true), "\(count) octets")
            }
            #expect(open(wire, b) == .packet(Self.packet(5)))
        }

        @Test("The sequence number rolls over and both sides follow (RFC 3711 §3.3.1)")
        func rollOver() throws {
            let (a, b) = try pair()
            for number in 65_000..<66_200 {
                let sequence = UInt16(truncatingIfNeeded: number)
                let wire = try Self.sent(sequence, by: a)
                // Every third is lost.
                if number % 3 != 0 { #expect(open(wire, b) == .packet(Self.packet(sequence))) }
            }
        }

        @Test("A new key of the far end holds from its first packet on; the old one until then")
        func rekeying() throws {
            let (a, b) = try pair()
            let late = try Self.sent(1, by: a)
            let tooLate = try Self.sent(2, by: a)
            try b.renegotiate(Self.crypto(2, 3))
            try a.renegotiate(Self.crypto(3, 2))
            #expect(open(late, b) == .packet(Self.packet(1)))
            #expect(try open(Self.sent(3, by: a), b) == .packet(Self.packet(3)))
            #expect(open(tooLate, b) == .refused(.authentication))
            // The other direction kept its key.
            #expect(try open(Self.sent(1, by: b), a) == .packet(Self.packet(1)))
        }

        @Test("Agreeing anew on the same keys keeps the roll-over counter and the replay window")
        func sameKeys() throws {
            let (a, b) = try pair()
            for sequence in [UInt16(65_534), 65_535, 0] {
                #expect(try open(Self.sent(sequence, by: a), b) == .packet(Self.packet(sequence)))
            }
            try a.renegotiate(Self.crypto(1, 2))
            try b.renegotiate(Self.crypto(2, 1))
            let wire = try Self.sent(1, by: a)
            #expect(open(wire, b) == .packet(Self.packet(1)))
            #expect(open(wire, b) == .refused(.replay))
        }

        @Test("Another suite takes over in mid-call; a key that does not fit it changes nothing")
        func newSuite() throws {
            let (a, b) = try pair()
            #expect(throws: MediaProtectionError.keyLength(expected: 28, found: 30)) {
                try a.renegotiate(
                    NegotiatedCrypto(suite: .aes128GCM, local: Self.key(1, .aes128GCM), remote: Self.key(2)))
            }
            #expect(try open(Self.sent(1, by: a), b) == .packet(Self.packet(1)))
            try a.renegotiate(Self.crypto(5, 6, .aes128GCM))
            try b.renegotiate(Self.crypto(6, 5, .aes128GCM))
            #expect(try open(Self.sent(2, by: a), b) == .packet(Self.packet(2)))
            #expect(try open(Self.sent(2, by: b), a) == .packet(Self.packet(2)))
        }

        @Test("Keys of the far end may have identifiers, as RFC 4568's own example has one of 32 octets")
        func identifier() throws {
            let name = [UInt8](repeating: 0, count: 31) + [1]
            let receiver = try provider.makeProtection(
                NegotiatedCrypto(
                    suite: Self.plainSuite, local: Self.key(2), remote: Self.key(1, identifier: name)))
            let sender = try pair().a
            let wire = try Self.sent(1, by: sender)
            // The identifier stands before the tag of 10 octets and is not authenticated (RFC 3711 §3.1).
            let named = Array(wire.dropLast(10)) + name + Array(wire.suffix(10))
            #expect(open(named, receiver) == .packet(Self.packet(1)))
            #expect(try open(Self.sent(2, by: sender), receiver) == .refused(.authentication))
        }

        @Test("A far end that changes its source hundreds of times is heard all the time")
        func manySources() throws {
            let (a, b) = try pair()
            for source in UInt32(1)...300 {
                let wire = try Self.sent(7, by: a, source: source)
                #expect(open(wire, b) == .packet(Self.packet(7, source: source)))
            }
        }

        @Test("Misuse is an error: a suite that was left out, a key of another length, no room")
        func misuse() throws {
            let short = SRTPMasterKey(keyAndSalt: [1, 2, 3])
            #expect(throws: MediaProtectionError.keyLength(expected: 28, found: 3)) {
                try provider.makeProtection(
                    NegotiatedCrypto(suite: .aes128GCM, local: short, remote: short))
            }
            #expect(throws: MediaProtectionError.unsupportedSuite(.aes128GCM)) {
                try SRTPProvider(suites: [Self.plainSuite]).makeProtection(Self.crypto(1, 2, .aes128GCM))
            }
            let (a, _) = try pair()
            #expect(seal(Self.packet(1), a, capacity: 150) == nil)
        }
    }
#endif
