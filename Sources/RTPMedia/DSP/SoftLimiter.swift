/// Brings sums of samples back to 16 bits without wrap and without a hard edge.
///
/// Up to three quarters of full scale (-2.5 dB) samples pass unchanged; what is above bends smoothly towards full scale and never reaches
/// it: `knee + room * excess / (excess + room)`, whose slope at the knee is 1.
public enum SoftLimiter {
    /// Greatest magnitude that passes unchanged.
    public static let knee: Int32 = 24_576

    /// Narrows a frame.
    ///
    /// - Parameter target: As long as `samples`.
    public static func narrow(_ samples: [Int32], into target: inout MutableSpan<Int16>) {
        let samples = samples.span
        precondition(samples.count == target.count, "as many samples out as in")
        var least: Int32 = 0
        var greatest: Int32 = 0
        for index in 0..<samples.count {
            least = min(least, samples[index])
            greatest = max(greatest, samples[index])
        }
        if greatest <= knee, least >= -knee {
            for index in 0..<samples.count { target[index] = Int16(truncatingIfNeeded: samples[index]) }
        } else {
            for index in 0..<samples.count { target[index] = limited(samples[index]) }
        }
    }

    /// Multiplies by `gain`.
    ///
    /// - Parameter gain: In 1/4096, 0...65,535 (a little over 24 dB); beyond, the nearest.
    public static func scale(_ samples: inout MutableSpan<Int16>, by gain: Int32) {
        let gain = min(max(gain, 0), 65_535)
        for index in 0..<samples.count { samples[index] = limited((Int32(samples[index]) &* gain) >> 12) }
    }

    /// One sample.
    public static func limited(_ sample: Int32) -> Int16 {
        let magnitude = sample.magnitude
        guard magnitude > UInt32(knee) else { return Int16(truncatingIfNeeded: sample) }
        let room = Int64(32_767 - knee)
        let excess = Int64(magnitude) - Int64(knee)
        let bent = Int64(knee) + room * excess / (excess + room)
        return Int16(truncatingIfNeeded: sample < 0 ? -bent : bent)
    }
}
