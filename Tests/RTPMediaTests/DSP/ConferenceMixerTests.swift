import RTPMedia
import TestSupport
import Testing

@Suite("Conference mixer")
struct ConferenceMixerTests {
    private func frame(_ value: Int16) -> [Int16] { [Int16](repeating: value, count: 160) }

    private func mix(_ mixer: inout ConferenceMixer, for slot: Int?, hearing named: [Int] = []) -> [Int16] {
        var heard = [Int16](repeating: 9, count: 160)
        var span = heard.mutableSpan
        mixer.mix(for: slot, hearing: named, into: &span)
        return heard
    }

    @Test("Each of any number of parties hears exactly the others", arguments: [1, 2, 3, 7, 30])
    func others(count: Int) {
        var mixer = ConferenceMixer(frameSamples: 160, slots: count)
        for round in 1...3 {
            mixer.begin()
            for slot in 0..<count { mixer.add(frame(Int16(round * (slot + 1))).span, as: slot) }
            let all = round * count * (count + 1) / 2
            for slot in 0..<count {
                #expect(mix(&mixer, for: slot) == frame(Int16(all - round * (slot + 1))))
            }
            #expect(mix(&mixer, for: nil) == frame(Int16(all)), "a recorder hears everybody")
        }
    }

    @Test("A party that says nothing in a frame still hears, and nothing of the frame before is left")
    func silence() {
        var mixer = ConferenceMixer(frameSamples: 160, slots: 3)
        mixer.begin()
        for slot in 0..<3 { mixer.add(frame(1_000).span, as: slot) }
        mixer.begin()
        mixer.add(frame(5).span, as: 1)
        #expect(mix(&mixer, for: 0) == frame(5))
        #expect(mix(&mixer, for: 1) == frame(0))
    }

    @Test("Whoever speaks to named listeners is heard by them alone")
    func named() {
        var mixer = ConferenceMixer(frameSamples: 160, slots: 4)
        mixer.begin()
        mixer.add(frame(100).span, as: 0)
        mixer.add(frame(20).span, as: 1)
        mixer.add(frame(3).span, as: 2, reach: .named)
        #expect(mix(&mixer, for: 0) == frame(20))
        #expect(mix(&mixer, for: 1, hearing: [2]) == frame(103))
        #expect(mix(&mixer, for: 2, hearing: [2]) == frame(120), "nobody hears itself")
        #expect(mix(&mixer, for: 3, hearing: [0, 1]) == frame(120), "those heard by all are heard once")
        var only = frame(9)
        var span = only.mutableSpan
        mixer.mix(only: [1, 2], into: &span)
        #expect(only == frame(23))
    }

    @Test("A hundred parties at full scale neither wrap nor reach a hard edge")
    func saturation() {
        var mixer = ConferenceMixer(frameSamples: 160, slots: 100)
        for sign in [Int16.max, Int16.min] {
            mixer.begin()
            for slot in 0..<100 { mixer.add(frame(sign).span, as: slot) }
            let heard = mix(&mixer, for: 0)[0]
            #expect(heard.magnitude > 32_700 && heard.magnitude <= 32_767)
            #expect((heard > 0) == (sign > 0))
        }
    }

    private static let gains: [(decibels: Double, sample: Int16, heard: Int16)] = [
        (0, 1_000, 1_000), (6.0206, 1_000, 2_000), (-6.0206, 1_000, 500), (-6.0206, -1_000, -500),
        (20, 10_000, 31_964), (-100, 10_000, 0), (99, -1, -16),
    ]

    @Test("A gain is exact, and what is too loud for it bends before the edge", arguments: gains)
    func gain(decibels: Double, sample: Int16, heard: Int16) {
        var mixer = ConferenceMixer(frameSamples: 160, slots: 2)
        mixer.begin()
        mixer.add(frame(sample).span, as: 0, gain: Mixer.gain(decibels: decibels))
        #expect(mix(&mixer, for: 1) == frame(SoftLimiter.limited(Int32(heard))))
    }

    @Test("A mixer that grows keeps its frame")
    func grows() {
        var mixer = ConferenceMixer(frameSamples: 160, slots: 1)
        mixer.begin()
        mixer.add(frame(4).span, as: 0)
        mixer.grow(to: 3)
        mixer.add(frame(5).span, as: 2)
        #expect(mix(&mixer, for: 1) == frame(9))
        #expect(mix(&mixer, for: 0) == frame(5))
    }
}
