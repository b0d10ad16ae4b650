internal import SansIO

/// The source of every choice that a scenario makes: draws from its seed and remembers them.
///
/// The list of choices *is* the scenario: replayed, it gives the same one, and a shorter or smaller list gives a
/// simpler one, which is how failures are shrunk.
public struct ChoiceSource: Sendable {
    /// One draw: a number below `bound`; 0 is always the simplest choice.
    public struct Choice: Hashable, Sendable, Codable {
        public var label: String
        public var bound: UInt64
        public var value: UInt64

        public init(label: String, bound: UInt64, value: UInt64) {
            self.label = label
            self.bound = bound
            self.value = value
        }
    }

    /// Every draw so far, in order.
    public private(set) var choices: [Choice] = []
    private let seed: UInt64
    private var generators: [String: SeededGenerator] = [:]
    private var replayed: [UInt64]?

    /// Draws from `seed`. Each label has a stream of its own, so that one more draw for one does not move the others.
    public init(seed: UInt64) { self.seed = seed }

    /// Replays values in order, each cut to its bound; when they run out, everything is 0.
    public init(replaying values: [UInt64]) {
        seed = 0
        replayed = values.reversed()
    }

    /// A number in `0..<bound`.
    ///
    /// - Parameter bound: At least 1.
    public mutating func draw(_ label: String, below bound: UInt64) -> UInt64 {
        precondition(bound > 0, "there is something to choose from")
        let value: UInt64
        if replayed != nil {
            value = min(replayed?.popLast() ?? 0, bound - 1)
        } else {
            var generator = generators[label] ?? SeededGenerator(seed: seed, label: label)
            value = generator.next(upperBound: bound)
            generators[label] = generator
        }
        choices.append(Choice(label: label, bound: bound, value: value))
        return value
    }

    /// A whole number in `range`; the simplest one is its lower bound.
    public mutating func draw(_ label: String, in range: ClosedRange<Int>) -> Int {
        let width = UInt64(range.upperBound &- range.lowerBound)
        return range.lowerBound &+ Int(draw(label, below: width &+ 1))
    }

    /// One of `options`; the simplest one is the first.
    public mutating func pick<Option>(_ label: String, from options: [Option]) -> Option {
        options[Int(draw(label, below: UInt64(options.count)))]
    }

    /// True with a chance of `numerator` in `denominator`; false is simpler.
    public mutating func chance(_ label: String, _ numerator: Int, in denominator: Int) -> Bool {
        let value = draw(label, below: UInt64(denominator))
        return value >= UInt64(denominator - numerator)
    }
}
