#if Secure
    import Foundation
    import RTPMedia
    import SIPCore
    import SansIO
    import SecureMedia
    import Telephony
    import TestSupport
    import Testing

    /// baresip with its module `srtp` and a dialer, with keys in the session descriptions (RFC 4568).
    @Suite("baresip with encrypted audio", .serialized)
    struct BaresipEncryptionTests {
        /// A way in which baresip encrypts, what we want, and whether it comes to that.
        struct Pairing: Sendable, CustomTestStringConvertible {
            /// `mediaenc` of its account: `srtp` offers RTP/AVP, `srtp-mand` RTP/SAVP, `srtp-mandf` RTP/SAVPF.
            var theirs: String
            var ours: MediaSecurityPolicy
            var isEncrypted = true

            var testDescription: String { "\(theirs), \(ours)" }
        }

        private static func phone(_ encryption: String) throws -> Baresip? {
            let parameter = encryption.isEmpty ? "" : ";mediaenc=\(encryption)"
            return try Baresip(account: "<sip:phone@127.0.0.1>;regint=0\(parameter)")
        }

        private static func trunk(_ phone: Baresip, _ policy: MediaSecurityPolicy) -> Trunk {
            var trunk = Trunk(name: "phone", host: "127.0.0.1", port: phone.port, numbers: ["+15550100"])
            trunk.mediaSecurity = policy
            return trunk
        }

        @Test(
            "We call baresip: audio both ways, encrypted when both can", .timeLimit(.minutes(1)),
            arguments: [
                Pairing(theirs: "srtp-mand", ours: .required), Pairing(theirs: "srtp", ours: .required),
                Pairing(theirs: "srtp", ours: .optional),
                Pairing(theirs: "srtp", ours: .off, isEncrypted: false),
                Pairing(theirs: "", ours: .optional, isEncrypted: false),
            ])
        func calls(pairing: Pairing) async throws {
            guard let phone = try Self.phone(pairing.theirs) else { return }
            let records = EndedCalls()
            var configuration = DialerConfiguration()
            configuration.mediaSecurity = SRTPProvider()
            let talk = ToneTalk(staysOn: true)
            let dialer = Dialer(
                trunk: Self.trunk(phone, pairing.ours), configuration: configuration, observers: [records])
            let outcome = try await phone.isCalled(by: dialer, talk)
            #expect(outcome.disposition == .answered, "\(outcome.cause) \(phone.output)")
            try Self.check(records, talk, phone, pairing)
        }

        @Test(
            "baresip calls us: audio both ways, encrypted when both can", .timeLimit(.minutes(1)),
            arguments: [
                Pairing(theirs: "srtp-mand", ours: .required), Pairing(theirs: "srtp-mandf", ours: .required),
                Pairing(theirs: "srtp", ours: .required), Pairing(theirs: "srtp-mand", ours: .optional),
                Pairing(theirs: "srtp", ours: .off, isEncrypted: false),
            ])
        func called(pairing: Pairing) async throws {
            guard let phone = try Self.phone(pairing.theirs) else { return }
            let records = EndedCalls()
            let talk = ToneTalk()
            var configuration = DialerConfiguration()
            configuration.localPort = try Stranger.freePort()
            configuration.inbound = InboundPolicy(IncomingCallRouting([.init(.any, handler: talk)]))
            configuration.mediaSecurity = SRTPProvider()
            let port = configuration.localPort
            let dialer = Dialer(
                trunk: Self.trunk(phone, pairing.ours), configuration: configuration, observers: [records])
            try await dialer.serving { _ in
                try phone.run("dial", "sip:+15550100@127.0.0.1:\(port)")
                _ = try await eventually(15) { !records.all.isEmpty }
            }
            try Self.check(records, talk, phone, pairing)
        }

        private static func check(
            _ records: EndedCalls, _ talk: ToneTalk, _ phone: Baresip, _ pairing: Pairing
        ) throws {
            let media = try #require(records.all.first?.media, "\(phone.output)")
            #expect((media.cryptoSuite != nil) == pairing.isEncrypted, "\(media.cryptoSuite ?? "clear")")
            // What baresip opens its path with, and its goodbye, it sends in the clear: those alone are refused.
            #expect((media.rejections?.unauthenticated ?? 0) <= records.clearReports)
            #expect((talk.shares.withLock { $0.first } ?? 0) > 0.8, "\(phone.output)")
            #expect(BaresipTests.share(of: 1_000, in: try phone.heard()[...], rateHertz: 8_000) > 0.5)
        }

        @Test(
            "Where one side insists on encryption and the other has none there is no call",
            .timeLimit(.minutes(1)), arguments: [("", MediaSecurityPolicy.required), ("srtp-mand", .off)])
        func refused(encryption: String, policy: MediaSecurityPolicy) async throws {
            guard let phone = try Self.phone(encryption) else { return }
            var configuration = DialerConfiguration()
            configuration.mediaSecurity = SRTPProvider()
            let dialer = Dialer(trunk: Self.trunk(phone, policy), configuration: configuration)
            let outcome = try await dialer.serving { dialer in
                try await dialer.placeCall(
                    CallRequest(to: "sip:phone@127.0.0.1", ringTimeout: .seconds(10)), handler: ToneTalk(),
                    onDialing: { _ in })
            }
            #expect(outcome.disposition != .answered, "\(phone.output)")
        }
    }

    /// Keeps the records of ended calls, and counts what baresip sends in the clear.
    private final class EndedCalls: CallObserver {
        // Guards the records; the dialer's loop writes, the test reads.
        private let records = Locked<[CallRecord]>([])
        // Guards the number of reports in the clear.
        private let clear = Locked(0)

        let wantsDatagrams = true
        var all: [CallRecord] { records.withLock { $0 } }
        /// RTCP APP packets named `PING`, and BYE packets whose reason is "Adjo": neither could be read if encrypted.
        var clearReports: Int { clear.withLock { $0 } }

        func callEnded(_ record: CallRecord) { records.withLock { $0.append(record) } }

        func datagram(
            _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
            kind: DatagramKind, call: CallID?, at instant: WallClockInstant
        ) {
            guard direction == .received, kind == .rtcp else { return }
            let octets = bytes.withUnsafeBytes { Array($0) }
            guard octets.count >= 16 else { return }
            // RFC 3550 §6.7 and §6.6.
            let isPing = octets[1] == 204 && octets[8..<12].elementsEqual("PING".utf8)
            let isGoodbye = octets[1] == 203 && octets[9..<13].elementsEqual("Adjo".utf8)
            if isPing || isGoodbye { clear.withLock { $0 += 1 } }
        }
    }
#endif
