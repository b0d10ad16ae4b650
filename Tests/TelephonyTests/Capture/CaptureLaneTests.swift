import Foundation
import SIPCore
import SansIO
import TestSupport
import Testing

@testable import Telephony

/// Files of observers are written in blocking lanes and never on the loop.
@Suite("Capture lanes")
struct CaptureLaneTests {
    private static let a = SocketAddress(ipv4: 0xC000_0201, port: 5_060)
    private static let b = SocketAddress(ipv4: 0xC000_0202, port: 5_060)
    private static let instant = WallClockInstant(secondsSinceEpoch: 1_000)

    private func feed(_ observer: some CallObserver, _ count: Int, bytes: Int) {
        let payload = [UInt8](repeating: 0x41, count: bytes)
        for _ in 0..<count {
            observer.datagram(
                .sent, payload.span.bytes, local: Self.a, remote: Self.b, kind: .sip, call: nil,
                at: Self.instant)
        }
    }

    @Test(
        "With a dialer's driver nothing is written until its lane runs; then it is the same file, to the byte"
    )
    func pcap() async throws {
        let folder = try TemporaryFolder()
        let driver = try ConfinedDriver(holdsBlockingWork: true)
        let held = try PcapObserver(path: folder.path("held.pcap"))
        let plain = try PcapObserver(path: folder.path("plain.pcap"))
        held.dialerStarted(on: driver)
        feed(held, 100, bytes: 1_000)
        feed(plain, 100, bytes: 1_000)
        #expect(try folder.bytes("held.pcap").count == 24, "the header alone")
        #expect(try folder.bytes("plain.pcap").count > 65_536)
        #expect(driver.runHeldWork() == 1, "one job, however many pieces")
        #expect(try folder.bytes("held.pcap").count > 65_536)
        held.flush()
        plain.flush()
        #expect(try folder.bytes("held.pcap") == folder.bytes("plain.pcap"))
        #expect(held.datagrams == 100 && held.lostDatagrams == 0)
    }

    @Test(
        "A disk that stands still costs pieces beyond those that may wait, counted, and the file stays whole")
    func bounded() async throws {
        let folder = try TemporaryFolder()
        let driver = try ConfinedDriver(holdsBlockingWork: true)
        let observer = try PcapObserver(path: folder.path("x.pcap"))
        observer.dialerStarted(on: driver)
        feed(observer, 400, bytes: 60_000)
        #expect(observer.lostDatagrams > 0)
        #expect(observer.datagrams + observer.lostDatagrams == 400)
        observer.flush()
        let bytes = try folder.bytes("x.pcap")
        #expect(bytes.count == 24 + observer.datagrams * (16 + 28 + 60_000))
        #expect(bytes.count < 24 << 20)
    }

    @Test("Ladders wait for the lane too, and are there once flushed")
    func ladders() async throws {
        let folder = try TemporaryFolder()
        let driver = try ConfinedDriver(holdsBlockingWork: true)
        let observer = LadderObserver(directory: folder.path("."))
        observer.dialerStarted(on: driver)
        let message = Array("OPTIONS sip:a@b SIP/2.0\r\n\r\n".utf8)
        observer.datagram(
            .sent, message.span.bytes, local: Self.a, remote: Self.b, kind: .sip, call: "c", at: Self.instant)
        observer.callEnded(
            CallRecord(
                id: "c", sipCallID: "c", to: "", from: "",
                outcome: CallOutcome(id: "c", disposition: .answered, endedBy: .us)))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(".")).isEmpty)
        observer.flush()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(".")) == ["c.ladder.txt"])
    }

    @Test("A live call's capture is whole once the dialer has stopped and it is flushed")
    func live() async throws {
        let folder = try TemporaryFolder()
        let observer = try PcapObserver(path: folder.path("live.pcap"))
        let seen = RecordingObserver()
        try await withDialer(observers: [observer, seen]) { dialer, _ in
            _ = try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
        }
        observer.flush()
        #expect(observer.datagrams == seen.datagrams.values.reduce(0, +))
        #expect(try folder.bytes("live.pcap").count > observer.datagrams * 44)
    }
}
