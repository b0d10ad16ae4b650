/// The frames of one tick, reused for every leg of one rate.
struct FrameBuffers {
    var narrowIn: [Int16]
    var wideIn: [Int16]
    var wideOut: [Int16]
    var narrowOut: [Int16]

    /// - Parameter rateHertz: Rate of the wide frames.
    init(rateHertz: Int) {
        narrowIn = [Int16](repeating: 0, count: 160)
        narrowOut = narrowIn
        wideIn = [Int16](repeating: 0, count: rateHertz / 50)
        wideOut = wideIn
    }
}
