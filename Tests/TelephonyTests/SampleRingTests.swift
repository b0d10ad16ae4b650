import SansIO
import Testing

@testable import Telephony

@Suite("The ring between a call and its agent")
struct SampleRingTests {
    @Test(
        "Whatever is put and taken, samples come out in order and the oldest are lost",
        arguments: UInt64(0)..<8)
    func model(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var ring = SampleRing(limit: 1_700)
        var model: [Int16] = []
        var next: Int16 = 0
        func fresh(_ count: Int) -> [Int16] {
            (0..<count).map { _ in
                next &+= 1
                return next
            }
        }
        for _ in 0..<400 {
            let count = Int(generator.next() % 700)
            switch generator.next() % 4 {
            case 0:
                let samples = fresh(count)
                let room = min(count, 1_700 - model.count)
                #expect(ring.append(samples[...]) == room)
                model += samples.prefix(room)
            case 1:
                let samples = fresh(count)
                model += samples
                let surplus = max(0, model.count - 1_700)
                #expect(ring.appendDroppingOldest(samples.span) == surplus)
                model.removeFirst(surplus)
            case 2:
                let expected = Array(model.prefix(count))
                #expect(ring.take(count) == expected)
                model.removeFirst(expected.count)
            default:
                var target = [Int16](repeating: 0, count: count)
                var span = target.mutableSpan
                let taken = ring.take(into: &span)
                #expect(taken == min(count, model.count))
                #expect(target.prefix(taken) == model.prefix(taken))
                model.removeFirst(taken)
            }
            #expect(ring.count == model.count)
            #expect(ring.isEmpty == model.isEmpty && ring.isFull == (model.count == 1_700))
        }
    }
}
