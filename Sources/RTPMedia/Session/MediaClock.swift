/// Turns the timestamps of a stream into positions on the leg's own scale of 8,000 units a second.
///
/// What comes after it, jitter buffer and jump detection, knows no other: the clocks of all codecs are multiples of it.
struct MediaClock: Sendable {
    /// Of the timestamps: a multiple of 8,000 Hz.
    let rateHertz: Int
    private let divisor: Int
    /// A timestamp and its position, from which the next ones are counted, so that nothing is lost in dividing.
    private var reference: (timestamp: RTPTimestamp, position: RTPTimestamp)?

    init(rateHertz: Int) {
        self.rateHertz = rateHertz
        divisor = max(rateHertz / AudioFrame.narrowRateHertz, 1)
    }

    /// Where a timestamp lies; one that lies between two positions counts as at the earlier.
    mutating func position(of timestamp: RTPTimestamp) -> RTPTimestamp {
        if divisor == 1 { return timestamp }
        guard let known = reference else {
            reference = (timestamp, timestamp)
            return timestamp
        }
        let distance = known.timestamp.distance(to: timestamp)
        let steps = distance >= 0 ? distance / divisor : -((divisor - 1 - distance) / divisor)
        let position = known.position.advanced(by: steps)
        if steps > 0 { reference = (known.timestamp.advanced(by: steps * divisor), position) }
        return position
    }
}
