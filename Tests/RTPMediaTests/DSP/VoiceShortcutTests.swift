import SansIO
import Testing

@testable import RTPMedia

@Suite("Short ways of voice activity give the same figures")
struct VoiceShortcutTests {
    private static let sound: [Int16] = {
        var generator = SeededGenerator(seed: 5)
        return (0..<1_600).map {
            Int16(truncatingIfNeeded: ($0 % 53 - 26) * 400 + Int(generator.next() % 900))
        }
    }()

    /// Long enough for what is left of the sound to fade below the least number.
    @Test("Digital silence that is not filtered leaves the bands as if it were", arguments: [1, 5, 9, 30])
    func silence(frames: Int) {
        var short = VoiceBands()
        var long = VoiceBands()
        let silence = [Int16](repeating: 0, count: 160)
        let order =
            [Self.sound] + Array(repeating: silence, count: frames) + [Self.sound, silence, Self.sound]
        for samples in order {
            for start in stride(from: 0, to: samples.count, by: 160) {
                short.process(samples.span.extracting(start..<start + 160))
                let energies = long.filteredSingly(samples.span.extracting(start..<start + 160))
                #expect(short.energy == energies.sum())
            }
        }
    }

    @Test("The energy carried from lag to lag is that of the window there")
    func periodicity() {
        var voicing = Voicing()
        for start in stride(from: 0, to: Self.sound.count, by: 160) {
            voicing.hear(Self.sound.span.extracting(start..<start + 160))
        }
        #expect(voicing.periodicity() == Self.periodicity(of: Self.sound.suffix(320)))
    }

    /// All sums of every lag.
    private static func periodicity(of last: ArraySlice<Int16>) -> Float {
        let samples = Array(last)
        var halved = (0..<160).map { (Int(samples[2 * $0]) + Int(samples[2 * $0 + 1])) / 2 }
        let loudest = halved.map(abs).max() ?? 0
        let down = max(0, Int.bitWidth - loudest.leadingZeroBitCount - 11)
        halved = halved.map { $0 >> down }
        var best: Float = 0
        for lag in 10...60 {
            var (own, product, earlier) = (0, 0, 0)
            for index in 60..<160 {
                own += halved[index] * halved[index]
                product += halved[index] * halved[index - lag]
                earlier += halved[index - lag] * halved[index - lag]
            }
            guard product > 0, earlier > 0 else { continue }
            best = max(best, Float(product) * Float(product) / (Float(own) * Float(earlier)))
        }
        return best.squareRoot()
    }
}
