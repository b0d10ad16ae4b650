import Foundation
import SIPCore
import SansIO
import Telephony
import Testing

/// sipp as a caller that asks for what we do not know.
@Suite("sipp as an odd caller", .serialized)
struct SippOddCallerTests {
    private static let callerHeaders = """
        Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
        From: <sip:caller@[local_ip]:[local_port]>;tag=sipp[call_number]
        To: <sip:[service]@[remote_ip]:[remote_port]>
        Call-ID: [call_id]
        Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>
        Max-Forwards: 70
        """

    /// The ACK for a failure belongs to its INVITE's transaction: the branch of three messages before.
    private static func acknowledgement(_ number: Int, to user: String = "[service]") -> String {
        """
        <send><![CDATA[

        ACK sip:\(user)@[remote_ip]:[remote_port] SIP/2.0
        Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch-3]
        From: <sip:caller@[local_ip]:[local_port]>;tag=sipp[call_number]
        [last_To:]
        Call-ID: [call_id]
        Max-Forwards: 70
        CSeq: \(number) ACK
        Content-Length: 0

        ]]></send>
        """
    }

    private struct Answering: CallHandler {
        func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance {
            { call in
                try await call.answered()
                try await call.sleep(for: .seconds(20))
                return AgentResult(status: .done)
            }
        }
    }

    @Test(
        "Requests that we cannot take get the answer that their RFC names, and a call that demands 100rel goes through",
        .timeLimit(.minutes(1)), arguments: [SIPTransport.udp, .tcp])
    func oddities(transport: SIPTransport) async throws {
        guard let sipp = try Stranger.find("sipp") else { return }
        var words = ["CALLER_HEADERS": Self.callerHeaders]
        for number in 1...9 { words["ACKNOWLEDGE(\(number))"] = Self.acknowledgement(number) }
        let scenario = try Stranger.fixture("caller-odd.xml", replacing: words)
        defer { try? FileManager.default.removeItem(at: scenario) }
        var configuration = DialerConfiguration()
        configuration.localPort = try Stranger.freePort()
        configuration.inbound = InboundPolicy(
            IncomingCallRouting([
                .init(
                    .number("15551234567"),
                    accept: IncomingAcceptance(Answering(), answersAfter: .milliseconds(300)))
            ]))
        let port = configuration.localPort
        let trunk = Trunk(
            name: "odd", host: "127.0.0.1", port: try Stranger.freePort(), transport: transport)
        let folder = try TemporaryFolder()
        let recorder = EventRecorder()
        try await Dialer(trunk: trunk, configuration: configuration, observers: [recorder]).serving {
            dialer in
            let stranger = try Stranger(
                sipp,
                [
                    "-sf", scenario.path, "-s", "15551234567", "-i", "127.0.0.1", "-p",
                    "\(try Stranger.freePort())", "-mi", "127.0.0.1", "-mp", "\(try Stranger.freePort())",
                    "-t", transport == .udp ? "u1" : "t1", "-m", "1", "-nostdin", "-timeout", "20s",
                    "-trace_err", "-error_file", folder.path("errors"), "127.0.0.1:\(port)",
                ], in: folder.url)
            let isOver = try await eventually(25) { !stranger.isRunning }
            let errors = (try? String(contentsOfFile: folder.path("errors"), encoding: .utf8)) ?? ""
            #expect(isOver && stranger.waitForExit(limit: 1) == 0, "\(errors) \(stranger.output.suffix(500))")
            // The agent is let go a moment after the BYE has been answered.
            #expect(try await eventually { try await dialer.statistics().liveCalls == 0 })
            #expect(try await dialer.statistics().inbound.accepted == 1)
        }
        #expect(recorder.events.contains(.answered))
    }
}
