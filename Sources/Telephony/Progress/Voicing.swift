/// Says whether a frame has a voice's periodicity: pulses of 70 to 400 Hz. Swelling street noise and breath have none.
enum Voicing {
    private static let decimated = 80
    /// At 4 kHz.
    private static let lags = 10...56
    private static let minimumCorrelation: Float = 0.42

    /// - Parameter frame: 160 samples at 8 kHz.
    static func isVoiced(_ frame: Span<Int16>) -> Bool {
        guard frame.count == 2 * decimated else { return false }
        var samples = InlineArray<80, Float>(repeating: 0)
        // Low-frequency noise is like itself at every lag: the difference of neighbours takes it out.
        var before: Float = 0
        for index in 0..<decimated {
            let sample = Float(frame[2 * index]) + Float(frame[2 * index + 1])
            samples[index] = sample - 0.95 * before
            before = sample
        }
        samples[0] = 0
        let span = samples.span
        for lag in lags {
            var (product, first, second): (Float, Float, Float) = (0, 0, 0)
            for index in lag..<decimated {
                let (a, b) = (span[index], span[index - lag])
                product += a * b
                first += a * a
                second += b * b
            }
            let scale = (first * second).squareRoot()
            // Few samples are alike by chance.
            let wanted = minimumCorrelation + 0.004 * Float(lag)
            if scale > 0, product > wanted * scale { return true }
        }
        return false
    }
}
