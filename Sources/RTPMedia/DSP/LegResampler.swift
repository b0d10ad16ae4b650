/// The resampler of a leg, from frame to frame.
struct LegResampler: ~Copyable {
    private var resampler: AudioResampler

    /// - Returns: `nil` when the rates are the same.
    static func make(
        from input: Int, to output: Int, _ configuration: AudioLeg.Configuration
    ) throws(AudioLegError) -> LegResampler? {
        guard input != output else { return nil }
        return try LegResampler(
            from: input, to: output, kind: configuration.resampler, quality: configuration.resamplerQuality)
    }

    private init(from input: Int, to output: Int, kind: ResamplerKind, quality: Int) throws(AudioLegError) {
        do throws(SpeexResampler.Failure) {
            resampler = try AudioResampler(from: input, to: output, kind: kind, quality: quality)
        } catch {
            switch error {
            case .unsupportedRate(let hertz): throw .unsupportedRate(hertz: hertz)
            case .unsupportedQuality(let quality): throw .unsupportedQuality(quality)
            case .library(let code): throw .library(code: code)
            }
        }
    }

    /// Converts a frame; what is missing at the end of `output` becomes silence.
    mutating func resample(_ input: Span<Int16>, into output: inout MutableSpan<Int16>) {
        let count = (try? resampler.resample(input, into: &output)) ?? 0
        for index in count..<output.count { output[index] = 0 }
    }
}
