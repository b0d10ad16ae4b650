import RTPMedia
import SansIO
import Testing

@Suite("Bursts and gaps, RFC 3611 §4.7.2")
struct LossPatternTests {
    /// One character per packet: `X` lost, `d` too late, anything else played.
    private func pattern(_ text: String, from first: UInt16 = 65_500) -> LossPattern.Summary {
        var pattern = LossPattern()
        for (index, letter) in text.enumerated() where letter != "X" {
            pattern.receive(
                SequenceNumber(first &+ UInt16(truncatingIfNeeded: index)), isDiscarded: letter == "d")
        }
        return pattern.summary
    }

    private func received(_ count: Int) -> String { String(repeating: ".", count: count) }

    @Test("Without loss all is one gap")
    func clean() {
        let summary = pattern(received(300))
        #expect(summary.packets == 300)
        #expect((summary.lost, summary.bursts) == (0, 0))
        #expect((summary.gapLength, summary.gapDensity) == (300, 0))
        #expect(summary.burstRatio == 1)
    }

    @Test("Losses 16 packets apart are single ones in a gap; 15 apart they are a burst")
    func threshold() {
        let apart = pattern(received(50) + "X" + received(16) + "X" + received(50))
        #expect((apart.lost, apart.bursts) == (2, 0))
        #expect(apart.gapDensity == 2.0 / 118)
        let near = pattern(received(50) + "X" + received(15) + "X" + received(50))
        #expect((near.lost, near.bursts) == (2, 1))
        #expect(near.burstLength == 17)
        #expect(near.burstDensity == 2.0 / 17)
        #expect(near.gapLength == 50)
        #expect(near.gapDensity == 0)
    }

    @Test("The burst of the RFC's example: single losses outside, lost and discarded within")
    func example() {
        let text =
            received(20) + "X" + received(20) + "X" + received(3) + "XX" + received(2) + "d" + received(30)
        let summary = pattern(text)
        #expect((summary.lost, summary.discarded, summary.bursts) == (4, 1, 1))
        #expect(summary.burstLength == 9)
        #expect(summary.burstDensity == 4.0 / 9)
        #expect(summary.gapDensity == 1.0 / 71)
        #expect(summary.gapLength == 35.5)
    }

    @Test("What comes within 64 packets is not lost, a copy does not count twice, later ones are ignored")
    func reordering() {
        var pattern = LossPattern()
        for number in [0, 1, 3, 2, 2, 4, 6, 5] as [UInt16] { pattern.receive(SequenceNumber(number)) }
        #expect(pattern.summary.lost == 0)
        #expect(pattern.summary.packets == 7)
        for number in 8...120 as ClosedRange<UInt16> { pattern.receive(SequenceNumber(number)) }
        pattern.receive(SequenceNumber(7))
        #expect(pattern.summary.lost == 1)
        #expect(pattern.summary.packets == 121)
    }

    @Test("Runs of losses are told from losses at random")
    func burstRatio() {
        let single = pattern(String(repeating: received(9) + "X", count: 100))
        #expect(single.burstRatio == 1)
        let double = pattern(String(repeating: received(18) + "XX", count: 100))
        #expect(abs(double.burstRatio - 1.8) < 0.02)
    }

    @Test("A stream that starts over is counted on, and its jump is no loss")
    func restart() {
        var pattern = LossPattern()
        for number in 0..<100 as Range<UInt16> { pattern.receive(SequenceNumber(number)) }
        pattern.restart()
        for number in 30_000..<30_100 as Range<UInt16> { pattern.receive(SequenceNumber(number)) }
        #expect(pattern.summary.packets == 200)
        #expect(pattern.summary.lost == 0)
    }

    @Test("Whatever numbers come, counts stay what they are", arguments: UInt64(0)..<20)
    func anything(seed: UInt64) {
        var generator = SeededGenerator(seed: seed, label: "pattern")
        var pattern = LossPattern()
        for _ in 0..<2_000 {
            pattern.receive(
                SequenceNumber(UInt16(truncatingIfNeeded: generator.next())),
                isDiscarded: generator.chance(0.1))
            if generator.chance(0.01) { pattern.restart() }
        }
        let summary = pattern.summary
        #expect(summary.lost + summary.discarded <= summary.packets)
        #expect((0...1).contains(summary.burstDensity) && (0...1).contains(summary.gapDensity))
        #expect(summary.burstRatio >= 1)
    }
}
