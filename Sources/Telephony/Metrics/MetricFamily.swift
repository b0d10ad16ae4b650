/// One metric with all its samples, as monitoring systems read them (Prometheus text exposition format 0.0.4).
public struct MetricFamily: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable { case counter, gauge, histogram }

    /// One line: labels and a number.
    public struct Sample: Hashable, Sendable {
        /// In order; values are few and known beforehand, never numbers or names of people.
        public var labels: [Label]
        public var value: Double

        public init(_ labels: [Label] = [], _ value: Double) {
            self.labels = labels
            self.value = value
        }
    }

    public struct Label: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// `outdial_calls_total`: letters, digits and `_`; counters end in `_total`, units are base units.
    public var name: String
    /// One line on what it counts.
    public var help: String
    public var kind: Kind
    public var samples: [Sample]
    /// For a histogram, instead of samples.
    public var histogram: MetricHistogram?

    public init(_ name: String, _ kind: Kind, help: String, samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    public init(_ name: String, help: String, histogram: MetricHistogram) {
        self.name = name
        kind = .histogram
        self.help = help
        samples = []
        self.histogram = histogram
    }
}

/// How often a quantity stayed at or below each of a few bounds.
public struct MetricHistogram: Hashable, Sendable {
    /// Upper bounds, ascending; one more bucket takes the rest.
    public let bounds: [Double]
    /// Observations per bucket, not cumulated.
    public private(set) var counts: [Int]
    public private(set) var sum = 0.0

    public init(bounds: [Double]) {
        self.bounds = bounds
        counts = [Int](repeating: 0, count: bounds.count + 1)
    }

    public var count: Int { counts.reduce(0, +) }

    /// Counts one observation; what is not a number is passed over.
    public mutating func record(_ value: Double) {
        guard value.isFinite else { return }
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}
