private import CSpeexDSP

/// Sole owner of one libspeexdsp preprocessor: noise suppression of mono 16-bit frames of 20 ms.
public struct SpeexPreprocessor: ~Copyable {
    private let state: OpaquePointer
    /// Samples of a frame.
    public let frameSamples: Int

    /// - Parameters:
    ///   - rateHertz: 8,000...48,000, a multiple of 50.
    ///   - noiseSuppressionDecibels: By how much noise is lowered at most, 0...60; more takes from the voice.
    ///   - echoCanceller: Suppresses what it has left of the echo, too; it has to live longer than this does.
    public init(
        rateHertz: Int, noiseSuppressionDecibels: Int, echoCanceller: borrowing SpeexEchoCanceller
    ) throws(AudioLegError) {
        try self.init(rateHertz: rateHertz, noiseSuppressionDecibels: noiseSuppressionDecibels)
        speex_preprocess_ctl(
            state, SPEEX_PREPROCESS_SET_ECHO_STATE, UnsafeMutableRawPointer(echoCanceller.state))
    }

    public init(rateHertz: Int, noiseSuppressionDecibels: Int) throws(AudioLegError) {
        guard (8_000...48_000).contains(rateHertz), rateHertz % 50 == 0 else {
            throw .unsupportedRate(hertz: rateHertz)
        }
        guard let created = speex_preprocess_state_init(Int32(rateHertz / 50), Int32(rateHertz)) else {
            throw .library(code: 0)
        }
        state = created
        frameSamples = rateHertz / 50
        var denoise: Int32 = noiseSuppressionDecibels > 0 ? 1 : 0
        var attenuation = -Int32(max(0, min(60, noiseSuppressionDecibels)))
        speex_preprocess_ctl(created, SPEEX_PREPROCESS_SET_DENOISE, &denoise)
        speex_preprocess_ctl(created, SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, &attenuation)
    }

    deinit { speex_preprocess_state_destroy(state) }

    /// Changes a frame of ``frameSamples`` in place; a frame of another length is left alone.
    public mutating func process(_ frame: inout MutableSpan<Int16>) {
        guard frame.count == frameSamples else { return }
        let state = state
        frame.withUnsafeMutableBufferPointer { frame in
            _ = speex_preprocess_run(state, frame.baseAddress)
        }
    }
}
