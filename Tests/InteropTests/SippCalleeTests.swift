import AgentBridge
import Foundation
import SIPCore
import SansIO
import SocketDriver
import Telephony
import Testing

/// Outdial calls sipp, which plays the callee and the trunk.
@Suite("sipp as callee", .serialized, .timeLimit(.minutes(1)))
struct SippCalleeTests {
    @Test("An answering sipp gets a call with audio both ways, and a BYE")
    func answers() async throws {
        let run = try await SippRun.call(scenario: "callee-answers.xml", options: ["-rtp_echo"]) { call in
            try await call.answered()
            // A loud tone, which comes back by sipp's echo.
            let tone = (0..<16_000).map { Int16(8_000 * sin(Double($0) * 2 * .pi * 440 / 16_000)) }
            try await call.audio.write(tone)
            var loudest: Int16 = 0
            var heard = 0
            while heard < 16_000, let samples = await call.audio.read() {
                heard += samples.count
                loudest = max(loudest, samples.max() ?? 0)
            }
            return loudest
        }
        guard let run else { return }
        #expect(run.result.outcome.disposition == .answered)
        #expect(run.result.outcome.endedBy == .us)
        #expect(try #require(run.result.value) > 4_000)
        #expect(run.exitCode == 0, "\(run.output)")
    }

    @Test(
        "Over TCP, on one connection or one per call, and over IPv6, sipp gets the same call",
        arguments: [
            ("t1", "127.0.0.1"), ("tn", "127.0.0.1"), ("u1", "::1"), ("t1", "::1"),
        ])
    func transports(mode: String, host: String) async throws {
        let transport = mode.hasPrefix("t") ? SIPTransport.tcp : .udp
        let run = try await SippRun.call(
            scenario: "callee-answers.xml",
            replacing: ["IN IP4": host.contains(":") ? "IN IP6" : "IN IP4"],
            options: ["-t", mode, "-max_socket", "100"], host: host, transport: transport
        ) { call in
            try await call.answered()
            try await call.sleep(for: .milliseconds(300))
        }
        guard let run else { return }
        #expect(run.result.outcome.disposition == .answered)
        #expect(run.exitCode == 0, "\(run.output)")
    }

    @Test(
        "Rejections become outcomes with the callee's cause",
        arguments: [
            ("486 Busy Here", 17, .busy), ("603 Decline", 21, .declined), ("404 Not Found", 1, .badNumber),
            ("480 Temporarily Unavailable", 18, .noAnswer), ("503 Service Unavailable", 34, .trunkFault),
            ("488 Not Acceptable Here", nil, .mediaRefused),
        ] as [(String, Int?, CallDisposition)])
    func rejects(statusLine: String, q850: Int?, disposition: CallDisposition) async throws {
        let run = try await SippRun.call(
            scenario: "callee-rejects.xml",
            replacing: [
                "STATUS_LINE": statusLine, "REASON": q850.map { "Reason: Q.850;cause=\($0)\n" } ?? "",
            ]
        ) { call in
            try await call.answered()
        }
        guard let run else { return }
        #expect(run.result.outcome.disposition == disposition)
        #expect(run.result.outcome.cause.sipStatus == Int(statusLine.prefix(3)))
        #expect(run.result.outcome.cause.q850 == q850)
        #expect(run.exitCode == 0, "\(run.output)")
    }

    @Test("A callee that never answers is cancelled at the ring timeout: no answer")
    func neverAnswers() async throws {
        let run = try await SippRun.call(scenario: "callee-never-answers.xml", ringTimeout: .seconds(2)) {
            call in
            try await call.answered()
        }
        guard let run else { return }
        #expect(run.result.outcome.disposition == .noAnswer)
        #expect(run.exitCode == 0, "\(run.output)")
    }

    @Test(
        "A challenge is answered with credentials that sipp finds right",
        arguments: ["callee-challenges.xml", "callee-challenges-401.xml"])
    func challenges(scenario: String) async throws {
        let run = try await SippRun.call(
            scenario: scenario,
            credentials: SIPCredentials(username: "outdial", password: "s3cret-w0rd")
        ) { call in
            try await call.answered()
            try await call.sleep(for: .milliseconds(300))
        }
        guard let run else { return }
        #expect(run.result.outcome.disposition == .answered)
        #expect(run.exitCode == 0, "\(run.output)")
    }

    @Test("Wrong credentials end as a trunk fault that names the cause")
    func wrongCredentials() async throws {
        let run = try await SippRun.call(
            scenario: "callee-challenges.xml",
            credentials: SIPCredentials(username: "outdial", password: "not the word")
        ) { call in
            try await call.answered()
        }
        guard let run else { return }
        #expect(run.result.outcome.disposition == .forbidden)
        #expect(run.result.outcome.cause.sipStatus == 403)
    }
}

/// One call from a dialer to a sipp that runs one scenario once.
struct SippRun<Value: Sendable>: Sendable {
    var result: CallResult<Value>
    /// sipp's exit code: 0 when its scenario went through to the end.
    var exitCode: Int32?
    var output: String
    /// At which sipp took the call.
    var port: UInt16

    /// - Returns: `nil` when sipp is not installed.
    static func call(
        scenario: String, replacing words: [String: String] = [:], options: [String] = [],
        credentials: SIPCredentials? = nil,
        ringTimeout: Duration = .seconds(10), host: String = "127.0.0.1",
        transport: SIPTransport = .udp, observers: [any CallObserver] = [],
        perform: @escaping @Sendable (Call) async throws -> Value
    ) async throws -> Self? {
        guard let sipp = try Stranger.find("sipp") else { return nil }
        let scenario = try Stranger.fixture(scenario, replacing: words)
        defer { try? FileManager.default.removeItem(at: scenario) }
        let (stranger, port) = try Stranger.listening(sipp, table: Stranger.table(transport, host)) { port in
            let media = try Stranger.freePort() & ~1
            return [
                "-sf", scenario.path, "-i", host, "-p", String(port), "-mi", host,
                "-mp", String(media), "-m", "1", "-nostdin", "-timeout", "30s",
            ] + options
        }

        let trunk = Trunk(
            name: "sipp", host: host, port: port, credentials: credentials, numbers: ["+15550100"],
            transport: transport)
        let dialer = Dialer(trunk: trunk, observers: observers)
        let request = CallRequest(to: "+15551234567", ringTimeout: ringTimeout)
        let result = try await withThrowingTaskGroup(of: CallResult<Value>?.self) { group in
            group.addTask {
                try await dialer.run()
                return nil
            }
            group.addTask {
                let result = try await dialer.call(request, perform: perform)
                await dialer.shutDown()
                return result
            }
            var result: CallResult<Value>?
            while let next = try await group.next() { result = next ?? result }
            return try #require(result)
        }
        return Self(
            result: result, exitCode: stranger.waitForExit(limit: 20), output: stranger.output, port: port)
    }
}
