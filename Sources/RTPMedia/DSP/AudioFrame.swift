/// The 20 ms frame in which audio moves through the library.
public enum AudioFrame {
    public static let duration = Duration.milliseconds(20)
    /// Sample rate on the wire, in hertz.
    public static let narrowRateHertz = 8_000
    /// Samples of a frame on the wire.
    public static let narrowSamples = 160
    /// Rates at which frames are handed to agents, in hertz.
    public static let supportedRatesHertz = [8_000, 16_000, 24_000, 48_000]

    /// Samples of one frame.
    ///
    /// - Parameter rateHertz: A multiple of 50.
    @inlinable public static func samples(atHertz rateHertz: Int) -> Int { rateHertz / 50 }
}
