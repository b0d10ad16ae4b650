import CallSimulator
import SansIO
import Telephony
import TestSupport

/// A dialer with several answered calls, whose callees sound a pitch each, and what they heard.
struct RoomWorld {
    /// By index of the callee; no multiples or sums of each other.
    static let pitches = [500.0, 830, 1_210, 1_570]

    struct Result<Value: Sendable> {
        var value: Value
        /// By index of the callee.
        var callees: [PeerCallReport]
        /// When the dialer knew of the answers, by index: some time after the callee gave it.
        var answers: [MonotonicInstant]
        var records: [CallRecord]
        var events: [CallID: [CallEvent.Kind]]
        var digest: String
        var leaks: LeakReport
    }

    var seed: UInt64 = 1
    var network = NetworkModel.perfect
    /// What a callee does once it has answered; a pitch of its own for a minute unless set.
    var steps: [Int: [CalleeScript.Step]] = [:]
    var configure: (inout DialerConfiguration) -> Void = { _ in }
    /// By index; the dialer's unless set.
    var rates: [Int: Int] = [:]
    /// What the agent of a call says, for ever.
    var agentPitches: [Int: Double] = [:]

    /// Places `count` calls, runs `body` once all have been answered, and hangs up what is left of them.
    func run<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Dialer, [Call]) async throws -> Value
    ) throws -> Result<Value> {
        var numbers: [String: CalleeScript] = [:]
        for index in 0..<count {
            let sound: [CalleeScript.Step] = [.beep(hertz: Self.pitches[index % 4], .seconds(60))]
            numbers["\(index)"] = CalleeScript(steps: [.answer] + (steps[index] ?? sound))
        }
        let observer = InboundTally()
        let peers = PeerTestWorld(
            seed: seed, numbers, network: network, observers: [observer],
            configure: { dialing, hosting in
                dialing.classifiesAnswers = false
                hosting.keepsAudio = true
                configure(&dialing)
            })
        let (rates, pitches) = (rates, agentPitches)
        let answers = Locked([MonotonicInstant](repeating: MonotonicInstant(nanoseconds: 0), count: count))
        let value = try peers.run { dialer in
            let calls = Locked<[Int: Call]>([:])
            let clock = Locked<Call?>(nil)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<count {
                    group.addTask {
                        var request = CallRequest(to: "\(index)")
                        request.audioRateHertz = rates[index]
                        _ = try await dialer.call(request) { call in
                            clock.withLock { $0 = call }
                            try await call.answered()
                            answers.withLock { $0[index] = call.now }
                            calls.withLock { $0[index] = call }
                            if let pitch = pitches[index] { try await Self.hum(pitch, on: call) }
                            for await _ in call.events {}
                        }
                    }
                }
                while calls.withLock({ $0.count }) < count {
                    if let call = clock.withLock({ $0 }) {
                        try await call.sleep(for: .milliseconds(20))
                    } else {
                        await Task.yield()
                    }
                }
                let answered = calls.withLock { calls in (0..<count).map { calls[$0]! } }
                let value = try await body(dialer, answered)
                for call in answered { call.hangUp() }
                try await group.waitForAll()
                return value
            }
        }
        let figures = observer.figures.withLock { $0 }
        let reports = peers.peer.reports.sorted { $0.number < $1.number }
        return Result(
            value: value, callees: reports, answers: answers.withLock { $0 }, records: figures.records,
            events: figures.events,
            digest: "\(peers.world.trace.digest)", leaks: peers.world.leaks)
    }

    private static func hum(_ hertz: Double, on call: Call) async throws {
        let second = Pitch.sine(hertz, milliseconds: 1_000, rateHertz: call.audio.rateHertz)
        while true { try await call.audio.write(second) }
    }
}

/// Which of the pitches are in a stretch of audio, by their level.
func tones(
    in samples: some Collection<Int16>, rateHertz: Int = 8_000, among all: [Double] = RoomWorld.pitches
) -> [Double] {
    all.filter { Pitch.level(of: $0, in: samples, rateHertz: rateHertz) > -40 }
}

extension PeerCallReport {
    /// What was heard between two times since the answer.
    func heard(_ milliseconds: Range<Int>) -> ArraySlice<Int16> {
        let samples = heard.samples
        let range = (milliseconds.lowerBound * 8)..<(milliseconds.upperBound * 8)
        return samples[range.clamped(to: 0..<samples.count)]
    }
}
