import RTPMedia
import SansIO
import Testing

@testable import Telephony

@Suite("Which codecs calls offer")
struct CodecChoiceTests {
    private struct Provider: AudioCodecProvider {
        let kind: AudioCodecKind

        func makeCodec(
            _ parameters: CodecParameters, rateHertz: Int
        ) throws(AudioLegError) -> any PluginCodec {
            throw .missingCodec(kind)
        }
    }

    private func trunk(_ codecs: [AudioCodecKind]?) -> Trunk {
        var trunk = Trunk(name: "t", host: "192.0.2.1")
        trunk.codecs = codecs
        return trunk
    }

    @Test("A trunk's own codecs count before the dialer's")
    func choice() {
        var configuration = DialerConfiguration()
        configuration.codecs = [.l16, .pcma]
        #expect(AudioCapabilities(trunk(nil), configuration).codecs == [.l16, .pcma])
        #expect(AudioCapabilities(trunk([.pcmu]), configuration).codecs == [.pcmu])
    }

    @Test("A codec without a provider is named, with the place where it stands")
    func missing() throws {
        var configuration = DialerConfiguration()
        configuration.codecProviders = [Provider(kind: .g722)]
        try configuration.validateCodecs(of: [trunk(nil), trunk([.g722, .l16, .pcmu])])
        do {
            try configuration.validateCodecs(of: [trunk(nil), trunk([.g722, .opus])])
            Issue.record("it was taken")
        } catch {
            #expect(error.code == .invalidTrunk)
            #expect(error.message == "trunk 2: `codecs` names opus, which needs a codec provider")
        }
        configuration.codecs = []
        #expect(throws: CallError.self) { try configuration.validateCodecs(of: []) }
    }

    @Test("A trunk says what is wrong with its codecs and packets")
    func faults() {
        #expect(trunk([]).fault() == "`codecs` is empty")
        var odd = trunk(nil)
        odd.packetMilliseconds = 25
        #expect(odd.fault() == "`packetMilliseconds` is 10, 20, 30, 40, 50 or 60")
        odd.packetMilliseconds = 60
        #expect(odd.fault() == nil)
        odd.mediaTimeout = .milliseconds(500)
        #expect(odd.fault() == "`mediaTimeout` is 1 to 3,600 seconds, or 0 for none")
        odd.mediaTimeout = .zero
        #expect(odd.fault() == nil)
    }

    @Test(
        "The trunk's media time-out goes before the dialer's; zero is none",
        arguments: [
            (nil, .seconds(30)), (.seconds(5), .seconds(5)), (.zero, nil),
        ] as [(Duration?, Duration?)])
    func mediaTimeout(own: Duration?, expected: Duration?) {
        var odd = trunk(nil)
        odd.mediaTimeout = own
        let host = SocketAddress(ipv4: 0x7F00_0001, port: 5_060)
        var route = TrunkRoute(trunk: host, local: host, advertisedHost: "x", advertisedMedia: host)
        route.setMedia(of: odd, DialerConfiguration())
        #expect(route.mediaTimeout == expected)
    }
}
