private import CSpeexDSP

/// Sole owner of one libspeexdsp echo canceller: takes what we have sent out of what comes back.
public struct SpeexEchoCanceller: ~Copyable {
    let state: OpaquePointer
    private let output: UnsafeMutablePointer<Int16>
    /// Samples of a frame.
    public let frameSamples: Int

    /// - Parameters:
    ///   - rateHertz: 8,000...48,000, a multiple of 50.
    ///   - tail: How long the echo may be, 20...500 ms: longer takes more time to learn.
    public init(rateHertz: Int, tail: Duration) throws(AudioLegError) {
        guard (8_000...48_000).contains(rateHertz), rateHertz % 50 == 0 else {
            throw .unsupportedRate(hertz: rateHertz)
        }
        let samples = rateHertz / 50
        let milliseconds = max(20, min(500, Int(tail / .milliseconds(1))))
        guard
            let created = speex_echo_state_init(
                Int32(samples), Int32(rateHertz / 1_000 * milliseconds))
        else { throw .library(code: 0) }
        state = created
        frameSamples = samples
        output = .allocate(capacity: samples)
        output.initialize(repeating: 0, count: samples)
        var rate = Int32(rateHertz)
        speex_echo_ctl(created, SPEEX_ECHO_SET_SAMPLING_RATE, &rate)
    }

    deinit {
        speex_echo_state_destroy(state)
        output.deallocate()
    }

    /// Takes the echo of `reference` out of `frame`; both have ``frameSamples``, else nothing is done.
    public mutating func cancel(_ frame: inout MutableSpan<Int16>, reference: Span<Int16>) {
        guard frame.count == frameSamples, reference.count == frameSamples else { return }
        let (state, output) = (state, output)
        frame.withUnsafeMutableBufferPointer { frame in
            reference.withUnsafeBufferPointer { reference in
                guard let base = frame.baseAddress, let played = reference.baseAddress else { return }
                speex_echo_cancellation(state, base, played, output)
                base.update(from: output, count: frame.count)
            }
        }
    }

    /// Forgets the path learnt so far.
    public mutating func reset() { speex_echo_state_reset(state) }
}
