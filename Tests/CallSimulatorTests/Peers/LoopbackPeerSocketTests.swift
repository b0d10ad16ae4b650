internal import AgentBridge
internal import CallSimulator
internal import SIPCore
internal import SansIO
internal import SocketDriver
internal import Telephony
internal import Testing

@Suite("Loopback peer over real sockets")
struct LoopbackPeerSocketTests {
    @Test("A call over UDP on loopback: digest, audio both ways, words and keys", .timeLimit(.minutes(1)))
    func call() async throws {
        var configuration = LoopbackPeer.Configuration()
        configuration.credentials = [SIPCredentials(username: "trunk", password: "secret")]
        let callee = CalleeScript.answers(after: .zero).says("Hello?").presses("7")
        let peer = LoopbackPeer(driver: try SocketDriver(), callee: callee, configuration: configuration)
        let address = try await peer.start()
        let trunk = Trunk(
            name: "loopback", host: "127.0.0.1", port: address.port,
            credentials: SIPCredentials(username: "trunk", password: "secret"), numbers: ["+15550000"])
        let dialer = Dialer(trunk: trunk)
        let outcome = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dialer.run() }
            let outcome = try await dialer.call(
                CallRequest(to: "+15550101"),
                agent: ClosureAgent { session in
                    async let spoken = session.sayTones("Good morning.")
                    let key = try await session.nextDigit(timeout: .seconds(10))
                    return AgentResult(status: .done, note: "\(key ?? "-") \(try await spoken.isCutOff)")
                }, transcriber: ScriptTranscriber(peer))
            await dialer.shutDown()
            try await group.waitForAll()
            return outcome
        }
        await peer.stop()
        #expect(outcome.agentResult?.note == "7 false")
        #expect(outcome.agentResult?.transcript.contains { $0.text == "Hello?" } == true)
        let report = try #require(peer.reports.first)
        #expect(report.end == .callerHungUp)
        #expect(report.heard.voiceMilliseconds > 300)
        #expect(await peer.statistics.malformed == 0)
    }
}
