private import CSpeexDSP

/// Sole owner of one libspeexdsp resampler.
///
/// The filter's state is kept from chunk to chunk: a stream cut into any chunks gives the same samples.
public struct SpeexResampler: Resampler, ~Copyable {
    public enum Failure: Error, Hashable, Sendable {
        /// A rate outside 1...768,000 Hz.
        case unsupportedRate(hertz: Int)
        /// A quality outside 0...10.
        case unsupportedQuality(Int)
        /// libspeexdsp's own code.
        case library(code: Int32)
    }

    /// What becomes of the filter's delay at the start of a stream.
    public enum Start: Hashable, Sendable {
        /// The first samples are the delay's silence, so that each frame in gives a frame out. For live audio.
        case delayed
        /// The delay is skipped: the first chunk gives fewer samples and the output is aligned with the input. For files.
        case aligned
    }

    private let state: OpaquePointer
    public let inputRate: Int
    public let outputRate: Int

    /// - Parameters:
    ///   - inputRate: Source rate in hertz.
    ///   - outputRate: Target rate in hertz; any ratio of whole numbers, up or down.
    ///   - quality: libspeexdsp quality, `0...10`.
    public init(
        from inputRate: Int, to outputRate: Int, quality: Int = 3, start: Start = .delayed
    ) throws(Failure) {
        for rate in [inputRate, outputRate] where !(1...768_000).contains(rate) {
            throw .unsupportedRate(hertz: rate)
        }
        guard (0...10).contains(quality) else { throw .unsupportedQuality(quality) }
        var code: Int32 = 0
        let created = speex_resampler_init(1, UInt32(inputRate), UInt32(outputRate), Int32(quality), &code)
        guard let created, code == 0 else { throw .library(code: code) }
        if start == .aligned { speex_resampler_skip_zeros(created) }
        state = created
        self.inputRate = inputRate
        self.outputRate = outputRate
    }

    deinit { speex_resampler_destroy(state) }

    /// Delay of the filter in samples of the output, when it started `delayed`.
    public var latencySamples: Int { Int(speex_resampler_get_output_latency(state)) }

    /// Room that `count` input samples need in the output.
    public func outputCapacity(forInput count: Int) -> Int {
        (count * outputRate + inputRate - 1) / inputRate + 1
    }

    /// Converts mono 16-bit samples.
    ///
    /// - Parameter output: Large enough for all of `input`, see ``outputCapacity(forInput:)``; input that does not
    ///   fit is lost.
    /// - Returns: Samples written.
    @discardableResult
    public mutating func resample(
        _ input: Span<Int16>, into output: inout MutableSpan<Int16>
    ) throws(Failure) -> Int {
        var consumed = UInt32(clamping: input.count)
        var produced = UInt32(clamping: output.count)
        guard consumed > 0, produced > 0 else { return 0 }
        let state = state
        let code = input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                speex_resampler_process_int(
                    state, 0, input.baseAddress, &consumed, output.baseAddress, &produced)
            }
        }
        guard code == 0 else { throw .library(code: code) }
        return Int(produced)
    }

    /// Converts mono 16-bit samples, replacing the contents of `output`.
    public mutating func resample(_ input: Span<Int16>, into output: inout [Int16]) throws(Failure) {
        let capacity = outputCapacity(forInput: input.count)
        output.removeAll(keepingCapacity: true)
        output.append(contentsOf: repeatElement(0, count: capacity))
        var span = output.mutableSpan
        let produced = try resample(input, into: &span)
        output.removeLast(capacity - produced)
    }

    /// Forgets the stream so far.
    public mutating func reset() { speex_resampler_reset_mem(state) }
}
