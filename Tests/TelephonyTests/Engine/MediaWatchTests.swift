import RTPMedia
import SansIO
import Testing

@testable import Telephony

@Suite("Watch over a far end's media")
struct MediaWatchTests {
    private static let remote = SocketAddress(ipv4: 0x0A00_0002, port: 6_000)
    private let leg: AudioLeg
    private var watch = MediaWatch()
    private var now = MonotonicInstant(nanoseconds: 1_000_000_000)

    init() throws {
        var generator = SeededGenerator(seed: 1)
        let negotiated = NegotiatedAudio(
            codec: .pcmu, sendPayloadType: 0, sendEventPayloadType: nil, receivePayloadType: 0,
            receiveEventPayloadType: nil, remoteRTP: Self.remote, remoteRTCP: Self.remote.with(port: 6_001),
            direction: .sendrecv)
        leg = try AudioLeg(
            configuration: .init(negotiated: negotiated, rateHertz: 8_000, canonicalName: "x"),
            generator: &generator, at: now)
        watch.timeout = .seconds(30)
        watch.isExpectingMedia = true
    }

    /// Ticks for some seconds.
    ///
    /// - Returns: The second of each time that the watch cried.
    private mutating func run(seconds: Int, report: Bool = false) -> [Int] {
        var cries: [Int] = []
        for tick in 0..<seconds * 50 {
            now = now.advanced(by: .milliseconds(20))
            if report, tick % 250 == 0 {
                let bytes: [UInt8] = [0x80, 0xC9, 0, 1, 1, 2, 3, 4]
                leg.receiveRTCP(bytes.span.bytes, from: Self.remote.with(port: 6_001), at: now)
            }
            if let silence = watch.check(leg, at: now) {
                #expect(silence == .seconds(30))
                cries.append(tick / 50)
            }
        }
        return cries
    }

    @Test("A far end that never sends is given up after the time, once")
    mutating func never() {
        #expect(run(seconds: 100) == [30])
    }

    @Test("Without a time-out it is waited for")
    mutating func forEver() {
        watch.timeout = nil
        #expect(run(seconds: 100) == [])
    }

    @Test("Reports alone are life: a far end that suppresses silence is not given up")
    mutating func reportsAreLife() {
        #expect(run(seconds: 200, report: true) == [])
        // The last one came 5 s before.
        #expect(run(seconds: 60) == [25])
    }

    @Test("Nobody is expected to be heard while a side holds; then the time begins anew")
    mutating func hold() {
        #expect(run(seconds: 25) == [])
        watch.isExpectingMedia = false
        #expect(run(seconds: 300) == [])
        watch.isExpectingMedia = true
        #expect(run(seconds: 29) == [])
        #expect(run(seconds: 5) == [1])
    }
}
