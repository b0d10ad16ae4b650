/// Adds up what the parties of a conference say, and gives each of them all the others: one sum, minus its own part.
///
/// Each frame: ``begin()``, one ``add(_:as:gain:reach:)`` for each party that says something, then
/// ``mix(for:hearing:into:)`` for each that listens. Sums are 32 bits wide, so that no number of parties wraps; what is too loud for 16 bits is limited
/// softly (``SoftLimiter``). Nothing here allocates after ``init(frameSamples:slots:)``.
public struct ConferenceMixer: Sendable {
    /// Who may hear a party.
    public enum Reach: Hashable, Sendable {
        /// All the others.
        case everyone
        /// Only listeners that ask for it by its slot.
        case named
    }

    /// Samples of one frame.
    public let frameSamples: Int
    /// Parties at most.
    public private(set) var slots: Int
    /// Slot by slot, as added.
    private var inputs: [[Int16]]
    /// What each slot is in this frame.
    private var parts: [Part]
    private var sum: [Int32]
    private var scratch: [Int32]

    private enum Part: Sendable { case silent, everyone, named }

    /// - Parameters:
    ///   - frameSamples: At least 1.
    ///   - slots: Parties to make room for, 1...32,767.
    public init(frameSamples: Int, slots: Int) {
        precondition(frameSamples >= 1 && (1...32_767).contains(slots), "a mixer has samples and slots")
        self.frameSamples = frameSamples
        self.slots = slots
        inputs = (0..<slots).map { _ in [Int16](repeating: 0, count: frameSamples) }
        parts = [Part](repeating: .silent, count: slots)
        sum = [Int32](repeating: 0, count: frameSamples)
        scratch = sum
    }

    /// Makes room for more parties. Allocates.
    public mutating func grow(to slots: Int) {
        guard slots > self.slots, slots <= 32_767 else { return }
        inputs += (self.slots..<slots).map { _ in [Int16](repeating: 0, count: frameSamples) }
        parts += repeatElement(.silent, count: slots - self.slots)
        self.slots = slots
    }

    /// Starts a frame: nobody has said anything.
    public mutating func begin() {
        for index in 0..<parts.count { parts[index] = .silent }
        for index in 0..<sum.count { sum[index] = 0 }
    }

    /// Takes what one party says in this frame.
    ///
    /// - Parameters:
    ///   - frame: ``frameSamples`` samples.
    ///   - slot: The party, `0..<slots`; once a frame.
    ///   - gain: In 1/4096, 0...65,535: 4,096 leaves the samples as they are. The product is limited softly.
    public mutating func add(
        _ frame: Span<Int16>, as slot: Int, gain: Int32 = 4_096, reach: Reach = .everyone
    ) {
        precondition(
            frame.count == frameSamples && slot < slots, "a frame of the mixer's length and a slot of it")
        parts[slot] = reach == .everyone ? .everyone : .named
        Self.take(frame, gain: gain, into: &inputs[slot])
        if reach == .everyone { Self.add(inputs[slot], to: &sum) }
    }

    private static func take(_ frame: Span<Int16>, gain: Int32, into target: inout [Int16]) {
        var target = target.mutableSpan
        for index in 0..<frame.count { target[index] = frame[index] }
        if gain != 4_096 { SoftLimiter.scale(&target, by: gain) }
    }

    private static func add(_ frame: [Int16], to sum: inout [Int32]) {
        let frame = frame.span
        var sum = sum.mutableSpan
        for index in 0..<frame.count { sum[index] &+= Int32(frame[index]) }
    }

    private static func copy(_ sum: [Int32], into target: inout [Int32]) {
        let sum = sum.span
        var target = target.mutableSpan
        for index in 0..<sum.count { target[index] = sum[index] }
    }

    private static func subtract(_ frame: [Int16], from sum: [Int32], into target: inout [Int32]) {
        let frame = frame.span
        let sum = sum.span
        var target = target.mutableSpan
        for index in 0..<frame.count { target[index] = sum[index] &- Int32(frame[index]) }
    }

    /// Makes the frame of one listener.
    ///
    /// - Parameters:
    ///   - slot: The listener's own slot, whose part it does not hear; `nil` for one that says nothing, such as a recorder.
    ///   - named: Slots that it hears beside, of those added as ``Reach/named``.
    ///   - target: ``frameSamples`` samples, overwritten.
    public mutating func mix(
        for slot: Int?, hearing named: [Int] = [], into target: inout MutableSpan<Int16>
    ) {
        precondition(target.count == frameSamples, "a frame of the mixer's length")
        if let slot, parts[slot] == .everyone {
            Self.subtract(inputs[slot], from: sum, into: &scratch)
        } else {
            Self.copy(sum, into: &scratch)
        }
        for other in named where other != slot && parts[other] == .named {
            Self.add(inputs[other], to: &scratch)
        }
        SoftLimiter.narrow(scratch, into: &target)
    }

    /// Like ``mix(for:hearing:into:)`` for a listener that hears these slots and no others, whatever their reach.
    public mutating func mix(only slots: [Int], into target: inout MutableSpan<Int16>) {
        precondition(target.count == frameSamples, "a frame of the mixer's length")
        for index in 0..<scratch.count { scratch[index] = 0 }
        for other in slots where parts[other] != .silent { Self.add(inputs[other], to: &scratch) }
        SoftLimiter.narrow(scratch, into: &target)
    }
}
