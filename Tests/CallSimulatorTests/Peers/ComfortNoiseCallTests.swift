import CallSimulator
import Foundation
import SansIO
import Telephony
import Testing

@Suite("Two dialers and comfort noise, RFC 3389")
struct ComfortNoiseCallTests {
    private static let address = SocketAddress(ipv4: 0x0A00_0002, port: 5_060)

    /// A second of tone, two of the noise of a quiet room (-73 dB from the overload point), a second of tone; at 8 kHz.
    private static let speech: [Int16] = {
        var generator = SeededGenerator(seed: 5)
        let tone = (0..<8_000).map { Int16($0 % 16 < 8 ? 8_000 : -8_000) }
        return tone + (0..<16_000).map { _ in Int16(generator.next() % 25) - 12 } + tone
    }()

    @Test(
        "The noise of a pause is told and heard where both sides want that, and sent as audio where one does not",
        arguments: [(true, true), (true, false), (false, true)])
    func pause(ours: Bool, theirs: Bool) throws {
        let world = World(seed: 3)
        let told = Locked(0)
        world.addTap { event, datagram in
            let bytes = datagram.bytes
            guard event == .sent, datagram.source.isSameHost(as: Self.address), bytes.byteCount > 12,
                bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == 0x80,
                bytes.unsafeLoad(fromByteOffset: 1, as: UInt8.self) & 0x7F == 13
            else { return }
            told.withLock { $0 += 1 }
        }
        let speaker = InboundHandler { call in
            try await call.answered()
            try await call.audio.write(Self.speech)
            for await _ in call.events {}
        }
        let records = InboundTally()
        let (caller, callee) = (world.makeDriver(host: "10.0.0.1"), world.makeDriver(host: "10.0.0.2"))
        var answering = DialerConfiguration()
        (answering.localPort, answering.audioRateHertz) = (Self.address.port, 8_000)
        answering.inbound = InboundPolicy(IncomingCallRouting([.init(.any, handler: speaker)]))
        var toCaller = Trunk(name: "caller", host: "10.0.0.1")
        toCaller.comfortNoise = theirs
        let called = Dialer(trunk: toCaller, configuration: answering, driver: callee)
        var placing = DialerConfiguration()
        placing.audioRateHertz = 8_000
        var toCallee = Trunk(
            name: "callee", host: "10.0.0.2", port: Self.address.port, numbers: ["+15550100"])
        toCallee.comfortNoise = ours
        let dialer = Dialer(trunk: toCallee, configuration: placing, driver: caller, observers: [records])
        let heard = try world.run {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await called.run() }
                group.addTask { try await dialer.run() }
                try await caller.sleep(for: .milliseconds(10))
                let heard = try await dialer.call(CallRequest(to: "+15550101")) { call in
                    try await call.answered()
                    var heard: [Int16] = []
                    while heard.count < 36_000, let samples = await call.audio.read() { heard += samples }
                    return heard
                }.value
                await dialer.shutDown()
                await called.shutDown()
                try await group.waitForAll()
                return heard
            }
        }
        let samples = try #require(heard)
        let first = try #require(samples.firstIndex { $0.magnitude > 4_000 })
        // In the pause, after the 200 ms in which silence is still audio.
        let pause = samples[first + 8_000 + 3_200..<first + 8_000 + 14_400]
        let level = sqrt(pause.reduce(0) { $0 + Double($1) * Double($1) } / Double(pause.count))
        #expect((4...12).contains(level), "\(level)")
        #expect(samples[(first + 24_800)...].contains { $0.magnitude > 4_000 }, "speech goes on")
        let media = try #require(records.records.first?.media)
        #expect(media.packetsLost == 0)
        if ours && theirs {
            // One every 200 ms.
            #expect((8...14).contains(told.withLock { $0 }))
            #expect((100...170).contains(media.packetsReceived), "\(media.packetsReceived)")
        } else {
            #expect(told.withLock { $0 } == 0)
            #expect(media.packetsReceived > 200)
        }
    }
}
