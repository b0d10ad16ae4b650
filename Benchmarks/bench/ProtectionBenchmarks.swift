import RTPMedia
import SansIO

#if Secure
    import SecureMedia
#endif

/// `media.srtp.*`: what encryption adds to a packet of 20 ms; empty without the trait `Secure`.
let protectionSuite = Suite(name: "media.srtp") {
    var figures: [Measurement] = []
    #if Secure
        for suite in SRTPProvider().suites { figures += try measureProtection(suite) }
    #endif
    return figures
}

#if Secure
    private func measureProtection(_ suite: CryptoSuite) throws -> [Measurement] {
        let name = "media.srtp.\(suite.rawValue.lowercased())"
        let sender = try Packets(suite)
        let protect = measure(
            "\(name).protect", note: "pack 172 bytes, protect"
        ) { sender.protect() }
        try BenchmarkFault.check(sender.failed == 0, "a packet was not protected")
        let both = try Packets(suite)
        let round = measure(name, note: "pack 172 bytes, protect, unprotect") {
            both.protect()
            both.unprotect()
        }
        try BenchmarkFault.check(both.failed == 0, "a packet was not taken")
        return [round, protect]
    }

    /// The packets of a stream, protected by one side and taken by the other.
    private final class Packets {
        private let sender: any MediaProtection
        private let receiver: any MediaProtection
        private let payload = [UInt8](repeating: 0xD5, count: 160)
        private var packet = OwnedBytes(capacity: 2_048)
        private var header = RTPHeader(
            payloadType: 0, sequence: SequenceNumber(1), timestamp: RTPTimestamp(160),
            synchronizationSource: 99)
        private(set) var failed = 0

        init(_ suite: CryptoSuite) throws {
            let keys = (UInt8(1)...2).map { key in
                SRTPMasterKey(keyAndSalt: [UInt8](repeating: key, count: suite.keyAndSaltByteCount))
            }
            let provider = SRTPProvider()
            sender = try provider.makeProtection(
                NegotiatedCrypto(suite: suite, local: keys[0], remote: keys[1]))
            receiver = try provider.makeProtection(
                NegotiatedCrypto(suite: suite, local: keys[1], remote: keys[0]))
        }

        func protect() {
            header.sequence.rawValue &+= 1
            header.timestamp.rawValue &+= 160
            let payload = payload
            header.pack(payload.span.bytes, into: &packet)
            if !sender.protectRTP(&packet) { failed += 1 }
        }

        func unprotect() {
            if receiver.unprotectRTP(&packet) != nil { failed += 1 }
        }
    }
#endif
