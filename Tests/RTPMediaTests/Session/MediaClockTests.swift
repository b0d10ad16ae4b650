import Testing

@testable import RTPMedia

@Suite("Timestamps of any clock on the leg's scale")
struct MediaClockTests {
    @Test("Packets of an odd number of samples lie end to end: by turns a unit shorter and longer")
    func odd() {
        var clock = MediaClock(rateHertz: 16_000)
        let places = (0..<4).map { clock.stretch(of: 53, from: RTPTimestamp(UInt32(1_000 + 53 * $0))) }
        #expect(places.map { Int($0.position.rawValue) } == [1_000, 1_026, 1_053, 1_079])
        #expect(places.map(\.units) == [26, 27, 26, 27])
    }

    @Test("A packet that comes late, or across the wrap of the timestamp, lies where it belongs")
    func anyOrder() {
        var clock = MediaClock(rateHertz: 48_000)
        let start = RTPTimestamp(UInt32.max - 959)
        let first = clock.stretch(of: 960, from: start)
        let third = clock.stretch(of: 960, from: start.advanced(by: 1_920))
        let second = clock.stretch(of: 960, from: start.advanced(by: 960))
        #expect([first, second, third].map(\.units) == [160, 160, 160])
        #expect(first.position.distance(to: second.position) == 160)
        #expect(first.position.distance(to: third.position) == 320)
        let before = clock.stretch(of: 960, from: start.advanced(by: -957))
        #expect(before.position.distance(to: first.position) == 160)
    }

    @Test("Nothing is shorter than a unit")
    func shortest() {
        var clock = MediaClock(rateHertz: 48_000)
        #expect(clock.stretch(of: 1, from: RTPTimestamp(6)).units == 1)
    }
}
