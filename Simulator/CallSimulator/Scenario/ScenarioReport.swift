public import SansIO
public import Telephony

/// Everything there is to know of one simulated call.
public struct ScenarioReport: Sendable, CustomStringConvertible {
    /// An event of the call, on the call's own clock.
    public struct Event: Hashable, Sendable {
        public var kind: CallEvent.Kind
        /// Since dialing began.
        public var sinceDialing: Duration
        /// `nil` before the answer.
        public var sinceAnswer: Duration?

        static func list(_ events: [CallEvent]) -> [Self] {
            var dialed: MonotonicInstant?
            var answered: MonotonicInstant?
            return events.map { event in
                dialed = dialed ?? event.instant
                if case .answered = event.kind { answered = event.instant }
                return Self(
                    kind: event.kind, sinceDialing: dialed?.duration(to: event.instant) ?? .zero,
                    sinceAnswer: answered?.duration(to: event.instant))
            }
        }
    }

    public let seed: UInt64
    public let outcome: CallOutcome
    /// As the dialer's observers get it; `nil` when the call was not even prepared.
    public let record: CallRecord?
    /// The call as the callee saw it, and what it heard; `nil` when none reached it.
    public var callee: PeerCallReport? { callees.first }
    let callees: [PeerCallReport]
    public let events: [Event]
    /// How often each rule was checked.
    public let invariants: [InvariantCount]
    /// Rules that were broken, the first hundred; empty unless something is wrong with the library.
    public let violations: [Violation]
    public let speed: RunSpeed
    /// Every datagram, with its bytes.
    public let trace: Trace
    private let wallClockStart: WallClockInstant

    init(
        seed: UInt64, outcome: CallOutcome, record: CallRecord?, callees: [PeerCallReport], events: [Event],
        invariants: [InvariantCount], violations: [Violation], speed: RunSpeed, trace: Trace,
        wallClockStart: WallClockInstant
    ) {
        self.seed = seed
        self.outcome = outcome
        self.record = record
        self.callees = callees
        self.events = events
        self.invariants = invariants
        self.violations = violations
        self.speed = speed
        self.trace = trace
        self.wallClockStart = wallClockStart
    }

    /// What both sides said, in order of its start; empty when nobody answered.
    public var transcript: [TranscriptEntry] { outcome.agentResult?.transcript ?? [] }

    /// The same for the same scenario in every process.
    public var traceDigest: String { trace.digest }

    /// How to see it again.
    public var replay: String { "run the same scenario with Scenario(seed: \(seed)); trace \(traceDigest)" }

    /// When something first happened, since dialing; `nil` when it did not.
    public func time(of isWanted: (CallEvent.Kind) -> Bool) -> Duration? {
        events.first { isWanted($0.kind) }?.sinceDialing
    }

    /// The SIP of the call as text, one arrow a message; made when asked for.
    public var ladder: String {
        var ladder = SIPLadder()
        for record in sent where record.bytes.first.map({ (65...90).contains($0) }) == true {
            ladder.append(
                record.bytes.span.bytes, from: record.source, to: record.destination,
                at: wallClock(record.time))
        }
        return ladder.text
    }

    /// Every datagram that was sent, as a capture file; made when asked for.
    public var pcap: [UInt8] { trace.pcap(from: wallClockStart) }

    private var sent: [Trace.Record] { trace.records.filter { $0.event == .sent } }

    private func wallClock(_ time: MonotonicInstant) -> WallClockInstant {
        wallClockStart.advanced(by: .nanoseconds(time.nanoseconds))
    }

    public var description: String {
        var lines = ["\(outcome.disposition.rawValue), ended by \(outcome.endedBy.rawValue); \(replay)"]
        lines += violations.map(\.description)
        if !violations.isEmpty { lines.append(ladder) }
        return lines.joined(separator: "\n")
    }
}

extension Trace {
    /// The datagrams that were sent as a pcap file with nanoseconds.
    ///
    /// - Parameter start: The wall clock at the start of the world.
    public func pcap(from start: WallClockInstant) -> [UInt8] {
        let writer = PcapWriter()
        var bytes = writer.header
        for record in records where record.event == .sent {
            writer.append(
                record.bytes.span.bytes, from: record.source, to: record.destination,
                at: start.advanced(by: .nanoseconds(record.time.nanoseconds)), into: &bytes)
        }
        return bytes
    }
}
