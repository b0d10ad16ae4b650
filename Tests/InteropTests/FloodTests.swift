import Foundation
import SIPCore
import SansIO
import Telephony
import Testing

/// What anybody can send to an open port, and what is left of it afterwards.
@Suite("Floods", .serialized)
struct FloodTests {
    private static let number = "15551234567"

    /// A dialer that takes calls for one number, over UDP and TCP on one port.
    private func dialer() throws -> (dialer: Dialer, port: UInt16) {
        var configuration = DialerConfiguration()
        configuration.localPort = try Stranger.freePort()
        configuration.inbound = InboundPolicy(
            IncomingCallRouting([.init(.number(Self.number), handler: Listener())]))
        // Whose calls are taken over UDP, and over TCP.
        let trunks = try [SIPTransport.udp, .tcp].map { transport in
            Trunk(
                name: "\(transport)", host: "127.0.0.1", port: try Stranger.freePort(), transport: transport)
        }
        return (Dialer(trunks: trunks, configuration: configuration), configuration.localPort)
    }

    /// Stays on until the caller hangs up.
    private struct Listener: CallHandler {
        func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance {
            { call in
                try await call.answered()
                try await call.sleep(for: .seconds(20))
                return AgentResult(status: .done)
            }
        }
    }

    /// Five calls of sipp's, each held for a second.
    private func calls(to port: UInt16, over mode: String) throws -> (code: Int32?, output: String)? {
        guard let sipp = try Stranger.find("sipp") else { return nil }
        let scenario = try Stranger.fixture("caller.xml")
        defer { try? FileManager.default.removeItem(at: scenario) }
        let stranger = try Stranger(
            sipp,
            [
                "-sf", scenario.path, "-s", Self.number, "-i", "127.0.0.1", "-p",
                "\(try Stranger.freePort())", "-mi", "127.0.0.1", "-mp", "\(try Stranger.freePort())",
                "-t", mode, "-m", "5", "-r", "5", "-nostdin", "-timeout", "20s", "127.0.0.1:\(port)",
            ])
        return (stranger.waitForExit(limit: 25), stranger.output)
    }

    /// Resident memory of this process, in bytes.
    private static var memory: Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
        return (fields.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * 4_096
    }

    @Test(
        "After sipsak's floods and mutated INVITEs over UDP calls go through, and nothing has piled up",
        .timeLimit(.minutes(2)))
    func datagrams() async throws {
        guard let sipsak = try Stranger.find("sipsak") else { return }
        let (dialer, port) = try dialer()
        try await dialer.serving { dialer in
            let before = Self.memory
            let flood = try Stranger(sipsak, ["-F", "-e", "20000", "-s", "sip:nobody@127.0.0.1:\(port)"])
            try await Self.sendMutations(to: port, of: dialer, count: 10_000)
            let trash = try Stranger(sipsak, ["-R", "-t", "300", "-s", "sip:nobody@127.0.0.1:\(port)"])
            _ = try await eventually(3) { !flood.isRunning && !trash.isRunning }
            flood.stop()
            trash.stop()
            let flooded = try await dialer.statistics()
            #expect(flooded.userAgent.datagramsReceived > 5_000)
            #expect(flooded.userAgent.malformed > 1_000)
            // Invitations that were refused wait for their ACK; there are no more of them than the limit per source admits.
            #expect(flooded.userAgent.liveTransactions < 5_000, "\(flooded.userAgent)")
            #expect(flooded.liveCalls == 0)
            #expect(Self.memory - before < 64 << 20)

            guard let good = try calls(to: port, over: "u1") else { return }
            #expect(good.code == 0, "\(good.output)")
            #expect(try await eventually { try await dialer.statistics().liveCalls == 0 })
            let accepted = try await dialer.statistics().inbound.accepted
            #expect(accepted - flooded.inbound.accepted == 5)
        }
    }

    private static func sendMutations(to port: UInt16, of dialer: Dialer, count: Int) async throws {
        let invite = try String(contentsOf: Stranger.fixture("caller.xml"), encoding: .utf8)
        // A number that nobody serves: what is still an INVITE is refused.
        let seed = Array(
            invite.components(separatedBy: "<![CDATA[\n\n")[1].components(separatedBy: "]]>")[0]
                .replacingOccurrences(of: "[service]", with: "999").replacingOccurrences(
                    of: "\n", with: "\r\n"
                )
                .utf8)
        var generator = SeededGenerator(seed: 11, label: "mutations")
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        for round in 0..<count {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if round % 10 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
            if round % 50 == 0 { bytes += [UInt8](repeating: 0x41, count: 40_000) }
            _ = withUnsafePointer(to: &target) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    sendto(
                        descriptor, bytes, bytes.count, 0, address,
                        socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            // It is given time to read, so that they reach its parser and not a full socket.
            if round % 100 == 99 { _ = try await dialer.statistics() }
        }
    }

    @Test(
        "Connections that say nothing, never finish or talk nonsense are bounded, and calls over TCP go through beside them",
        .timeLimit(.minutes(2)))
    func streams() async throws {
        let (dialer, port) = try dialer()
        try await dialer.serving { dialer in
            let before = Self.memory
            var generator = SeededGenerator(seed: 12, label: "streams")
            var silent: [LoopbackStream] = []
            // A hundred that begin a message and stay: below what one host may have open.
            for index in 0..<100 {
                let stream = try LoopbackStream(port: port)
                stream.send(
                    index.isMultiple(of: 2) ? "INVITE sip:999@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/T" : "")
                silent.append(stream)
            }
            let nonsense: [[UInt8]] = [
                (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &generator) },
                Array("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 99999999999999999999\r\n\r\n".utf8),
                Array("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n".utf8),
                Array("OPTIONS sip:a@b SIP/2.0\r\nX: ".utf8) + [UInt8](repeating: 0x41, count: 200_000),
                Array(String(repeating: "A: b\r\n", count: 50_000).utf8),
                Array(String(repeating: "\r\n", count: 50_000).utf8),
                Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8),
                [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03],
            ]
            for _ in 0..<25 {
                for bytes in nonsense { try LoopbackStream(port: port).send(bytes) }
            }
            let flooded = try await dialer.statistics()
            #expect(flooded.liveCalls == 0)
            #expect(flooded.userAgent.liveTransactions < 1_000, "\(flooded.userAgent)")
            #expect(Self.memory - before < 64 << 20)
            guard let good = try calls(to: port, over: "t1") else { return }
            #expect(good.code == 0, "\(good.output)")
            let datagrams = try calls(to: port, over: "u1")
            #expect(datagrams?.code == 0, "\(datagrams?.output ?? "")")
            let accepted = try await dialer.statistics().inbound.accepted
            #expect(accepted == 10)
            withExtendedLifetime(silent) {}
        }
    }
}
