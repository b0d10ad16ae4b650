import Foundation
@testable import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("Resampling by 2, 3 and 6 with filters of our own")
struct PolyphaseResamplerTests {
    static let rates = [
        (8_000, 16_000), (16_000, 8_000), (8_000, 24_000), (24_000, 8_000), (8_000, 48_000), (48_000, 8_000),
        (16_000, 48_000), (48_000, 16_000), (24_000, 48_000),
    ]

    private func resample(_ resampler: inout PolyphaseResampler, _ input: [Int16]) -> [Int16] {
        var output = [Int16](repeating: 0, count: resampler.outputCapacity(forInput: input.count) + 1)
        var span = output.mutableSpan
        let count = resampler.resample(input.span, into: &span)
        return Array(output.prefix(count))
    }

    private func noise(_ count: Int, seed: UInt64) -> [Int16] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Int16(truncatingIfNeeded: generator.next()) }
    }

    @Test("Each frame of 20 ms gives a frame of 20 ms, from the first on", arguments: rates)
    func frames(from: Int, to: Int) throws {
        var resampler = try PolyphaseResampler(from: from, to: to)
        for frame in 0..<3 {
            #expect(resample(&resampler, noise(from / 50, seed: UInt64(frame))).count == to / 50)
        }
    }

    @Test("Any cut of a stream into chunks gives the same samples", arguments: rates)
    func chunks(from: Int, to: Int) throws {
        let input = noise(1_800, seed: 3) + [Int16](repeating: 0, count: 700) + noise(900, seed: 4)
        var whole = try PolyphaseResampler(from: from, to: to)
        let expected = resample(&whole, input)
        #expect(expected.count == input.count * to / from)
        var cut = try PolyphaseResampler(from: from, to: to)
        var generator = SeededGenerator(seed: 9)
        var heard: [Int16] = []
        var position = 0
        while position < input.count {
            let size = min([1, 2, 5, 7, 31, 160, 333][Int(generator.next() % 7)], input.count - position)
            heard += resample(&cut, Array(input[position..<position + size]))
            position += size
            #expect(heard.count == position * to / from)
        }
        #expect(heard == expected)
    }

    @Test("Vectors and single samples give the same, the loudest noise included", arguments: [2, 3, 6])
    func kernels(factor: Int) throws {
        let filter = try #require(PolyphaseFilter.filter(factor: factor))
        let width = 48 + 64
        var generator = SeededGenerator(seed: 5)
        let samples = (0..<width * factor).map { _ in
            [Int16.min, .max, 0, Int16(truncatingIfNeeded: generator.next())][Int(generator.next() % 4)]
        }
        for (rows, count) in [(1, 64), (factor, 64), (factor, 33), (1, 5), (factor, 1)] {
            var outputs = [[Int16]](repeating: [Int16](repeating: 77, count: 200), count: 2)
            for vector in [0, 1] {
                samples.withUnsafeBufferPointer { samples in
                    outputs[vector].withUnsafeMutableBufferPointer { output in
                        guard let from = samples.baseAddress, let to = output.baseAddress else { return }
                        let job = PolyphaseKernel.Job(
                            samples: from, rowWidth: width, rows: rows, filter: filter, phase: factor - 1,
                            gain: Float(1.3 / PolyphaseFilter.scale / Double(rows)), output: to, stride: 2,
                            count: count)
                        if vector == 1 {
                            PolyphaseKernel.vector(job)
                        } else {
                            PolyphaseKernel.scalar(job)
                        }
                    }
                }
            }
            #expect(outputs[0] == outputs[1])
            #expect(outputs[0][2 * count - 1] == 77, "nothing is written between or behind the places")
        }
    }

    @Test("No samples that a far end may choose overflow a sum", arguments: [2, 3, 6])
    func headroom(factor: Int) throws {
        let filter = try #require(PolyphaseFilter.filter(factor: factor))
        for phase in 0..<factor {
            let taps = (0..<48).map { Int(filter.taps[phase * 48 + $0]) }
            #expect(taps.reduce(0) { $0 + abs($1) } * 32_768 < Int(Int32.max))
            #expect(abs(taps.reduce(0, +) - 27_999) <= 6, "all phases are as loud")
        }
    }

    /// Response at a frequency of 4,000 Hz times `position`, in decibels, from the taps alone.
    private func response(_ filter: PolyphaseFilter, at position: Double) -> Double {
        var (re, im) = (0.0, 0.0)
        for phase in 0..<filter.factor {
            for tap in 0..<48 {
                let place = (47 - tap) * filter.factor + phase
                let angle = Double.pi * position * Double(place) / Double(filter.factor)
                re += Double(filter.taps[phase * 48 + tap]) * cos(angle)
                im += Double(filter.taps[phase * 48 + tap]) * sin(angle)
            }
        }
        return 20 * log10((re * re + im * im).squareRoot() / (27_999 * Double(filter.factor)))
    }

    @Test("The band of speech is flat, images and aliases are 80 dB down", arguments: [2, 3, 6])
    func filter(factor: Int) throws {
        let filter = try #require(PolyphaseFilter.filter(factor: factor))
        let band = stride(from: 0.075, through: 0.85, by: 0.005).map { response(filter, at: $0) }
        #expect((band.max() ?? 1) - (band.min() ?? 0) < 0.01)
        let stop = stride(from: 1.15, through: Double(factor), by: 0.004).map { response(filter, at: $0) }
        #expect((stop.max() ?? 0) < -80)
        let near = stride(from: 1.02, through: 1.15, by: 0.004).map { response(filter, at: $0) }
        #expect((near.max() ?? 0) < -31)
    }

    @Test("A tone comes out as loud and as clear as it went in, after 3 ms", arguments: rates.prefix(4))
    func tones(from: Int, to: Int) throws {
        func quality() throws -> ResamplerQuality {
            var resampler = try PolyphaseResampler(from: from, to: to)
            return ResamplerQuality(from: from, to: to) { self.resample(&resampler, $0) }
        }
        for hertz in [500.0, 3_353] {
            let tone = try quality().tone(hertz, seconds: 0.25)
            #expect(abs(tone.gain) < 0.02)
            #expect(tone.clearness > 75)
        }
        #expect(abs(try quality().delay() - 3) < 0.15)
    }

    @Test("What overshoots is held at full scale")
    func clipping() throws {
        var resampler = try PolyphaseResampler(from: 8_000, to: 16_000)
        let square = (0..<400).map { $0 / 20 % 2 == 0 ? Int16.max : .min }
        let heard = resample(&resampler, square)
        #expect(heard.contains(.max) && heard.contains(.min))
    }

    @Test("Input that does not fit is lost, and the stream goes on")
    func room() throws {
        var resampler = try PolyphaseResampler(from: 24_000, to: 8_000)
        var output = [Int16](repeating: 0, count: 10)
        var span = output.mutableSpan
        #expect(resampler.resample(noise(480, seed: 1).span, into: &span) == 10)
        #expect(resample(&resampler, noise(30, seed: 2)).count == 10)
        resampler.reset()
        #expect(resample(&resampler, [1, 2]).isEmpty)
        #expect(resample(&resampler, [3]).count == 1)
    }

    @Test(
        "Rates without a filter are refused",
        arguments: [(8_000, 8_000), (16_000, 24_000), (0, 8_000), (8_000, 32_000)])
    func refused(from: Int, to: Int) {
        #expect(throws: PolyphaseResampler.Unsupported.rates(input: from, output: to)) {
            _ = try PolyphaseResampler(from: from, to: to)
        }
    }
}
