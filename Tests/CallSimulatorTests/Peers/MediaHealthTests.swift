import CallSimulator
import RTPMedia
import SansIO
import Telephony
import Testing

@Suite("A call's media fails, or is attacked")
struct MediaHealthTests {
    private static let talker = CalleeScript.answers(after: .seconds(1)).says(
        "This callee talks for quite a while, so that there is always something to be heard on the line.")

    private static var dead: NetworkModel {
        var model = NetworkModel.perfect
        model.loss = 1
        return model
    }

    @Test("The network dies mid-call: 30 s later the call is given up as dropped, with a BYE")
    func networkDies() throws {
        let world = PeerTestWorld(default: Self.talker)
        let outcome = try world.run { dialer in
            try await dialer.call(CallRequest(to: "100")) { call in
                try await call.answered()
                try await call.sleep(for: .seconds(5))
                world.world.setNetwork(Self.dead, from: "10.0.0.2", to: "10.0.0.1")
                for await _ in call.events {}
            }.outcome
        }
        #expect(outcome.disposition == .dropped)
        #expect(outcome.endedBy == .network)
        #expect(outcome.cause.text == "no media from the far end for 30 s")
        let talk = try #require(outcome.timings.talkTime)
        #expect((35...36.5).contains(talk.inSeconds), "\(talk)")
        #expect(world.peer.reports.map(\.end) == [.callerHungUp])
    }

    @Test("Without a media timeout the call lasts as long as it may")
    func noTimeout() throws {
        let world = PeerTestWorld(default: Self.talker) { dialing, _ in
            dialing.mediaTimeout = nil
            dialing.maximumDuration = .seconds(60)
        }
        let outcome = try world.run { dialer in
            try await dialer.call(CallRequest(to: "100")) { call in
                try await call.answered()
                world.world.setNetwork(Self.dead, from: "10.0.0.2", to: "10.0.0.1")
                for await _ in call.events {}
            }.outcome
        }
        #expect(outcome.disposition == .answered)
        #expect(outcome.cause.text == "maximum duration")
    }

    @Test("A hold of a minute is no silence; after the resume the time begins anew")
    func hold() throws {
        let world = PeerTestWorld(default: Self.talker) { dialing, _ in
            dialing.mediaTimeout = .seconds(5)
        }
        let outcome = try world.run { dialer in
            try await dialer.call(CallRequest(to: "100")) { call in
                try await call.answered()
                try await call.hold()
                try await call.sleep(for: .seconds(60))
                try await call.resume()
                try await call.sleep(for: .seconds(20))
            }.outcome
        }
        #expect(outcome.disposition == .answered)
        #expect(try #require(outcome.timings.talkTime) > .seconds(80))
    }

    @Test("A stranger sends 10,000 packets a second to a live call's port: nobody hears it, all are counted")
    func flood() throws {
        let world = PeerTestWorld(default: Self.talker)
        let port = Locked<SocketAddress?>(nil)
        world.world.addTap { event, datagram in
            let source = datagram.source
            guard event == .sent, source.isSameHost(as: SocketAddress(ipv4: 0x0A00_0001, port: 0)),
                datagram.bytes.byteCount == 172
            else { return }
            port.withLock { $0 = $0 ?? source }
        }
        let flooder = Flooder(driver: world.world.makeDriver(host: "10.0.0.66"))
        let figures = Locked<MediaStatistics?>(nil)
        _ = try world.run { dialer in
            let outcome = try await dialer.call(CallRequest(to: "100")) { call in
                try await call.answered()
                try await call.sleep(for: .seconds(1))
                let target = try #require(port.withLock { $0 })
                try await flooder.open()
                for _ in 0..<3_000 {
                    await flooder.send(10, to: target)
                    try await call.sleep(for: .milliseconds(1))
                }
                await flooder.close()
                try await call.sleep(for: .seconds(1))
                let now = await call.mediaQuality()
                figures.withLock { $0 = now }
            }.outcome
            #expect(outcome.disposition == .answered)
        }
        let media = try #require(figures.withLock { $0 })
        let rejections = try #require(media.rejections)
        #expect(rejections.total == 30_000)
        #expect(media.packetsRejected == 30_000)
        #expect(rejections.stranger == 20_000 && rejections.malformed == 10_000)
        #expect(media.framesConcealed == 0)
        #expect(media.packetsLost == 0)
        let quality = try #require(media.inboundQuality)
        #expect(quality.mosConversational > 4.3)
        let callee = try #require(world.peer.reports.first?.media)
        #expect(callee.framesConcealed == 0)
        #expect(callee.packetsRejected == 0)
    }
}

/// Sends RTP that nobody asked for: with numbers in order, with numbers at random, and garbage.
private actor Flooder: DriverClient {
    nonisolated let driver: SimulatedDriver
    nonisolated var unownedExecutor: UnownedSerialExecutor { driver.serialExecutor.asUnownedSerialExecutor() }
    private var socket: BoundSocket?
    private var client: DriverClientID?
    private var generator = SeededGenerator(seed: 66)
    private var sequence = SequenceNumber(0)
    private var turn = 0
    private var packet = OwnedBytes(capacity: 400)

    init(driver: SimulatedDriver) { self.driver = driver }

    nonisolated func wake() {}

    func open() throws {
        let client = driver.attach(self)
        self.client = client
        socket = try driver.bind(SocketAddress(ipv4: 0x0A00_0042, port: 9_998), for: client)
    }

    func send(_ count: Int, to target: SocketAddress) {
        guard let socket else { return }
        for _ in 0..<count {
            turn += 1
            sequence = sequence.advanced(by: 1)
            let draw = UInt32(truncatingIfNeeded: generator.next())
            let header = RTPHeader(
                payloadType: 0, sequence: turn % 3 == 0 ? sequence : SequenceNumber(UInt16(draw & 0xFFFF)),
                timestamp: RTPTimestamp(draw), synchronizationSource: turn % 3 == 0 ? 66 : draw)
            header.pack([UInt8](repeating: 0x80, count: 160).span.bytes, into: &packet)
            let length = turn % 3 == 2 ? 8 : packet.count
            driver.transmit(packet.bytes.extracting(0..<length), from: socket.id, to: target)
        }
    }

    func close() {
        if let client { driver.detach(client) }
        socket = nil
    }
}
