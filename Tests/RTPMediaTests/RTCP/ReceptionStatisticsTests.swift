import RTPMedia
import SansIO
import Testing

@Suite("Reception statistics, RFC 3550 §A.1, §A.3, §A.8")
struct ReceptionStatisticsTests {
    private var statistics = ReceptionStatistics(probation: 1)
    private let start = MonotonicInstant(nanoseconds: 5_000_000_000)

    private mutating func receive(_ sequence: UInt16) -> ReceptionStatistics.Verdict {
        statistics.receive(SequenceNumber(sequence), timestamp: nil, at: start)
    }

    @Test("A source on probation is believed after two packets in sequence")
    mutating func probation() {
        statistics = ReceptionStatistics(probation: 2)
        #expect(
            [10, 12, 14, 15, 16].map { receive($0) } == [
                .onProbation, .onProbation, .onProbation, .accepted, .accepted,
            ])
        #expect(statistics.expected == 2)
        #expect(statistics.received == 2)
    }

    @Test("Loss, lateness and the wrap of the number are told apart")
    mutating func order() {
        #expect(
            [65_533, 65_534, 1, 0, 65_535, 3].map { receive($0) } == Array(repeating: .accepted, count: 6))
        #expect(statistics.extendedHighestSequence == 0x1_0003)
        #expect(statistics.expected == 7)
        #expect(statistics.lost == 1)
    }

    @Test("A number seen before is a duplicate, which counts as received")
    mutating func duplicates() {
        #expect(
            [5, 6, 6, 8, 7, 7, 5].map { receive($0) } == [
                .accepted, .accepted, .duplicate, .accepted, .accepted, .duplicate, .duplicate,
            ])
        #expect(statistics.lost == -3)
    }

    @Test("A jump needs two packets in sequence, then everything starts over")
    mutating func restart() {
        #expect(
            [100, 101, 40_000, 102, 50_000, 50_001, 50_002].map { receive($0) } == [
                .accepted, .accepted, .outOfRange, .accepted, .outOfRange, .restarted, .accepted,
            ])
        #expect(statistics.expected == 2)
        #expect(statistics.lost == 0)
    }

    @Test("A dropout of 2,999 is loss; one of 3,000 is a jump; 99 back is late, 100 back is a jump")
    mutating func limits() {
        #expect(
            [0, 2_999, 5_999, 2_900, 2_899].map { receive($0) } == [
                .accepted, .accepted, .outOfRange, .accepted, .outOfRange,
            ])
    }

    @Test("The fraction lost is of the interval, in 1/256, and never negative")
    mutating func fraction() {
        for sequence: UInt16 in [0, 1, 2, 4] { _ = receive(sequence) }
        #expect(statistics.takeFractionLost() == 51)
        #expect(statistics.takeFractionLost() == 0)
        for sequence: UInt16 in [5, 3, 6] { _ = receive(sequence) }
        #expect(statistics.takeFractionLost() == 0)
        for sequence: UInt16 in [16] { _ = receive(sequence) }
        #expect(statistics.takeFractionLost() == 230)
    }

    @Test("Jitter moves a sixteenth of the way to each difference of transit")
    mutating func jitter() {
        // Arrivals 0, 25, 40 ms of packets sent every 20 ms: differences 40 and -40 units.
        for (index, milliseconds) in [0, 25, 40].enumerated() {
            _ = statistics.receive(
                SequenceNumber(UInt16(index)), timestamp: RTPTimestamp(UInt32(index * 160) &- 100),
                at: start.advanced(by: .milliseconds(milliseconds)))
        }
        #expect(statistics.jitter == 2.5 + (40 - 2.5) / 16)
    }
}
