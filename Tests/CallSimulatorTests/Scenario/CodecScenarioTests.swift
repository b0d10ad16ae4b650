internal import CallSimulator
internal import G722Media
internal import OpusMedia
internal import RTPMedia
internal import SansIO
internal import Telephony
internal import Testing

@Suite("A call in virtual time in every codec")
struct CodecScenarioTests {
    private static let providers = G722Codecs.providers + OpusCodecs.providers

    static let kinds = [AudioCodecKind.pcmu, .pcma, .l16] + providers.map { $0.kind }

    private func scenario(_ codecs: [AudioCodecKind], providers: [any AudioCodecProvider]? = nil)
        -> Scenario
    {
        var configuration = DialerConfiguration()
        configuration.codecs = codecs
        configuration.codecProviders = providers ?? Self.providers
        return Scenario(seed: 11).callee(.answers(after: .seconds(1)).says("Hello?")).dialer(configuration)
    }

    @Test("Words come through both ways, and the record names the codec", arguments: kinds)
    func words(kind: AudioCodecKind) throws {
        let report = try scenario([kind]).run()
        #expect(report.violations.isEmpty, "\(report)")
        #expect(report.outcome.disposition == .answered)
        #expect(report.record?.media?.codec == kind.rawValue)
        #expect(report.transcript.map(\.text).contains("Hello?"))
        #expect((report.callee?.heard.voiceMilliseconds ?? 0) > 1_000)
        let again = try scenario([kind]).run()
        #expect("\(again.ladder)" == "\(report.ladder)")
    }

    @Test("Over a lossy network the call goes on all the same", arguments: kinds)
    func loss(kind: AudioCodecKind) throws {
        let report = try scenario([kind]).network(.cellular).run()
        #expect(report.violations.isEmpty, "\(report)")
        #expect(report.outcome.disposition == .answered)
        #expect((report.callee?.heard.voiceMilliseconds ?? 0) > 800)
    }
}
