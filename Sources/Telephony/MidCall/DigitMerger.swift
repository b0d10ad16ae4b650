internal import SansIO

/// Tells each key once, although a gateway may pass it on in several ways: as a telephone event, in the sound, in an INFO.
struct DigitMerger: Sendable {
    enum Way: UInt8, Sendable { case event = 1, sound = 2, info = 4 }

    /// Copies that come farther apart are two keys.
    static let window = Duration.seconds(1)
    private static let capacity = 32

    private struct Press {
        var digit: Character
        var at: MonotonicInstant
        /// The ways in which it has come.
        var ways: UInt8
    }

    private var presses: [Press] = []

    /// - Returns: Whether the key has not been told yet: no press of it within ``window`` that came in other ways alone.
    mutating func isNew(_ digit: Character, by way: Way, at now: MonotonicInstant) -> Bool {
        presses.removeAll { $0.at.duration(to: now) > Self.window }
        for index in presses.indices
        where presses[index].digit == digit && presses[index].ways & way.rawValue == 0 {
            presses[index].ways |= way.rawValue
            return false
        }
        if presses.count == Self.capacity { presses.removeFirst() }
        presses.append(Press(digit: digit, at: now, ways: way.rawValue))
        return true
    }
}
