@testable import RTPMedia
import SansIO
import Testing

/// Debug builds compute one number at a time what release builds compute in vectors: to the bit the same.
@Suite("One number at a time and in vectors")
struct SingleKernelTests {
    private static let sound: [Int16] = {
        var generator = SeededGenerator(seed: 7)
        return (0..<320).map { index in
            index < 160
                ? .random(in: -32_768...32_767, using: &generator) : .random(in: -9...9, using: &generator)
        }
    }()

    private static func bits(_ vector: SIMD8<Float>) -> [UInt32] { (0..<8).map { vector[$0].bitPattern } }

    @Test("The eight frequencies of keys")
    func keys() {
        for start in stride(from: 0, through: 160, by: 40) {
            let samples = Self.sound[start..<start + 160].map(Float.init)
            let one = DTMFDetector.correlateSingly(samples.span)
            let eight = DTMFDetector.correlateVectors(samples.span)
            #expect(Self.bits(one.0) == Self.bits(eight.0))
            #expect(Self.bits(one.1) == Self.bits(eight.1))
        }
    }

    @Test("The bands of a voice, from frame to frame")
    func bands() {
        var single = VoiceBands()
        var vectors = VoiceBands()
        for start in [0, 160, 0, 3, 159] {
            let one = single.filteredSingly(Self.sound.span.extracting(start..<start + 160))
            let eight = vectors.filteredVectors(Self.sound.span.extracting(start..<start + 160))
            #expect(Self.bits(one) == Self.bits(eight))
        }
    }

    @Test("The spectrum of a tone")
    func spectrum() {
        let samples = Self.sound[80..<240].map(Float.init)
        var one = InlineArray<40, Float>(repeating: 0)
        var eight = InlineArray<40, Float>(repeating: 0)
        ToneSpectrum.measureSingly(samples.span, into: &one)
        ToneSpectrum.measureVectors(samples.span, into: &eight)
        for bin in 0..<40 { #expect(one[bin].bitPattern == eight[bin].bitPattern) }
    }
}
