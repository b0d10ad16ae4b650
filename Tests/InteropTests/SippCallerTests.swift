import CallSimulator
import Foundation
import SIPCore
import SansIO
import SocketDriver
import Testing

/// Strangers call the loopback peer.
@Suite("sipp as caller", .timeLimit(.minutes(2)))
struct SippCallerTests {
    @Test("sipp calls the loopback peer ten times and hangs up each call")
    func calls() async throws {
        guard let sipp = try Stranger.find("sipp") else { return }
        let peer = LoopbackPeer(
            driver: try SocketDriver(),
            callee: .answers(after: .milliseconds(100)).says("Hello?").waits(.seconds(30)))
        let address = try await peer.start()
        let scenario = try Stranger.fixture("caller.xml")
        defer { try? FileManager.default.removeItem(at: scenario) }
        let stranger = try Stranger(
            sipp,
            [
                "-sf", scenario.path, "-s", "15551234567", "-i", "127.0.0.1", "-p",
                "\(try Stranger.freePort())",
                "-mi", "127.0.0.1", "-mp", "\(try Stranger.freePort() & ~1)", "-m", "10", "-r", "5",
                "-nostdin",
                "-timeout", "30s", "127.0.0.1:\(address.port)",
            ])
        let code = stranger.waitForExit(limit: 30)
        await peer.stop()
        #expect(code == 0, "\(stranger.output)")
        #expect(peer.reports.count == 10)
        #expect(peer.reports.allSatisfy { $0.end == .callerHungUp }, "\(peer.reports.map(\.end))")
    }

    @Test("A hundred thousand mutated datagrams later the peer still takes a call")
    func garbage() async throws {
        let peer = LoopbackPeer(
            driver: try SocketDriver(), callee: .answers(after: .zero).waits(.seconds(30)))
        let address = try await peer.start()
        let invite = try String(contentsOf: Stranger.fixture("caller.xml"), encoding: .utf8)
        let seed = Array(
            (invite.components(separatedBy: "<![CDATA[\n\n")[1].components(separatedBy: "]]>")[0])
                .replacingOccurrences(of: "\n", with: "\r\n").utf8)
        var generator = SeededGenerator(seed: 7, label: "garbage")
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = address.port.bigEndian
        target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var received = 0
        for round in 0..<100_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if round % 10 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
            if round % 50 == 0 { bytes += [UInt8](repeating: 0x41, count: 20_000) }
            _ = withUnsafePointer(to: &target) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    sendto(
                        descriptor, bytes, bytes.count, 0, address, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            // The peer is given time to read, so that the datagrams reach its parser and not a full socket.
            if round % 200 == 199 { received = await peer.statistics.datagramsReceived }
        }
        received = await peer.statistics.datagramsReceived
        #expect(received > 50_000, "too few of the datagrams reached the peer: \(received)")
        #expect(await peer.statistics.malformed > 10_000)
        let good = try CommandLineTool.run(
            [
                "call", "+15551234567", "--trunk", try trunkFile(port: address.port), "--json",
                "--ring-timeout", "10",
                "--agent", try agentFile(),
            ])
        #expect(good.code == 0, "\(good.output) \(good.errors)")
        await peer.stop()
    }

    private func trunkFile(port: UInt16) throws -> String {
        let path = URL.temporaryDirectory.appending(path: "outdial-trunk-\(UUID().uuidString).json").path
        try #"{"host": "127.0.0.1", "port": \#(port)}"#.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func agentFile() throws -> String {
        let path = URL.temporaryDirectory.appending(path: "outdial-agent-\(UUID().uuidString).json").path
        try #"{"steps": [{"hangUp": {"status": "done"}}]}"#.write(
            toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
