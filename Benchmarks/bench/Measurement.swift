import CAllocationCounter

/// One line of the benchmark's table and of its JSON.
struct Measurement: Codable {
    var name: String
    var unit: String
    var median: Double
    /// Worst of the repetitions, or the 99th percentile where the benchmark collects single values.
    var p99: Double
    /// Heap allocations per operation in the measured thread; -1 where they are not counted.
    var allocations: Double
    /// Retains and releases per operation in the measured thread; -1 where they are not counted.
    var references = -1.0
    var goal: Goal?
    var note: String
}

/// What a figure is to keep to.
struct Goal: Codable {
    enum Figure: String, Codable { case median, p99 }

    var figure = Figure.median
    var atMost: Double

    func isMet(by measurement: Measurement) -> Bool {
        (figure == .median ? measurement.median : measurement.p99) <= atMost
    }
}

extension Measurement {
    func with(goal: Goal) -> Self {
        var copy = self
        copy.goal = goal
        return copy
    }

    /// Fails when an operation allocates.
    func mustNotAllocate() throws(BenchmarkFault) -> Self {
        try BenchmarkFault.check(allocations == 0, "\(name) allocates: \(allocations)")
        return self
    }
}

/// Keeps the optimiser from seeing through a benchmarked value.
@inline(never) @_optimize(none) func blackHole<Value>(_ value: Value) {}

/// A benchmark that did not do what it measures: its figure would mean nothing.
struct BenchmarkFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    static func check(_ holds: Bool, _ description: @autoclosure () -> String) throws(BenchmarkFault) {
        if !holds { throw BenchmarkFault(description()) }
    }
}

/// How often every benchmark is repeated, unless its note says otherwise.
let repetitions = 11

/// Thread CPU time of one operation: calibrated to about 60 ms a repetition, a warm-up, eleven repetitions.
///
/// - Parameter operations: How many of the measured operations one call of `operation` does.
func measure(
    _ name: String, unit: String = "ns", per operations: Int = 1, note: String = "", _ operation: () -> Void
) -> Measurement {
    func run(_ count: Int) -> (nanoseconds: UInt64, allocations: UInt64) {
        let allocations = outdial_allocation_count()
        let start = outdial_thread_cpu_nanoseconds()
        for _ in 0..<count { operation() }
        let end = outdial_thread_cpu_nanoseconds()
        return (end - start, outdial_allocation_count() - allocations)
    }
    var count = 1
    var elapsed = run(count).nanoseconds
    while elapsed < 20_000_000, count < 1 << 28 {
        count *= 2
        elapsed = run(count).nanoseconds
    }
    count = max(1, Int(Double(count) * 60_000_000 / Double(max(1, elapsed))))
    _ = run(max(1, count / 4))
    var times: [Double] = []
    var allocations = 0.0
    for _ in 0..<repetitions {
        let result = run(count)
        times.append(Double(result.nanoseconds) / Double(count) / Double(operations))
        allocations = Double(result.allocations) / Double(count) / Double(operations)
    }
    var figure = summarise(name, unit: unit, values: times, allocations: allocations, note: note)
    if outdial_count_references(true) {
        let before = outdial_reference_count()
        let counted = min(count, 1_000)
        for _ in 0..<counted { operation() }
        figure.references = Double(outdial_reference_count() - before) / Double(counted) / Double(operations)
        _ = outdial_count_references(false)
    }
    return figure
}

/// Which end of a list of values is the bad one.
enum Worst { case highest, lowest }

/// Median and 99th percentile of single values; the worst where they are fewer than a hundred.
func summarise(
    _ name: String, unit: String, values: [Double], worst: Worst = .highest, allocations: Double = -1,
    note: String = ""
) -> Measurement {
    let sorted = worst == .highest ? values.sorted() : values.sorted(by: >)
    guard let last = sorted.last else {
        return Measurement(
            name: name, unit: unit, median: 0, p99: 0, allocations: allocations, note: "no values")
    }
    let p99 = sorted[min(sorted.count - 1, Int((Double(sorted.count) * 0.99).rounded(.up)))]
    return Measurement(
        name: name, unit: unit, median: sorted[sorted.count / 2], p99: sorted.count < 100 ? last : p99,
        allocations: allocations, note: note)
}
