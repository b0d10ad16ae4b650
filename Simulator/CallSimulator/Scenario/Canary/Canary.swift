internal import AgentBridge
internal import CampaignKit
internal import SansIO

/// One planted fault and the rule that has to find it: a rule that cannot object proves nothing.
public struct Canary: Sendable {
    /// The fault, in words.
    public let name: String
    /// The rule against it; `nil` for a control, in which nothing may be found.
    public let invariant: Invariant?
    private let violations: @Sendable () throws -> [Violation]

    init(
        _ invariant: Invariant?, _ name: String, violations: @escaping @Sendable () throws -> [Violation]
    ) {
        self.invariant = invariant
        self.name = name
        self.violations = violations
    }

    /// Runs the scenario with the fault in it.
    ///
    /// - Returns: Whether the rule objected (a control: whether none did), and the first objection or what happened instead.
    public func sing() -> (isFound: Bool, detail: String) {
        do {
            let found = try violations()
            guard let invariant else { return (found.isEmpty, found.first?.description ?? "no violation") }
            if let first = found.first(where: { $0.invariant == invariant }) {
                return (true, first.description)
            }
            return (false, found.isEmpty ? "no violation" : "only \(found.map(\.description))")
        } catch {
            return (false, "\(error)")
        }
    }

    /// Every rule has at least one.
    public static let all: [Canary] = [
        rogue(nil, "a callee that keeps to all rules", .none),
        rogue(.rtpWindow, "RTP before the answer", .rtpBeforeAnswer),
        rogue(.rtpWindow, "RTP half a second after the BYE", .rtpAfterEnd),
        rogue(.rtpSequence, "a sequence number left out", .sequenceJump),
        rogue(.rtpTimestamp, "timestamps that run fast", .stampDrift),
        rogue(.endedDialog, "INFO after the BYE", .requestAfterEnd),
        rogue(.commandSequence, "CSeq 5, then CSeq 4", .fallingCSeq),
        rogue(.byeAnswered, "a BYE that nobody answers", .silentToBye),
        rogue(.nothingLeft, "a socket left open", .socketLeft),
        Canary(.acknowledgement, "ACKs that do not leave") {
            try Scenario().agent(SilentAgent(hangsUpAfter: .seconds(1)))
                .blindfolded(.acknowledgements).run().violations
        },
        Canary(.oneOutcome, "a call without a record") {
            try Scenario().callee(.busy).blindfolded(.records).run().violations
        },
        Canary(.bargeIn, "an agent that talks over whoever interrupts it") {
            try Scenario().callee(.answers().waits(.seconds(3)).says("Stop, this is not a good time at all."))
                .agent(BrazenAgent()).run().violations
        },
        campaign(.concurrency, "more calls at once than allowed") { $0.maximumConcurrency = 2 },
        campaign(.rate, "faster than allowed") { $0.callsPerMinute = 3 },
        campaign(.callingHours, "calls outside of hours") {
            $0.callingHours = CallingHours([.monday: [.init(from: 0, to: 60)].compactMap { $0 }])
        },
        campaign(.attemptCap, "more attempts than allowed", callees: CalleeMix(.busy)) {
            $0.retry.maximumAttempts = 1
        },
        Canary(.doNotCall, "a number on the list") {
            let number = try PhoneNumber(e164: "+15550000003")
            return try CampaignScenario(recipients: 6).callees(CalleeMix(.busy))
                .judged(by: CampaignSettings(), doNotCall: [number]).run().violations
        },
        Canary(.twiceAtOnce, "a second call to somebody on the phone") {
            try CampaignScenario(recipients: 1).callees(CalleeMix(.answers())).doubleCalls().run().violations
        },
    ]

    private static func rogue(_ invariant: Invariant?, _ name: String, _ fault: RogueCallee.Fault) -> Canary {
        Canary(invariant, name) {
            try Scenario().agent(SilentAgent(hangsUpAfter: .seconds(1))).rogue(fault).run().violations
        }
    }

    /// A campaign under its own settings, judged by stricter ones.
    private static func campaign(
        _ invariant: Invariant, _ name: String, callees: CalleeMix = .ordinary,
        _ tighten: @escaping @Sendable (inout CampaignSettings) -> Void
    ) -> Canary {
        Canary(invariant, name) {
            var settings = CampaignSettings()
            settings.callsPerMinute = 60
            var terms = settings
            tighten(&terms)
            return try CampaignScenario(recipients: 6).settings(settings).callees(callees)
                .judged(by: terms).run().violations
        }
    }
}
