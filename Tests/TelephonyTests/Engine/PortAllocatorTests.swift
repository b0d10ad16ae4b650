import SansIO
import Testing

@testable import Telephony

@Suite("Media ports and deadlines")
struct PortAllocatorTests {
    private func at(_ seconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: seconds * 1_000_000_000)
    }

    @Test("Pairs begin at even ports, lie in the range whole, and run out")
    func pairs() {
        var ports = PortAllocator(range: 10_001...10_006, quarantine: .seconds(5))
        #expect(ports.take(at: at(0)) == 10_002)
        #expect(ports.take(at: at(0)) == 10_004)
        #expect(ports.take(at: at(0)) == nil, "10006 has no partner in the range")
    }

    @Test("A returned pair rests, and the one that has rested longest goes first")
    func quarantine() {
        var ports = PortAllocator(range: 10_000...10_003, quarantine: .seconds(5))
        #expect(ports.take(at: at(0)) == 10_000)
        #expect(ports.take(at: at(0)) == 10_002)
        ports.release(10_002, at: at(1))
        ports.release(10_000, at: at(2))
        #expect(ports.take(at: at(5)) == nil)
        #expect(ports.take(at: at(6)) == 10_002)
        #expect(ports.take(at: at(6)) == nil)
        #expect(ports.take(at: at(7)) == 10_000)
    }

    @Test("The whole port space works to its last pair")
    func wholeRange() {
        var ports = PortAllocator(range: 65_530...65_535, quarantine: .zero)
        #expect(ports.take(at: at(0)) == 65_530)
        #expect(ports.take(at: at(0)) == 65_532)
        #expect(ports.take(at: at(0)) == 65_534)
        #expect(ports.take(at: at(0)) == nil)
        var none = PortAllocator(range: 7...8, quarantine: .zero)
        #expect(none.take(at: at(0)) == nil)
    }

    @Test("A port of the system's choice is refused while it rests")
    func systemChosen() {
        var ports = PortAllocator(range: nil, quarantine: .seconds(5))
        #expect(ports.mayUse(systemChosen: 40_000, at: at(0)) == true)
        ports.release(40_000, at: at(1))
        #expect(ports.mayUse(systemChosen: 40_000, at: at(5)) == false)
        #expect(ports.mayUse(systemChosen: 40_002, at: at(5)) == true)
        #expect(ports.mayUse(systemChosen: 40_000, at: at(6)) == true)
    }

    @Test("Deadlines stand on the grid however late the wake-up is")
    func grid() {
        let milli: Int64 = 1_000_000
        var grid = TickGrid(origin: MonotonicInstant(nanoseconds: 100 * milli))
        func due(at milliseconds: Int64) -> [Int64] {
            var deadlines: [Int64] = []
            while let deadline = grid.popDue(at: MonotonicInstant(nanoseconds: milliseconds * milli)) {
                deadlines.append(deadline.nanoseconds / milli)
            }
            return deadlines
        }
        #expect(due(at: 99) == [])
        #expect(due(at: 100) == [100])
        #expect(due(at: 139) == [120])
        #expect(due(at: 185) == [140, 160, 180])
        #expect(grid.skipped == 0)
        #expect(
            due(at: 405) == [320, 340, 360, 380, 400], "five are made up for, the older ones passed over")
        #expect(grid.skipped == 6)
        grid.resume(at: MonotonicInstant(nanoseconds: 1_001 * milli))
        #expect(due(at: 1_020) == [1_020], "the phase is kept")
        #expect(grid.skipped == 6)
    }

    @Test("Lateness percentiles are upper edges of 50 µs buckets")
    func lateness() {
        var histogram = LatenessHistogram()
        for _ in 0..<98 { histogram.record(.microseconds(120)) }
        histogram.record(.milliseconds(3))
        histogram.record(.milliseconds(80))
        #expect(histogram.percentile(0.5) == .microseconds(150))
        #expect(histogram.percentile(0.99) == .microseconds(3_050))
        #expect(histogram.percentile(1) == .milliseconds(80))
        #expect(histogram.maximum == .milliseconds(80))
        #expect(LatenessHistogram().percentile(0.99) == .zero)
    }
}
