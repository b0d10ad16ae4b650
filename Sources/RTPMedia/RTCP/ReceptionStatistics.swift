public import SansIO

/// What is known of one received stream: validity, loss and jitter (RFC 3550 §A.1, §A.3, §A.8).
public struct ReceptionStatistics: Sendable {
    /// What a packet's sequence number says about it.
    public enum Verdict: Hashable, Sendable {
        /// New, in order or a little late.
        case accepted
        /// Its number has been seen before.
        case duplicate
        /// Not yet enough consecutive packets to believe in the source.
        case onProbation
        /// Far from the stream; believed only if the next one follows it.
        case outOfRange
        /// The second packet of a stream that has started over: earlier packets do not belong to it.
        case restarted
    }

    static let maximumDropout = 3_000
    static let maximumMisorder = 100

    /// Of the timestamp.
    public private(set) var clockRateHertz: Int
    private var probation: Int
    private var highest = SequenceNumber(0)
    private var cycles: UInt32 = 0
    private var base: UInt32 = 0
    /// The number that would show a restart, once a packet out of range has come.
    private var expectedAfterJump: SequenceNumber?
    /// Which of the 64 numbers up to the highest have come; bit 0 is the highest.
    private var seen: UInt64 = 0
    private var hasStarted = false

    private var expectedPrior = 0
    private var receivedPrior = 0
    private var last: (arrival: MonotonicInstant, timestamp: RTPTimestamp)?

    /// Valid packets, duplicates included, since the stream began or started over.
    public private(set) var received = 0
    /// Interarrival jitter in units of the timestamp.
    public private(set) var jitter = 0.0

    /// - Parameters:
    ///   - clockRateHertz: Of the timestamp.
    ///   - probation: Consecutive packets before the source counts as valid: 2 in the RFC; 1 trusts the first packet.
    public init(clockRateHertz: Int = AudioFrame.narrowRateHertz, probation: Int = 2) {
        self.clockRateHertz = clockRateHertz
        self.probation = max(probation, 1)
    }

    /// Whether the source has passed its probation.
    public var isValid: Bool { hasStarted && probation == 0 }

    /// Cycles in the upper 16 bits, the highest sequence number in the lower.
    public var extendedHighestSequence: UInt32 { cycles &+ UInt32(highest.rawValue) }

    /// Packets that should have come.
    public var expected: Int { isValid ? Int(extendedHighestSequence &- base) + 1 : 0 }

    /// Expected minus received; negative when duplicates outnumber losses.
    public var lost: Int { expected - received }

    /// Takes a packet's numbers.
    ///
    /// - Parameter timestamp: `nil` leaves jitter alone: for telephone events, whose packets share a timestamp.
    public mutating func receive(
        _ sequence: SequenceNumber, timestamp: RTPTimestamp?, at now: MonotonicInstant
    ) -> Verdict {
        let verdict = note(sequence)
        if let timestamp, verdict == .accepted || verdict == .restarted {
            if verdict == .restarted { last = nil }
            noteArrival(of: timestamp, at: now)
        }
        return verdict
    }

    /// Forgets the last arrival, so that a gap made on purpose does not count as jitter.
    public mutating func breakTiming() { last = nil }

    /// Goes on with timestamps of another clock; the jitter so far is converted to its units.
    public mutating func changeClock(toHertz hertz: Int) {
        guard hertz != clockRateHertz, hertz > 0 else { return }
        jitter *= Double(hertz) / Double(clockRateHertz)
        clockRateHertz = hertz
        breakTiming()
    }

    private mutating func note(_ sequence: SequenceNumber) -> Verdict {
        guard hasStarted else {
            start(at: sequence)
            hasStarted = true
            probation -= 1
            guard probation == 0 else { return .onProbation }
            received = 1
            return .accepted
        }
        if probation > 0 { return noteOnProbation(sequence) }
        let distance = highest.distance(to: sequence)
        // Forward distances are taken modulo 2^16, as the RFC does: a dropout is told from a late packet by its size.
        let forward = Int(sequence.rawValue &- highest.rawValue)
        if forward > 0, forward < Self.maximumDropout {
            if sequence.rawValue < highest.rawValue { cycles &+= 0x1_0000 }
            highest = sequence
            seen = forward < 64 ? seen << UInt64(forward) | 1 : 1
        } else if distance > -Self.maximumMisorder, distance <= 0 {
            received += 1
            return noteEarlier(by: -distance)
        } else if sequence == expectedAfterJump {
            start(at: sequence)
            received = 1
            return .restarted
        } else {
            expectedAfterJump = sequence.advanced(by: 1)
            return .outOfRange
        }
        received += 1
        return .accepted
    }

    private mutating func noteOnProbation(_ sequence: SequenceNumber) -> Verdict {
        guard sequence == highest.advanced(by: 1) else {
            if sequence != highest {
                probation = 1
                highest = sequence
            }
            return .onProbation
        }
        probation -= 1
        highest = sequence
        guard probation == 0 else { return .onProbation }
        start(at: sequence)
        received = 1
        return .accepted
    }

    private mutating func noteEarlier(by distance: Int) -> Verdict {
        // Beyond the window nothing is known; the packet is too old to be played anyway.
        guard distance < 64 else { return .accepted }
        let bit = UInt64(1) << UInt64(distance)
        guard seen & bit == 0 else { return .duplicate }
        seen |= bit
        return .accepted
    }

    private mutating func start(at sequence: SequenceNumber) {
        base = UInt32(sequence.rawValue)
        highest = sequence
        expectedAfterJump = nil
        cycles = 0
        received = 0
        receivedPrior = 0
        expectedPrior = 0
        seen = 1
    }

    private mutating func noteArrival(of timestamp: RTPTimestamp, at now: MonotonicInstant) {
        if let last {
            let elapsed = Double(now.nanoseconds &- last.arrival.nanoseconds) * Double(clockRateHertz) / 1e9
            let difference = elapsed - Double(last.timestamp.distance(to: timestamp))
            jitter += (abs(difference) - jitter) / 16
        }
        last = (now, timestamp)
    }

    /// Loss since the last call, in 1/256 (§A.3).
    public mutating func takeFractionLost() -> UInt8 {
        let expectedInterval = expected - expectedPrior
        let lostInterval = expectedInterval - (received - receivedPrior)
        expectedPrior = expected
        receivedPrior = received
        guard expectedInterval > 0, lostInterval > 0 else { return 0 }
        return UInt8(clamping: (lostInterval << 8) / expectedInterval)
    }
}
