/// A tone with its cadence: what an exchange, an answering machine or a keypad sounds like.
public struct Tone: Hashable, Sendable {
    /// One stretch of a cadence: up to two frequencies at once, or silence.
    public struct Segment: Hashable, Sendable {
        /// In hertz; 0 for silence.
        public var first: Double
        /// In hertz; 0 for none.
        public var second: Double
        /// `nil` lasts for ever.
        public var duration: Duration?

        public init(_ first: Double, _ second: Double = 0, for duration: Duration?) {
            self.first = first
            self.second = second
            self.duration = duration
        }

        public static func silence(for duration: Duration) -> Segment { Segment(0, for: duration) }
    }

    public var segments: [Segment]
    /// Whether the first segment follows the last.
    public var repeats: Bool

    public init(_ segments: [Segment], repeats: Bool) {
        self.segments = segments
        self.repeats = repeats
    }

    /// Length of one pass; `nil` when it has no end.
    public var duration: Duration? {
        var sum = Duration.zero
        for segment in segments {
            guard let duration = segment.duration else { return nil }
            sum += duration
        }
        return sum
    }

    /// North American ringback: 440 + 480 Hz, 2 s on, 4 s off.
    public static let ringback = Tone(
        [Segment(440, 480, for: .seconds(2)), .silence(for: .seconds(4))], repeats: true)

    /// North American busy: 480 + 620 Hz, 0.5 s on, 0.5 s off.
    public static let busy = Tone(
        [Segment(480, 620, for: .milliseconds(500)), .silence(for: .milliseconds(500))], repeats: true)

    /// North American reorder (congestion): 480 + 620 Hz, 0.25 s on, 0.25 s off.
    public static let reorder = Tone(
        [Segment(480, 620, for: .milliseconds(250)), .silence(for: .milliseconds(250))], repeats: true)

    /// Special information tone: 950, 1,400 and 1,800 Hz, 330 ms each (ITU-T E.180 §8).
    public static let specialInformation = Tone(
        [
            Segment(950, for: .milliseconds(330)), Segment(1_400, for: .milliseconds(330)),
            Segment(1_800, for: .milliseconds(330)),
        ], repeats: false)

    /// One beep.
    public static func beep(hertz: Double, for duration: Duration) -> Tone {
        Tone([Segment(hertz, for: duration)], repeats: false)
    }

    /// One telephone key (ITU-T Q.23): `0`...`9`, `*`, `#`, `A`...`D`.
    ///
    /// - Returns: `nil` for another character.
    public static func digit(_ key: Character, for duration: Duration = .milliseconds(100)) -> Tone? {
        let rows = ["123A", "456B", "789C", "*0#D"]
        let low: [Double] = [697, 770, 852, 941]
        let high: [Double] = [1_209, 1_336, 1_477, 1_633]
        for (row, keys) in rows.enumerated() {
            for (column, candidate) in keys.enumerated() where candidate == key {
                return Tone([Segment(low[row], high[column], for: duration)], repeats: false)
            }
        }
        return nil
    }
}
