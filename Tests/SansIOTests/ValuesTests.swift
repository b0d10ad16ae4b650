import SansIO
import Testing

@Suite("Seeded generator")
struct SeededGeneratorTests {
    @Test("Seed 0 gives the numbers of the reference code of xoshiro256** and SplitMix64")
    func knownValues() {
        var generator = SeededGenerator(seed: 0)
        let values = (0..<4).map { _ in generator.next() }
        #expect(
            values == [
                0x99EC_5F36_CB75_F2B4, 0xBF6E_1F78_4956_452A, 0x1A5F_849D_4933_E6E0, 0x6AA5_94F1_262D_2D2C,
            ])
    }

    @Test("Labels give streams of their own, the same for the same seed")
    func labels() {
        var one = SeededGenerator(seed: 7, label: "network")
        var same = SeededGenerator(seed: 7, label: "network")
        var other = SeededGenerator(seed: 7, label: "callee 7")
        let first = one.next()
        #expect(first == same.next() && first != other.next())
    }

    @Test("Tokens are lowercase hexadecimal of the length asked for; units lie in 0..<1")
    func tokens() {
        var generator = SeededGenerator(seed: 1)
        for digits in [0, 1, 16, 17, 40] {
            let token = generator.token(digits: digits)
            #expect(token.utf8.count == digits && token.allSatisfy { "0123456789abcdef".contains($0) })
        }
        var sum = 0.0
        for _ in 0..<10_000 {
            let unit = generator.nextUnit()
            #expect((0..<1).contains(unit))
            sum += unit
        }
        #expect((0.48...0.52).contains(sum / 10_000))
        #expect(!generator.chance(0) && generator.chance(1))
    }
}

@Suite("Instants and durations")
struct InstantTests {
    @Test("Arithmetic saturates at the ends of the clock")
    func saturation() {
        let late = MonotonicInstant(nanoseconds: .max - 5)
        #expect(late.advanced(by: .seconds(1)).nanoseconds == .max)
        #expect(MonotonicInstant(nanoseconds: .min + 5).advanced(by: .seconds(-1)).nanoseconds == .min)
        #expect(WallClockInstant(secondsSinceEpoch: .max).nanosecondsSinceEpoch == .max)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
    }

    @Test("Durations keep their nanoseconds, negative ones too")
    func durations() {
        #expect(Duration.milliseconds(-1_500).nanoseconds == -1_500_000_000)
        #expect(Duration.nanoseconds(7).nanoseconds == 7)
        #expect(
            Duration.milliseconds(1_500).inSeconds == 1.5
                && Duration.microseconds(1_500).inMilliseconds == 1.5)
        let start = MonotonicInstant(nanoseconds: 100)
        #expect(start.duration(to: MonotonicInstant(nanoseconds: 40)) == .nanoseconds(-60))
    }
}

@Suite("Owned bytes")
struct OwnedBytesTests {
    @Test("What fits replaces what was there; what does not leaves the block empty")
    func replace() {
        var block = OwnedBytes(capacity: 4)
        let four: [UInt8] = [1, 2, 3, 4]
        let five: [UInt8] = [1, 2, 3, 4, 5]
        #expect(block.replace(with: four.span.bytes) && block.count == 4)
        #expect(block.bytes.unsafeLoad(fromByteOffset: 3, as: UInt8.self) == 4)
        #expect(!block.replace(with: five.span.bytes) && block.count == 0)
        let none: [UInt8] = []
        #expect(block.replace(with: none.span.bytes) && block.bytes.isEmpty)
    }

    @Test("A filler writes through a raw buffer; one that throws leaves the block empty")
    func fill() {
        struct Refusal: Error {}
        var block = OwnedBytes(capacity: 8)
        block.fill { buffer in
            buffer.copyBytes(from: [9, 8, 7])
            return 3
        }
        #expect(block.count == 3 && block.bytes.unsafeLoad(fromByteOffset: 1, as: UInt8.self) == 8)
        #expect(throws: Refusal.self) { try block.fill { _ throws(Refusal) in throw Refusal() } }
        #expect(block.count == 0)
        block.removeAll()
        #expect(block.count == 0 && block.capacity == 8)
    }
}
