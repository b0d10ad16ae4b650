/// The inner loops of ``PolyphaseResampler``, with vectors and one sample at a time: both give the same samples.
///
/// Sums are whole numbers and so exact in any order. Sixteen bits times sixteen bits, neighbours added, is one instruction
/// even of the oldest x86-64; each lane is a place of its own, so nothing is added across lanes.
enum PolyphaseKernel {
    /// Places computed at once by ``vector(_:)``; rows are read as if their count were a multiple of it.
    static let width = 32

    /// Some places of an output, each the sum of one phase of the filter over each row.
    struct Job {
        /// The first row; place `n` covers the 48 samples from `n` on.
        var samples: UnsafePointer<Int16>
        /// Samples from one row to the next.
        var rowWidth = 0
        var rows = 1
        var filter: PolyphaseFilter
        /// Phase of the first row; every further row has the one before.
        var phase: Int
        var gain: Float
        var output: UnsafeMutablePointer<Int16>
        /// Samples from one place of the output to the next.
        var stride = 1
        var count: Int
    }

    @inline(__always) static func run(_ job: Job) {
        // Without the optimiser vectors are a hundred times slower than single samples.
        #if DEBUG
            scalar(job)
        #else
            vector(job)
        #endif
    }

    // MARK: One sample at a time

    static func scalar(_ job: Job) {
        let taps = PolyphaseFilter.phaseTaps
        var place = 0
        while place < job.count {
            var total: Float = 0
            var row = 0
            while row < job.rows {
                let samples = job.samples + (row &* job.rowWidth &+ place)
                let phase = job.filter.taps + (job.phase &- row) &* taps
                var sum: Int32 = 0
                var index = 0
                while index < taps {
                    sum = sum &+ Int32(samples[index]) &* Int32(phase[index])
                    index = index &+ 1
                }
                total += Float(sum)
                row = row &+ 1
            }
            let held = min(max(total * job.gain, -32_768), 32_767)
            job.output[place &* job.stride] = Int16(held.rounded(.toNearestOrEven))
            place = place &+ 1
        }
    }

    // MARK: Thirty-two places at once

    static func vector(_ job: Job) {
        var first = 0
        while first < job.count {
            var even = Totals()
            var odd = Totals()
            for row in 0..<job.rows {
                let samples = job.samples + (row &* job.rowWidth &+ first)
                let pairs = job.filter.pairs + (job.phase &- row) &* (PolyphaseFilter.phaseTaps / 2)
                even.add(convolve(samples, pairs))
                odd.add(convolve(samples + 1, pairs))
            }
            put(even, odd, job.gain, to: job.output + first &* job.stride, job.stride, job.count - first)
            first += width
        }
    }

    /// Sums of sixteen places, two samples apart.
    private struct Sums {
        var lanes0 = SIMD4<Int32>()
        var lanes1 = SIMD4<Int32>()
        var lanes2 = SIMD4<Int32>()
        var lanes3 = SIMD4<Int32>()
    }

    /// Sums over all rows: of several a whole number would overflow 32 bits.
    private struct Totals {
        var lanes0 = SIMD4<Float>()
        var lanes1 = SIMD4<Float>()
        var lanes2 = SIMD4<Float>()
        var lanes3 = SIMD4<Float>()

        @inline(__always) mutating func add(_ sums: Sums) {
            lanes0 += SIMD4<Float>(sums.lanes0)
            lanes1 += SIMD4<Float>(sums.lanes1)
            lanes2 += SIMD4<Float>(sums.lanes2)
            lanes3 += SIMD4<Float>(sums.lanes3)
        }
    }

    /// Even places; odd ones want another call, one sample on. When both are made in one loop the compiler joins their
    /// loads, which overlap, by shuffles that take three times as long as the sums.
    ///
    /// - Parameter samples: 78 of them.
    @inline(__always) private static func convolve(
        _ samples: UnsafePointer<Int16>, _ pairs: UnsafePointer<SIMD8<Int16>>
    ) -> Sums {
        var sums = Sums()
        for pair in 0..<PolyphaseFilter.phaseTaps / 2 {
            let taps = pairs[pair]
            let start = samples + 2 * pair
            sums.lanes0 &+= products(start, taps)
            sums.lanes1 &+= products(start + 8, taps)
            sums.lanes2 &+= products(start + 16, taps)
            sums.lanes3 &+= products(start + 24, taps)
        }
        return sums
    }

    /// Four places, two taps each.
    @inline(__always) private static func products(
        _ samples: UnsafePointer<Int16>, _ taps: SIMD8<Int16>
    ) -> SIMD4<Int32> {
        let samples = UnsafeRawPointer(samples).loadUnaligned(as: SIMD8<Int16>.self)
        let products = SIMD8<Int32>(truncatingIfNeeded: samples) &* SIMD8<Int32>(truncatingIfNeeded: taps)
        return products.evenHalf &+ products.oddHalf
    }

    @inline(__always) private static func put(
        _ even: Totals, _ odd: Totals, _ gain: Float, to output: UnsafeMutablePointer<Int16>, _ stride: Int,
        _ count: Int
    ) {
        put(joined(even.lanes0, odd.lanes0, gain), to: output, stride, count)
        put(joined(even.lanes1, odd.lanes1, gain), to: output + 8 &* stride, stride, count - 8)
        put(joined(even.lanes2, odd.lanes2, gain), to: output + 16 &* stride, stride, count - 16)
        put(joined(even.lanes3, odd.lanes3, gain), to: output + 24 &* stride, stride, count - 24)
    }

    @inline(__always) private static func put(
        _ made: SIMD8<Int16>, to output: UnsafeMutablePointer<Int16>, _ stride: Int, _ count: Int
    ) {
        guard count >= 8 else {
            for lane in 0..<max(count, 0) { output[lane &* stride] = made[lane] }
            return
        }
        for lane in 0..<8 { output[lane &* stride] = made[lane] }
    }

    /// Eight neighbouring samples, rounded and held within 16 bits.
    @inline(__always) private static func joined(
        _ even: SIMD4<Float>, _ odd: SIMD4<Float>, _ gain: Float
    ) -> SIMD8<Int16> {
        unsafeBitCast(rounded(even * gain) & 0xFFFF | rounded(odd * gain) &<< 16, to: SIMD8<Int16>.self)
    }

    /// Whole numbers in the lower 16 bits of each lane; adding 1.5 · 2^23 leaves a float no room for fractions.
    @inline(__always) private static func rounded(_ values: SIMD4<Float>) -> SIMD4<UInt32> {
        let most = SIMD4<Float>(repeating: 32_767)
        let least = SIMD4<Float>(repeating: -32_768)
        var held = values.replacing(with: most, where: values .> most)
        held = held.replacing(with: least, where: held .< least)
        return unsafeBitCast(held + 12_582_912, to: SIMD4<UInt32>.self)
    }
}
