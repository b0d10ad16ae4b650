/// Turns the timestamps of a stream into positions on the leg's own scale of 8,000 units a second.
///
/// What comes after it, jitter buffer and jump detection, knows no other: the clocks of all codecs are multiples of it.
struct MediaClock: Sendable {
    /// Where sound lies on the leg's scale.
    struct Stretch: Hashable, Sendable {
        var position: RTPTimestamp
        /// At least 1.
        var units: Int
    }

    /// Of the timestamps: a multiple of 8,000 Hz.
    let rateHertz: Int
    /// Ticks of a unit.
    private let divisor: Int
    /// A timestamp and its position, from which the next ones are counted, so that nothing is lost in dividing.
    private var reference: (timestamp: RTPTimestamp, position: RTPTimestamp)?

    init(rateHertz: Int) {
        self.rateHertz = rateHertz
        divisor = max(rateHertz / AudioFrame.narrowRateHertz, 1)
    }

    /// Where the ticks from a timestamp on lie.
    ///
    /// Start and end count as at the earlier of two positions that they lie between. So the end of a packet is the start of the next
    /// one, and packets that last half a unit more than whole ones are by turns one shorter and one longer.
    mutating func stretch(of ticks: Int, from timestamp: RTPTimestamp) -> Stretch {
        if divisor == 1 { return Stretch(position: timestamp, units: max(ticks, 1)) }
        guard let known = reference else {
            reference = (timestamp, timestamp)
            return Stretch(position: timestamp, units: max(ticks / divisor, 1))
        }
        let distance = known.timestamp.distance(to: timestamp)
        var phase = distance % divisor
        if phase < 0 { phase += divisor }
        let steps = (distance - phase) / divisor
        let position = known.position.advanced(by: steps)
        if steps > 0 { reference = (known.timestamp.advanced(by: steps * divisor), position) }
        return Stretch(position: position, units: max((phase + ticks) / divisor, 1))
    }
}
