private import SansIO

/// Plays telephone keys as sound (ITU-T Q.23), at any rate, into frames of any size: for far ends that take no
/// telephone events.
///
/// The low tone is played at -9 dBm0 and the high one at -7 dBm0; each key swells and ends within 5 ms, without a click.
public struct DTMFGenerator: Sendable {
    private enum Item: Hashable, Sendable {
        case key(Int)
        case pause
    }

    /// Keys and pauses that can be queued.
    public static let capacity = 256

    private let rateHertz: Int
    private let lowAmplitude: Double
    private let highAmplitude: Double
    private let keySamples: Int
    private let gapSamples: Int
    private let rampSamples: Int
    private var queue: [Item] = []
    private var low = Oscillator(hertz: 0, rateHertz: 8_000)
    private var high = Oscillator(hertz: 0, rateHertz: 8_000)
    /// Samples of the key that is being played; equal to ``keySamples`` when none is.
    private var played: Int
    /// Samples until the next key may begin.
    private var wait = 0
    /// Whether ``wait`` is a pause that was asked for.
    private var isPausing = false

    /// - Parameters:
    ///   - duration: How long each key is held, 40 ms or more.
    ///   - gap: Silence between two keys, 40 ms or more.
    public init(
        rateHertz: Int = 8_000, duration: Duration = .milliseconds(100), gap: Duration = .milliseconds(100),
        low: AudioLevel = .dBm0(-9), high: AudioLevel = .dBm0(-7)
    ) {
        self.rateHertz = rateHertz
        func samples(_ duration: Duration) -> Int {
            Int(max(0.04, min(10, duration.inSeconds)) * Double(rateHertz))
        }
        keySamples = samples(duration)
        gapSamples = samples(gap)
        rampSamples = rateHertz / 200
        played = keySamples
        lowAmplitude = low.amplitude
        highAmplitude = high.amplitude
        queue.reserveCapacity(16)
    }

    /// Queues keys; `W` or `w` is a pause of 500 ms, lower-case letters count as capitals, other characters are ignored.
    ///
    /// - Returns: False, queueing nothing, when they do not all fit.
    public mutating func send(_ digits: String) -> Bool {
        var items: [Item] = []
        for character in digits {
            let character: Character = character.isLowercase ? Character(character.uppercased()) : character
            if character == "W" {
                items.append(.pause)
            } else if let key = DTMFDetector.keys.firstIndex(of: character) {
                items.append(.key(key))
            }
        }
        guard queue.count + items.count <= Self.capacity else { return false }
        queue.append(contentsOf: items)
        return true
    }

    /// Whether the next sample belongs to a key, or to the gap before the next one. Pauses that were asked for do not count.
    public var isSendingKeys: Bool {
        if played < keySamples { return true }
        guard case .key = queue.first else { return false }
        return !isPausing
    }

    /// Whether everything has been played, the gap after the last key included.
    public var isIdle: Bool { queue.isEmpty && played >= keySamples && wait == 0 }

    /// Drops what has not begun.
    public mutating func cancel() { queue.removeAll(keepingCapacity: true) }

    /// Puts the keys into `samples` in the place of what is there; leaves them alone during pauses and when nothing is queued.
    ///
    /// - Returns: Whether some of it is a key.
    @discardableResult
    public mutating func fill(_ samples: inout MutableSpan<Int16>) -> Bool {
        guard !isIdle else { return false }
        let sines = Sine.table
        let table = sines.span
        var hasKey = false
        for index in 0..<samples.count {
            if played >= keySamples {
                if wait > 0 {
                    wait -= 1
                    if isSendingKeys { samples[index] = 0 }
                    continue
                }
                isPausing = false
                guard beginNext() else { continue }
            }
            samples[index] = next(table)
            hasKey = true
        }
        return hasKey
    }

    /// - Returns: Whether a key begins.
    private mutating func beginNext() -> Bool {
        guard !queue.isEmpty else { return false }
        switch queue.removeFirst() {
        case .pause:
            wait = rateHertz / 2
            isPausing = true
            return false
        case .key(let key):
            low = Oscillator(hertz: DTMFDetector.frequencies[key / 4], rateHertz: rateHertz)
            high = Oscillator(hertz: DTMFDetector.frequencies[4 + key % 4], rateHertz: rateHertz)
            played = 0
            return true
        }
    }

    private mutating func next(_ table: Span<Int32>) -> Int16 {
        let value =
            (Double(low.next(table)) * lowAmplitude + Double(high.next(table)) * highAmplitude) / 32_767
        let edge = min(played, keySamples - 1 - played)
        played += 1
        if played == keySamples { wait = gapSamples }
        guard edge < rampSamples else { return Int16(clamping: Int(value.rounded())) }
        // A quarter turn of a raised cosine, from the table of sines.
        let turn = Double(table[(edge * 2 + 1) * 512 / rampSamples]) / 32_767
        return Int16(clamping: Int((value * turn * turn).rounded()))
    }
}
