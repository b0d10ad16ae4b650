internal import RTPMedia

/// Frames of 20 ms from one rate to another; the filter runs on from frame to frame. Nothing is allocated for a frame.
final class RateConverter {
    private var resampler: AudioResampler

    /// - Returns: `nil` when the rates are the same.
    static func make(from input: Int, to output: Int) throws(CallError) -> RateConverter? {
        guard input != output else { return nil }
        return try RateConverter(from: input, to: output)
    }

    private init(from input: Int, to output: Int) throws(CallError) {
        do {
            resampler = try AudioResampler(from: input, to: output)
        } catch {
            throw CallError(.invalidRequest, "no conversion from \(input) to \(output) Hz")
        }
    }

    /// Overwrites `output`, a frame of the other rate.
    func convert(_ frame: [Int16], into output: inout [Int16]) {
        Self.convert(frame, with: &resampler, into: &output)
    }

    private static func convert(
        _ frame: [Int16], with resampler: inout AudioResampler, into output: inout [Int16]
    ) {
        var span = output.mutableSpan
        let count = (try? resampler.resample(frame.span, into: &span)) ?? 0
        // A fraction of a sample at most, and only at odd ratios.
        for index in count..<span.count { span[index] = count > 0 ? span[count - 1] : 0 }
    }
}

extension [Int16] {
    /// Takes over the samples of another frame, as far as both go.
    mutating func copy(_ frame: [Int16]) {
        let frame = frame.span
        var own = mutableSpan
        for index in 0..<Swift.min(own.count, frame.count) { own[index] = frame[index] }
    }
}
