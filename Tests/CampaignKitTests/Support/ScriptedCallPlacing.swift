import CampaignKit
import SansIO
import Telephony

/// Calls without SIP: a function says how each one ends, and every INVITE that would have left is written down.
final class ScriptedCallPlacing: CallPlacing {
    struct Script: Sendable {
        var disposition = CallDisposition.answered
        var cause = CallCause()
        var answeredBy: AnsweredBy? = .human
        var status: AgentResult.Status? = .done
        var prepares = Duration.milliseconds(200)
        var lasts = Duration.seconds(20)
        /// Thrown before the INVITE leaves.
        var error: CallError?
        /// Thrown afterwards.
        var lateError: CallError?
        /// The first trunk cannot carry it, and a second one takes over this much later.
        var failsOverAfter: Duration?

        static func ending(_ disposition: CallDisposition) -> Script {
            Script(disposition: disposition, answeredBy: nil, status: nil)
        }
        static func failing(_ error: CallError) -> Script {
            var script = Script()
            script.error = error
            return script
        }
    }

    struct Dialed: Hashable, Sendable {
        var request: String
        var id: CallID
        var sipCallID: String
        var at: WallClockInstant
        var endedAt: WallClockInstant?
        /// The number that was shown, and how it ended.
        var from: String?
        var outcome: CallOutcome?
    }

    private let driver: any Driver
    private let script: @Sendable (CallRequest, Int) -> Script
    private let log = Locked<[Dialed]>([])
    private let prepared = Locked(0)
    /// Caller numbers, used in turn like a trunk's.
    private let numbers: [String]

    /// - Parameter script: Given the request and how often its number was dialed before.
    init(
        driver: any Driver, numbers: [String] = [],
        _ script: @escaping @Sendable (CallRequest, Int) -> Script = { _, _ in Script() }
    ) {
        self.numbers = numbers
        self.driver = driver
        self.script = script
    }

    /// Every INVITE that left, in order.
    var dialed: [Dialed] { log.withLock { $0 } }
    /// How often an agent was made ready.
    var preparations: Int { prepared.withLock { $0 } }

    func placeCall(
        _ request: CallRequest, handler: any CallHandler,
        onDialing: @escaping @Sendable (_ sipCallID: String) async throws -> Void
    ) async throws -> CallOutcome {
        let id = request.id ?? CallID("none")
        let before = log.withLock { log in log.count { $0.request == request.to } }
        let script = script(request, before)
        let turn = prepared.withLock { prepared in
            defer { prepared += 1 }
            return prepared
        }
        let usable = numbers.filter { !request.avoidedCallers.contains($0) }
        let from = request.from ?? (usable.isEmpty ? nil : usable[turn % usable.count])
        if from == nil, !numbers.isEmpty { throw CallError(.noCallerNumber, "none may be used") }
        try await driver.sleep(for: script.prepares)
        if script.disposition == .notPrepared {
            return CallOutcome(
                id: id, disposition: .notPrepared, cause: CallCause(text: "no model"), endedBy: .us)
        }
        if let error = script.error { throw error }
        let sipCallID = "sip-\(id.rawValue)"
        try await onDialing(sipCallID)
        let dialedAt = driver.wallClock
        let index = log.withLock { log in
            log.append(Dialed(request: request.to, id: id, sipCallID: sipCallID, at: dialedAt, from: from))
            return log.count - 1
        }
        if let delay = script.failsOverAfter {
            try await driver.sleep(for: delay)
            try await onDialing("\(sipCallID)-second")
            log.withLock { $0[index].sipCallID = "\(sipCallID)-second" }
        }
        let wasHungUp = (try? await driver.sleep(for: script.lasts)) == nil
        let endedAt = driver.wallClock
        log.withLock { $0[index].endedAt = endedAt }
        if let error = script.lateError { throw error }
        let disposition = wasHungUp ? .cancelled : script.disposition
        var timings = CallTimings(dialed: dialedAt, ended: endedAt)
        if disposition == .answered || disposition == .dropped {
            timings.answered = dialedAt.advanced(by: min(.seconds(4), script.lasts))
        }
        let outcome = CallOutcome(
            id: id, disposition: disposition, cause: wasHungUp ? CallCause() : script.cause,
            answeredBy: disposition == .answered ? script.answeredBy : nil,
            endedBy: wasHungUp ? .us : .callee,
            agentResult: disposition == .answered ? script.status.map { AgentResult(status: $0) } : nil,
            timings: timings, callerNumber: from)
        log.withLock { $0[index].outcome = outcome }
        return outcome
    }
}

/// Never asked: the placing above does not talk.
struct NoHandler: CallHandler {
    func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance {
        { _ in AgentResult(status: .done) }
    }
}

/// Ready-made campaigns.
enum Sample {
    static let start = WallClockInstant(secondsSinceEpoch: 1_795_186_800)

    static func campaign(_ id: String = "spring", _ change: (inout CampaignSettings) -> Void = { _ in })
        -> Campaign
    {
        var settings = CampaignSettings()
        change(&settings)
        return Campaign(id: CampaignID(id)!, name: "Spring", createdAt: start, settings: settings)
    }

    /// Recipients +15550000002, …3 and so on, in rows 2, 3, ….
    static func recipients(_ count: Int, of campaign: Campaign) throws -> [Recipient] {
        try (2..<count + 2).map { row in
            let digits = String(row)
            let number = "+1555" + String(repeating: "0", count: 7 - digits.count) + digits
            return Recipient(
                campaign: campaign.id, row: row, number: try PhoneNumber(e164: number),
                context: ["name": "R\(row)"])
        }
    }

    static func number(_ row: Int) -> String {
        "+15550000" + (row < 10 ? "00\(row)" : row < 100 ? "0\(row)" : "\(row)")
    }
}
