internal import SansIO

/// Learns from arrivals how long packets have to wait so that all but a few are there in time.
///
/// Delays are relative to the fastest packet of the last ten seconds, so that neither the clocks' offset nor their
/// drift matters. Everything is in units of 125 µs, the timestamp's at 8,000 Hz; nothing allocates after `init`.
struct PlayoutDelayEstimator: ~Copyable {
    /// 2.5 ms.
    static let binUnits = 20
    /// Up to 640 ms.
    static let binCount = 256
    /// Peak that is expected until something has been learnt: 20 ms.
    static let firstPeak: Int64 = 160
    /// Seconds over which the fastest packet is looked for.
    static let baseSeconds = 10
    /// Seconds for which a peak is remembered.
    static let peakSeconds = 32
    /// Most that a peak adds to what the quantile asks for: 24 ms less a fifth of that, and at least 12 ms. A peak
    /// costs most where a call is slow already.
    static let peakAllowance: Int64 = 192
    static let leastAllowance: Int64 = 96
    /// Kept beyond the highest peak remembered: 10 ms.
    static let peakMargin = 80
    /// A packet that came too late counts this often.
    static let lateWeight = 1.5

    private let quantile: Double
    /// Growth of the newest packet's weight against all before: forgetting without touching every bin.
    private let growth: Double
    /// Memory of its own: an array would be looked at for other owners at every packet.
    private let weights: UnsafeMutablePointer<Double>
    private var newestWeight = 1.0
    private var total = 0.0
    /// The quantile's bin, and the weight of all bins before it.
    private var bin = 0
    private var below = 0.0

    private let minima: UnsafeMutablePointer<Int64>
    private let maxima: UnsafeMutablePointer<Int64>
    private var second: Int64?
    private var peak = firstPeak
    /// Arrival minus timestamp of the fastest packet.
    private(set) var base = Int64.max
    private var last: (timestamp: RTPTimestamp, position: Int64)?

    /// - Parameter quantile: Share of packets that are to be in time before peaks are thought of; 0.5...0.999.
    init(quantile: Double) {
        self.quantile = min(max(quantile, 0.5), 0.999)
        // Rarer events need longer to be seen: 100 packets at 0.95, 143 at 0.97, 250 at 0.99.
        growth = 1 / (1 - min(max(0.01 - (self.quantile - 0.95) * 0.15, 0.003), 0.02))
        weights = .allocate(capacity: Self.binCount)
        weights.initialize(repeating: 0, count: Self.binCount)
        minima = .allocate(capacity: Self.baseSeconds + Self.peakSeconds)
        minima.initialize(repeating: .max, count: Self.baseSeconds)
        maxima = minima + Self.baseSeconds
        maxima.initialize(repeating: 0, count: Self.peakSeconds)
        weights[0] = 1
        total = 1
    }

    deinit {
        weights.deallocate()
        minima.deallocate()
    }

    /// Units by which playing has to lag behind the fastest packet.
    var target: Int64 {
        let wanted = Int64((bin + 1) * Self.binUnits)
        let remembered = peak > 0 ? peak + Int64(Self.peakMargin) : 0
        return min(
            max(wanted, remembered), wanted + max(Self.peakAllowance - wanted / 5, Self.leastAllowance))
    }

    /// An instant on the scale of timestamps.
    static func units(_ instant: MonotonicInstant) -> Int64 { instant.nanoseconds / 125_000 }

    /// Where a timestamp lies on a scale that does not wrap.
    func position(of timestamp: RTPTimestamp) -> Int64 {
        guard let last else { return 0 }
        return last.position &+ Int64(last.timestamp.distance(to: timestamp))
    }

    /// Learns from a packet's arrival.
    mutating func note(_ timestamp: RTPTimestamp, at now: MonotonicInstant, isLate: Bool) {
        let arrival = max(Self.units(now), 0)
        let position = position(of: timestamp)
        last = (timestamp, position)
        let delay = arrival &- position
        rotate(to: arrival / Int64(AudioFrame.narrowRateHertz))
        if let second {
            let index = Int(second % Int64(Self.baseSeconds))
            minima[index] = min(minima[index], delay)
        }
        base = min(base, delay)
        let relative = delay &- base
        count(relative, weight: isLate ? Self.lateWeight : 1)
        if relative > peak, relative < Int64(Self.binCount * Self.binUnits), let second {
            maxima[Int(second % Int64(Self.peakSeconds))] = relative
            peak = relative
        } else if let second {
            let index = Int(second % Int64(Self.peakSeconds))
            maxima[index] = max(maxima[index], min(relative, Int64(Self.binCount * Self.binUnits)))
        }
    }

    private mutating func count(_ relative: Int64, weight: Double) {
        let index = Int(min(max(relative / Int64(Self.binUnits), 0), Int64(Self.binCount - 1)))
        let added = newestWeight * weight
        weights[index] += added
        total += added
        if index < bin { below += added }
        newestWeight *= growth
        if newestWeight > 1e9 { rescale() }
        findQuantile()
    }

    private mutating func findQuantile() {
        let wanted = quantile * total
        while bin > 0, below >= wanted {
            bin -= 1
            below -= weights[bin]
        }
        while bin < Self.binCount - 1, below + weights[bin] < wanted {
            below += weights[bin]
            bin += 1
        }
    }

    private mutating func rescale() {
        for index in 0..<Self.binCount { weights[index] /= newestWeight }
        newestWeight = 1
        recount()
    }

    private mutating func recount() {
        total = 0
        for index in 0..<Self.binCount { total += weights[index] }
        below = 0
        bin = 0
        findQuantile()
    }

    /// Forgets the seconds that have passed out of the windows.
    private mutating func rotate(to next: Int64) {
        guard let second else {
            self.second = next
            maxima[Int(next % Int64(Self.peakSeconds))] = Self.firstPeak
            return
        }
        guard next > second else { return }
        let first = max(second + 1, next - Int64(Self.peakSeconds) + 1)
        for passed in first...next {
            minima[Int(passed % Int64(Self.baseSeconds))] = .max
            maxima[Int(passed % Int64(Self.peakSeconds))] = 0
        }
        self.second = next
        peak = 0
        for index in 0..<Self.peakSeconds { peak = max(peak, maxima[index]) }
        var least = Int64.max
        for index in 0..<Self.baseSeconds { least = min(least, minima[index]) }
        guard least != .max, base != .max, least > base else { return }
        shift(by: least &- base)
        base = least
    }

    /// The path has become longer for good: what has been learnt is relative to the new base from now on.
    private mutating func shift(by units: Int64) {
        for index in 0..<Self.peakSeconds { maxima[index] = max(maxima[index] - units, 0) }
        peak = max(peak - units, 0)
        let bins = Int(min(units / Int64(Self.binUnits), Int64(Self.binCount - 1)))
        guard bins > 0 else { return }
        for index in 1..<Self.binCount {
            let weight = weights[index]
            weights[index] = 0
            weights[max(index - bins, 0)] += weight
        }
        recount()
    }
}
