import RTPMedia
import TestSupport

// Both resamplers between the rates of the wire and of agents: what 20 ms cost, and what becomes of tones.

private let pairs = [(8, 16), (16, 8), (8, 24), (24, 8), (8, 48), (48, 8), (16, 48), (48, 16)]

/// `media.resample.*`: our own resampler, and libspeexdsp's under `media.resample.speex.*`.
let resamplerSuite = Suite(name: "media.resample") {
    try pairs.map { rates in
        try measureResampler("media.resample.\(name(rates))", "our own", rates) {
            try PolyphaseResampler(from: rates.0 * 1_000, to: rates.1 * 1_000)
        }
    }
        + pairs.prefix(4).map { rates in
            try measureResampler("media.resample.speex.\(name(rates))", "libspeexdsp quality 3", rates) {
                try SpeexResampler(from: rates.0 * 1_000, to: rates.1 * 1_000)
            }
        }
}

private func name(_ rates: (Int, Int)) -> String { "\(rates.0)to\(rates.1)" }

private func measureResampler<Kind: Resampler & ~Copyable>(
    _ name: String, _ note: String, _ rates: (Int, Int), _ make: () throws -> Kind
) throws -> Measurement {
    var resampler = try make()
    let input = soundFrame(samples: rates.0 * 20)
    var output = [Int16](repeating: 0, count: resampler.outputCapacity(forInput: input.count))
    var produced = 0
    let figure = measure(name, note: "\(note), \(input.count) samples") {
        var span = output.mutableSpan
        produced = (try? resampler.resample(input.span, into: &span)) ?? 0
    }
    try BenchmarkFault.check(produced == rates.1 * 20, "\(produced) samples came out")
    return figure
}

/// `bench --resamplers`: ripple, edge, clearness, aliases and delay, measured as `resample_quality.c` among the peers does.
enum ResamplerTable {
    /// - Returns: The exit code.
    static func print() -> Int32 {
        Swift.print(
            "resampler, Hz                 ripple  at 3.4 kHz    clear  alias 4.08-4.6    above    delay"
        )
        for rates in pairs {
            let (from, to) = (rates.0 * 1_000, rates.1 * 1_000)
            show("our own  \(from) > \(to)", from, to) { try PolyphaseResampler(from: from, to: to) }
            show("speex q3 \(from) > \(to)", from, to) { try SpeexResampler(from: from, to: to) }
        }
        Swift.print(
            "ripple: dB, 0.3 to 3.4 kHz of 4; clear: tone over all else, dB, the worst; alias: dB, the most that is left"
        )
        return 0
    }

    private static func show<Kind: Resampler & ~Copyable>(
        _ title: String, _ from: Int, _ to: Int, _ make: () throws -> Kind
    ) {
        guard let worst = try? figures(from, to, make) else { return Swift.print("\(title): not available") }
        func cell(_ value: Double?, _ width: Int, _ digits: Int) -> String {
            let text = value.map { fixed($0, digits) } ?? "-"
            return String(repeating: " ", count: max(1, width - text.count)) + text
        }
        Swift.print(
            title + String(repeating: " ", count: max(1, 27 - title.count)) + cell(worst.ripple, 9, 4)
                + cell(worst.edgeGain, 12, 3) + cell(worst.clearness, 9, 1) + cell(worst.nearAlias, 16, 1)
                + cell(worst.farAlias, 9, 1) + cell(worst.delay, 9, 2))
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        return "\((value * scale).rounded() / scale)"
    }

    private static func figures<Kind: Resampler & ~Copyable>(
        _ from: Int, _ to: Int, _ make: () throws -> Kind
    ) throws -> ResamplerQuality.Figures {
        var resampler = try make()
        // Tones follow one another; each has half a second to settle in.
        return withUnsafeMutablePointer(to: &resampler) { resampler in
            ResamplerQuality(from: from, to: to) { chunk in
                var output = [Int16](
                    repeating: 0, count: resampler.pointee.outputCapacity(forInput: chunk.count))
                var span = output.mutableSpan
                let count = (try? resampler.pointee.resample(chunk.span, into: &span)) ?? 0
                return Array(output.prefix(count))
            }.figures()
        }
    }
}
