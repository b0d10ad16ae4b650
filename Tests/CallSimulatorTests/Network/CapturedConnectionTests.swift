import CallSimulator
import SIPCore
import SansIO
import Telephony
import Testing

@Suite("Captures of calls over connections")
struct CapturedConnectionTests {
    private struct Seen: Hashable {
        var direction: DatagramDirection
        var transport: SIPTransport
        var local: SocketAddress
        var remote: SocketAddress
    }

    private final class Capture: CallObserver {
        let seen = Locked<[Seen]>([])
        let wantsDatagrams = true

        func message(
            _ direction: DatagramDirection, _ bytes: RawSpan, over transport: SIPTransport,
            local: SocketAddress, remote: SocketAddress, call: CallID?, at instant: WallClockInstant
        ) {
            let message = Seen(direction: direction, transport: transport, local: local, remote: remote)
            seen.withLock { $0.append(message) }
        }
    }

    @Test("A message by TCP is shown with the two ends of its connection")
    func ends() throws {
        let world = World(seed: 1)
        var configuration = LoopbackPeer.Configuration()
        let remote = SocketAddress(host: "10.0.0.3", port: 5_060)!
        configuration.address = remote
        configuration.acceptsStreams = true
        configuration.media = .signallingOnly
        let callee = LoopbackPeer(
            driver: world.makeDriver(host: "10.0.0.3"),
            callee: CalleeScript(steps: [.ring(.seconds(1)), .answer]), configuration: configuration)
        let capture = Capture()
        var dialing = DialerConfiguration()
        dialing.localPort = 5_060
        let dialer = Dialer(
            trunk: Trunk(name: "trunk", host: "10.0.0.3", port: 5_060, transport: .tcp),
            configuration: dialing, driver: world.makeDriver(host: "10.0.0.1"), observers: [capture])
        try world.run {
            try await callee.start()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dialer.run() }
                _ = try await dialer.call(CallRequest(to: "+15550123")) { call in try await call.answered() }
                await dialer.shutDown()
                try await group.waitForAll()
            }
            await callee.stop()
        }
        let seen = capture.seen.withLock { $0 }
        #expect(seen.contains { $0.direction == .sent } && seen.contains { $0.direction == .received })
        #expect(seen.allSatisfy { $0.transport == .tcp && $0.remote == remote })
        let locals = Set(seen.map(\.local))
        #expect(locals.count == 1)
        #expect(locals.first?.host == "10.0.0.1")
        #expect(locals.first?.port != 5_060, "the connection has a port of its own")
    }
}
