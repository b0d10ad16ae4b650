/// Finds how long what we send takes to come back as an echo, from the loudness of both over time.
///
/// The network, the far end's jitter buffer and its room lie between: some hundred milliseconds that an echo canceller
/// would have to learn as silence. Loudness is compared in steps of 4 ms up to ``longest``; the delay is told once the same one
/// has stood out for ``steadyFrames``.
struct EchoDelayEstimator: Sendable {
    static let longest = Duration.milliseconds(800)
    /// Steps in ``longest``.
    private static let lags = 200
    /// Steps of a frame.
    private static let stepsPerFrame = 5
    private static let steadyFrames = 25
    /// Share of the loudness that both have in common, from which it is an echo.
    private static let likeness: Float = 0.12

    /// Steps by which the echo is behind; `nil` until it is known.
    private(set) var delaySteps: Int?

    /// Loudness of what was sent less its mean, the newest first.
    private var sent = [Float](repeating: 0, count: lags + stepsPerFrame)
    private var products = [Float](repeating: 0, count: lags)
    private var powers = [Float](repeating: 0, count: lags)
    private var receivedPower: Float = 0
    private var sentMean: Float = 0
    private var receivedMean: Float = 0
    private var candidate = -1
    private var steadiness = 0

    /// Takes a frame of what was sent and of what came in during the same 20 ms.
    mutating func hear(sent frame: Span<Int16>, received: Span<Int16>) {
        let stepSamples = frame.count / Self.stepsPerFrame
        guard stepSamples > 0, received.count == frame.count else { return }
        for step in 0..<Self.stepsPerFrame {
            let range = step * stepSamples..<(step + 1) * stepSamples
            let ours = Self.loudness(frame.extracting(range))
            let theirs = Self.loudness(received.extracting(range))
            sentMean += (ours - sentMean) * 0.004
            receivedMean += (theirs - receivedMean) * 0.004
            take(ours - sentMean, theirs - receivedMean)
        }
        choose()
    }

    /// The square root makes loud and soft parts count alike.
    private static func loudness(_ samples: Span<Int16>) -> Float {
        var sum: Int32 = 0
        for index in 0..<samples.count { sum &+= abs(Int32(samples[index])) }
        return (Float(sum) / Float(samples.count)).squareRoot()
    }

    private mutating func take(_ ours: Float, _ theirs: Float) {
        sent.withUnsafeMutableBufferPointer { sent in
            guard let base = sent.baseAddress else { return }
            (base + 1).update(from: base, count: sent.count - 1)
            base.pointee = ours
        }
        receivedPower += (theirs * theirs - receivedPower) * 0.002
        for lag in 0..<Self.lags {
            let value = sent[lag]
            products[lag] += (value * theirs - products[lag]) * 0.002
            powers[lag] += (value * value - powers[lag]) * 0.002
        }
    }

    private mutating func choose() {
        var best = -1
        var bestScore: Float = 0
        for lag in 0..<Self.lags where products[lag] > 0 {
            let scale = powers[lag] * receivedPower
            let score = scale > 1e-6 ? products[lag] * products[lag] / scale : 0
            if score > bestScore {
                bestScore = score
                best = lag
            }
        }
        guard bestScore >= Self.likeness else {
            steadiness = 0
            return
        }
        steadiness = abs(best - candidate) <= 1 ? steadiness + 1 : 0
        candidate = best
        if steadiness >= Self.steadyFrames { delaySteps = best }
    }
}
