/// Converts a stream of mono 16-bit samples to another rate: the seam between the wire's rate and the agent's.
///
/// The filter's state is kept from chunk to chunk. On the loop of the engine; nothing allocates per chunk.
public protocol Resampler: ~Copyable {
    associatedtype Failure: Error

    /// In hertz.
    var inputRate: Int { get }
    var outputRate: Int { get }

    /// Delay of the filter in samples of the output.
    var latencySamples: Int { get }

    /// Room that `count` input samples need in the output.
    func outputCapacity(forInput count: Int) -> Int

    /// Converts a chunk of any length.
    ///
    /// - Parameter output: Large enough for all of `input`, see ``outputCapacity(forInput:)``; input that does not
    ///   fit is lost.
    /// - Returns: Samples written.
    mutating func resample(
        _ input: Span<Int16>, into output: inout MutableSpan<Int16>
    ) throws(Failure) -> Int

    /// Forgets the stream so far.
    mutating func reset()
}
