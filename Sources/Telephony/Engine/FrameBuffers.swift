/// The frames of one tick, reused for every leg of one rate.
struct FrameBuffers {
    var narrowIn: [Int16]
    var wideIn: [Int16]
    var wideOut: [Int16]
    var narrowOut: [Int16]

    /// The agents' rates.
    static let rates = [8_000, 16_000, 24_000, 48_000]

    /// The place of a rate among ``rates``.
    static func index(rateHertz: Int) -> Int { rates.firstIndex(of: rateHertz) ?? rates.count - 1 }

    /// - Parameter rateHertz: Rate of the wide frames.
    init(rateHertz: Int) {
        narrowIn = [Int16](repeating: 0, count: 160)
        narrowOut = narrowIn
        wideIn = [Int16](repeating: 0, count: rateHertz / 50)
        wideOut = wideIn
    }
}
