import Foundation
import G722Media
import OpusMedia
import RTPMedia
import SansIO
import Telephony
import Testing

/// Keeps the records of calls.
private final class RecordLog: CallObserver {
    let records = Locked<[CallRecord]>([])
    func callEnded(_ record: CallRecord) { records.withLock { $0.append(record) } }
}

/// baresip and a dialer call each other in each codec.
@Suite("baresip in every codec", .serialized)
struct BaresipCodecTests {
    /// A codec as baresip writes it, and its module.
    struct Choice: CustomStringConvertible, Sendable {
        var kind: AudioCodecKind
        var name: String
        var module: String
        /// What is heard of its tone.
        var hertz = 440.0
        var description: String { kind.rawValue }
    }

    private static let providers = G722Codecs.providers + OpusCodecs.providers

    static let choices = [
        Choice(kind: .pcma, name: "PCMA/8000/1", module: "g711.so"),
        // Of each 20 ms, 320 samples, it sends six packets of 53: the tone is in a little less time, and higher.
        Choice(kind: .l16, name: "L16/16000/1", module: "l16.so", hertz: 440 * 320 / 318),
        Choice(kind: .g722, name: "G722/16000/1", module: "g722.so"),
        Choice(kind: .opus, name: "opus/48000/2", module: "opus.so"),
    ].filter { choice in choice.kind.isBuiltIn || providers.contains { $0.kind == choice.kind } }

    private func configuration(_ choice: Choice) -> DialerConfiguration {
        var configuration = DialerConfiguration()
        configuration.codecs = [choice.kind]
        configuration.codecProviders = Self.providers
        return configuration
    }

    private func expectTone(of phone: Baresip) throws {
        let recorded = try phone.recording()
        #expect(recorded.samples.count > recorded.rateHertz)
        #expect(
            BaresipTests.share(
                of: 1_000, in: recorded.samples.prefix(2 * recorded.rateHertz)[...],
                rateHertz: Double(recorded.rateHertz)) > 0.5, "\(phone.output)")
    }

    @Test("We call baresip: each hears the other's tone", .timeLimit(.minutes(1)), arguments: choices)
    func calls(choice: Choice) async throws {
        guard let phone = try Baresip(codecs: choice.name, modules: [choice.module]) else { return }
        let trunk = Trunk(name: "phone", host: "127.0.0.1", port: phone.port)
        let log = RecordLog()
        let dialer = Dialer(trunk: trunk, configuration: configuration(choice), observers: [log])
        let result = try await dialer.serving { dialer in
            try await dialer.call(CallRequest(to: "sip:phone@127.0.0.1", ringTimeout: .seconds(5))) { call in
                try await call.answered()
                return try await ToneTalk.talk(on: call, hertz: choice.hertz)
            }
        }
        #expect(result.outcome.disposition == .answered, "\(phone.output)")
        #expect(log.records.withLock { $0.first?.media?.codec } == choice.kind.rawValue)
        #expect(try #require(result.value) > 0.8, "\(phone.output)")
        try expectTone(of: phone)
    }

    @Test("baresip calls us: each hears the other's tone", .timeLimit(.minutes(1)), arguments: choices)
    func called(choice: Choice) async throws {
        guard let phone = try Baresip(codecs: choice.name, modules: [choice.module]) else { return }
        let talk = ToneTalk(hertz: choice.hertz)
        var configuration = configuration(choice)
        let port = try Stranger.freePort()
        configuration.localPort = port
        configuration.inbound = InboundPolicy(IncomingCallRouting([.init(.any, handler: talk)]))
        let trunk = Trunk(name: "phone", host: "127.0.0.1", port: phone.port)
        try await Dialer(trunk: trunk, configuration: configuration).serving { _ in
            try phone.run("dial", "sip:+15550100@127.0.0.1:\(port)")
            _ = try await eventually(15) { talk.shares.withLock { !$0.isEmpty } }
        }
        let shares = talk.shares.withLock { $0 }
        #expect(try #require(shares.first, "\(phone.output)") > 0.8)
        try expectTone(of: phone)
    }
}
