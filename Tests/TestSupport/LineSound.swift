private import Foundation
public import RTPMedia
public import SansIO

/// Sounds of the line as they arrive: off by a percent, too soft or too loud, in noise, through G.711, with packets lost.
public struct LineSound: Sendable {
    /// Share of frames that are lost and sound like silence.
    public var loss = 0.0
    /// Level of the tone.
    public var level = AudioLevel.dBm0(-20)
    /// Tone over white noise.
    public var noiseDecibels = 30.0
    /// Factor of every pitch.
    public var pitch = 1.0
    /// Decibels by which the second of two pitches is softer.
    public var twist = 0.0
    /// A-law instead of µ-law.
    public var isALaw = false
    /// Silence before it, in milliseconds.
    public var start = 300

    public init() {}

    /// Anything that a detector must bear: -40...-3 dBm0, ±1 % of pitch, noise 15...30 dB below, loss up to 3 %.
    public init(using generator: inout SeededGenerator) {
        loss = [0, 0, 0.01, 0.03].randomElement(using: &generator) ?? 0
        level = .dBm0(Double.random(in: -40 ... -3, using: &generator))
        noiseDecibels = Double.random(in: 15...30, using: &generator)
        pitch = Double.random(in: 0.99...1.01, using: &generator)
        twist = Double.random(in: -3...3, using: &generator)
        isALaw = Bool.random(using: &generator)
        start = Int.random(in: 0...700, using: &generator)
    }

    /// - Parameters:
    ///   - segments: Pitches heard together and for how long in milliseconds; no pitches for silence.
    ///   - repeats: Whether the first segment follows the last.
    ///   - milliseconds: Length of the whole, the silence before it included.
    public func samples(
        _ segments: [(hertz: [Double], milliseconds: Int)], repeats: Bool, lasting milliseconds: Int,
        using generator: inout SeededGenerator
    ) -> [Int16] {
        var clean = [Double](repeating: 0, count: 8 * milliseconds)
        let power = level.meanSquare
        var position = 8 * start
        var index = 0
        while position < clean.count, index < segments.count || repeats {
            let segment = segments[index % segments.count]
            let end = min(clean.count, position + 8 * segment.milliseconds)
            add(segment.hertz, power, &clean, position..<end, &generator)
            position = end
            index += 1
        }
        return delivered(clean, power: power, using: &generator)
    }

    /// Any sound as the line delivers it: at ``level`` over its whole length, in noise, through G.711, with packets lost.
    public func samples(of sound: [Double], using generator: inout SeededGenerator) -> [Int16] {
        let power = sound.reduce(0) { $0 + $1 * $1 } / Double(max(1, sound.count))
        let factor = power > 0 ? (level.meanSquare / power).squareRoot() : 0
        return delivered(sound.map { $0 * factor }, power: level.meanSquare, using: &generator)
    }

    private func delivered(
        _ clean: [Double], power: Double, using generator: inout SeededGenerator
    ) -> [Int16] {
        let deviation = (power * Decibel.ratio(-noiseDecibels)).squareRoot()
        var samples = clean.map { value in
            // Four draws of a flat distribution are near enough to a normal one.
            var noise = -2.0
            for _ in 0..<4 { noise += Double(generator.next() >> 11) * 0x1p-53 }
            return Int16(clamping: Int((value + noise * deviation * 3.squareRoot()).rounded()))
        }
        compand(&samples)
        for frame in stride(from: 0, to: samples.count - 159, by: 160)
        where Double.random(in: 0..<1, using: &generator) < loss {
            for offset in frame..<frame + 160 { samples[offset] = 0 }
        }
        return samples
    }

    /// Through G.711 and back.
    private func compand(_ samples: inout [Int16]) {
        var payload = [UInt8](repeating: 0, count: samples.count)
        var span = payload.mutableSpan
        var bytes = span.mutableBytes
        if isALaw {
            _ = ALawCodec().encode(samples.span, into: &bytes)
        } else {
            _ = MuLawCodec().encode(samples.span, into: &bytes)
        }
        var decoded = samples.mutableSpan
        if isALaw {
            _ = ALawCodec().decode(payload.span.bytes, into: &decoded)
        } else {
            _ = MuLawCodec().decode(payload.span.bytes, into: &decoded)
        }
    }

    private func add(
        _ pitches: [Double], _ power: Double, _ samples: inout [Double], _ range: Range<Int>,
        _ generator: inout SeededGenerator
    ) {
        let ratios = pitches.count > 1 ? [1, Decibel.ratio(-twist)] : [1]
        let whole = ratios.reduce(0, +)
        for (hertz, ratio) in zip(pitches, ratios) {
            let amplitude = (2 * power * ratio / whole).squareRoot()
            let step = hertz * pitch / 8_000
            var phase = Double.random(in: 0..<1, using: &generator)
            for index in range {
                samples[index] += amplitude * sin(2 * .pi * phase)
                phase += step
            }
        }
    }
}

private enum Decibel {
    static func ratio(_ decibels: Double) -> Double {
        AudioLevel.dBFS(decibels).meanSquare / AudioLevel.dBFS(0).meanSquare
    }
}
