/// Remembers what the line sounds like while nobody talks: the quietest frame of every second.
///
/// A second of steady talk has no such frame; therefore the level rises by at most 6 dB a second, and never
/// above ``ceiling``. Steady sound above that is no noise of a line. Digital silence is remembered as silence.
struct NoiseMemory: Sendable {
    /// Mean square of -40 dB from the overload point.
    static let ceiling = 107_374.0
    private static let blockFrames = 50

    private let capacity: Int
    private var candidate: [Int16]
    private var candidateCount = 0
    private var candidateEnergy = Double.infinity
    private var loudest = 0.0
    private var learnt: [Int16]
    private var learntCount = 0
    private var learntEnergy = 0.0
    private var frames = 0

    init(rateHertz: Int) {
        capacity = rateHertz / 50
        candidate = [Int16](repeating: 0, count: capacity)
        learnt = candidate
    }

    mutating func hear(_ frame: Span<Int16>) {
        guard frame.count >= capacity / 4 else { return }
        let energy = Mixer.meanSquare(frame)
        if energy < candidateEnergy {
            candidateEnergy = energy
            candidateCount = min(frame.count, capacity)
            for index in 0..<candidateCount { candidate[index] = frame[index] }
        }
        loudest = max(loudest, energy)
        frames += 1
        guard frames >= Self.blockFrames else { return }
        defer {
            candidateEnergy = .infinity
            loudest = 0
            frames = 0
        }
        guard candidateEnergy <= Self.ceiling || loudest > 10 * candidateEnergy else { return }
        let limit = learntCount == 0 ? Self.ceiling : min(Self.ceiling, max(learntEnergy, 16) * 4)
        learntEnergy = min(candidateEnergy, limit)
        learntCount = candidateCount
        swap(&candidate, &learnt)
    }

    /// What is known of the noise; `nil` when that is nothing, or silence.
    var noise: ComfortNoise? {
        guard learntEnergy >= 1 else { return nil }
        let model = LinearPrediction.model(of: learnt.span.extracting(0..<learntCount))
        // The quietest of fifty frames lies below the mean of steady noise by about 2 dB.
        return ComfortNoise(
            meanSquare: min(learntEnergy * 1.5, Self.ceiling), reflection: model.reflection)
    }
}
