internal import RTPMedia

/// Listens for keys where the sound may be one: in and around frames that hold two pitches.
struct KeyListener: Sendable {
    /// A key is over by then, and its end must be heard.
    private static let after = 4

    private var detector = DTMFDetector()
    /// The frame before, for it holds the beginning of a key.
    private var before = InlineArray<160, Int16>(repeating: 0)
    private var hasBefore = false
    private var left = 0

    mutating func process(_ frame: Span<Int16>, isPair: Bool) -> Character? {
        guard frame.count == 160 else { return nil }
        guard isPair || left > 0 else {
            for index in 0..<160 { before[index] = frame[index] }
            hasBefore = true
            return nil
        }
        if hasBefore {
            hasBefore = false
            // What the detector heard last lies further back: silence parts the two.
            let pause = InlineArray<160, Int16>(repeating: 0)
            _ = detector.process(pause.span)
            _ = detector.process(before.span)
        }
        left = isPair ? Self.after : left - 1
        return detector.process(frame)
    }
}
