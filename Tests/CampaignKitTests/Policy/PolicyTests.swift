import CampaignKit
import Foundation
import SansIO
import Telephony
import Testing

@Suite("Retry policy")
struct RetryPolicyTests {
    private static let now = WallClockInstant(secondsSinceEpoch: 1_800_000_000)
    private static func after(_ seconds: Int64) -> WallClockInstant {
        WallClockInstant(secondsSinceEpoch: 1_800_000_000 + seconds)
    }

    private static func recipient(used: Int = 0, busy: Int = 0, faults: Int = 0) throws -> Recipient {
        var recipient = Recipient(
            campaign: CampaignID("c")!, row: 2, number: try PhoneNumber(e164: "+15551234567"))
        recipient.attemptsUsed = used
        recipient.busyCount = busy
        recipient.trunkFaults = faults
        return recipient
    }

    private static func outcome(
        _ disposition: CallDisposition, by answeredBy: AnsweredBy? = nil, _ status: AgentResult.Status? = nil,
        cause: CallCause = CallCause(), talk seconds: Int64? = nil
    ) -> AttemptEnd {
        .outcome(
            CallOutcome(
                id: CallID("a"), disposition: disposition, cause: cause, answeredBy: answeredBy,
                endedBy: .network, agentResult: status.map { AgentResult(status: $0) },
                timings: CallTimings(answered: seconds.map { after(-$0) }, ended: now)))
    }

    struct Row: Sendable {
        var situation: String
        var end: AttemptEnd
        var used = 0
        var busy = 0
        var state: RecipientState
        var usesAttempt: Bool
        var retryAfter: Int64?
        var effect: RetryPolicy.Effect = .none
    }

    @Test(
        "One row of the table each",
        arguments: [
            Row(
                situation: "answered by a person, agent done", end: outcome(.answered, by: .human, .done),
                state: .completed, usesAttempt: true),
            Row(
                situation: "answered, not classified", end: outcome(.answered, by: .unknown, .done),
                state: .completed, usesAttempt: true),
            Row(
                situation: "hung up on the agent", end: outcome(.answered, by: .human, .interrupted),
                state: .completed, usesAttempt: true),
            Row(
                situation: "agent threw", end: outcome(.answered, by: .human, .failed), state: .failed,
                usesAttempt: true),
            Row(
                situation: "voicemail, message left", end: outcome(.answered, by: .voicemail, .messageLeft),
                state: .completed, usesAttempt: true),
            Row(
                situation: "voicemail, no message", end: outcome(.answered, by: .voicemail, .interrupted),
                state: .noAnswer, usesAttempt: true),
            Row(
                situation: "screened, the agent was heard", end: outcome(.answered, by: .screening, .done),
                state: .completed, usesAttempt: true),
            Row(
                situation: "screened, nobody came", end: outcome(.answered, by: .screening, .interrupted),
                state: .noAnswer, usesAttempt: true),
            Row(
                situation: "a menu", end: outcome(.answered, by: .ivr, .interrupted), state: .noAnswer,
                usesAttempt: true),
            Row(
                situation: "a fax", end: outcome(.answered, by: .fax, .done), state: .failed,
                usesAttempt: true),
            Row(
                situation: "answered in silence", end: outcome(.answered, by: .silence, .interrupted),
                state: .pending, usesAttempt: true, retryAfter: 3_600),
            Row(
                situation: "answered in silence, agent done all the same",
                end: outcome(.answered, by: .silence, .done), state: .completed, usesAttempt: true),
            Row(situation: "busy", end: outcome(.busy), state: .pending, usesAttempt: true, retryAfter: 300),
            Row(
                situation: "busy again", end: outcome(.busy), used: 1, busy: 1, state: .pending,
                usesAttempt: true, retryAfter: 600),
            Row(
                situation: "busy after no answer", end: outcome(.busy), used: 1, state: .pending,
                usesAttempt: true, retryAfter: 300),
            Row(
                situation: "busy, budget spent", end: outcome(.busy), used: 2, busy: 2, state: .failed,
                usesAttempt: true),
            Row(
                situation: "no answer", end: outcome(.noAnswer), state: .pending, usesAttempt: true,
                retryAfter: 3_600),
            Row(
                situation: "no answer again", end: outcome(.noAnswer), used: 1, state: .pending,
                usesAttempt: true, retryAfter: 3_600),
            Row(
                situation: "no answer, budget spent", end: outcome(.noAnswer), used: 2, state: .noAnswer,
                usesAttempt: true),
            Row(
                situation: "hung up by us while ringing", end: outcome(.cancelled), state: .pending,
                usesAttempt: true, retryAfter: 3_600),
            Row(situation: "declined", end: outcome(.declined), state: .failed, usesAttempt: true),
            Row(situation: "bad number", end: outcome(.badNumber), state: .failed, usesAttempt: true),
            Row(
                situation: "busy, and asks to be left alone for longer than we wait",
                end: outcome(.busy, cause: CallCause(sipStatus: 486, retryAfterSeconds: 900)),
                state: .pending,
                usesAttempt: true, retryAfter: 900),
            Row(
                situation: "no answer, and asks for less than we wait",
                end: outcome(.noAnswer, cause: CallCause(sipStatus: 480, retryAfterSeconds: 60)),
                state: .pending, usesAttempt: true, retryAfter: 3_600),
            Row(
                situation: "busy, and asks to be left alone for a week",
                end: outcome(.busy, cause: CallCause(sipStatus: 486, retryAfterSeconds: 604_800)),
                state: .failed, usesAttempt: true),
            Row(
                situation: "blocked by analytics", end: outcome(.blocked), state: .failed, usesAttempt: true,
                effect: .restCaller(until: after(86_400))),
            Row(
                situation: "the trunk does not allow it", end: outcome(.forbidden), state: .pending,
                usesAttempt: false, retryAfter: 30, effect: .forbidden),
            Row(
                situation: "the trunk refuses our credentials",
                end: outcome(.forbidden, cause: CallCause(sipStatus: 407)), state: .pending,
                usesAttempt: false, retryAfter: 30, effect: .pause(.forbidden)),
            Row(
                situation: "no trunk for a while",
                end: outcome(.noTrunk, cause: CallCause(retryAfterSeconds: 90)), state: .pending,
                usesAttempt: false, retryAfter: 90, effect: .awaitTrunk(until: after(90))),
            Row(
                situation: "calls cannot be signed", end: .refused(CallError(.notSigned, "x")),
                state: .pending, usesAttempt: false, retryAfter: 0, effect: .pause(.notSigned)),
            Row(
                situation: "carrier limit with a time",
                end: outcome(.trunkFault, cause: CallCause(sipStatus: 503, retryAfterSeconds: 120)), used: 2,
                state: .pending, usesAttempt: false, retryAfter: 120, effect: .backOff(until: after(120))),
            Row(
                situation: "carrier limit without one",
                end: outcome(.trunkFault, cause: CallCause(sipStatus: 429)), state: .pending,
                usesAttempt: false, retryAfter: 30, effect: .backOff(until: after(30))),
            Row(
                situation: "the trunk asks to be left alone for a week",
                end: outcome(.trunkFault, cause: CallCause(sipStatus: 503, retryAfterSeconds: 604_800)),
                state: .pending, usesAttempt: false, retryAfter: 604_800, effect: .pause(.carrierLimit)),
            Row(
                situation: "lost at once", end: outcome(.dropped, by: .human, talk: 3), state: .pending,
                usesAttempt: true, retryAfter: 300),
            Row(
                situation: "lost after a while", end: outcome(.dropped, by: .human, talk: 20),
                state: .completed, usesAttempt: true),
            Row(
                situation: "lost when the agent was done", end: outcome(.dropped, by: .human, .done, talk: 3),
                state: .completed, usesAttempt: true),
            Row(
                situation: "lost, budget spent", end: outcome(.dropped, by: .human, talk: 3), used: 2,
                state: .failed, usesAttempt: true),
            Row(
                situation: "no caller number left", end: .refused(CallError(.noCallerNumber, "x")),
                state: .pending, usesAttempt: false, retryAfter: 0, effect: .pause(.callerBlocked)),
            Row(situation: "media refused", end: outcome(.mediaRefused), state: .failed, usesAttempt: true),
            Row(
                situation: "trunk fault", end: outcome(.trunkFault), state: .pending, usesAttempt: false,
                retryAfter: 30, effect: .trunkFault),
            Row(
                situation: "trunk fault with one attempt left", end: outcome(.trunkFault), used: 2,
                state: .pending, usesAttempt: false, retryAfter: 30, effect: .trunkFault),
            Row(
                situation: "our side failed", end: outcome(.failed), state: .pending, usesAttempt: false,
                retryAfter: 30, effect: .trunkFault),
            Row(
                situation: "no route", end: .refused(CallError(.noRoute, "no route")), state: .pending,
                usesAttempt: false, retryAfter: 30, effect: .trunkFault),
            Row(
                situation: "agent's prepare failed", end: outcome(.notPrepared), state: .pending,
                usesAttempt: false, retryAfter: 0, effect: .pause(.agentNotReady)),
            Row(
                situation: "dialer does not run", end: .refused(CallError(.notRunning, "x")), state: .pending,
                usesAttempt: false, retryAfter: 0, effect: .pause(.dialerUnavailable)),
            Row(
                situation: "dialer is full", end: .refused(CallError(.tooManyCalls, "x")), state: .pending,
                usesAttempt: false, retryAfter: 5, effect: .neutral),
            Row(
                situation: "process died while calling", end: outcome(.unknown), state: .unknown,
                usesAttempt: true, effect: .neutral),
        ])
    func table(row: Row) throws {
        let verdict = RetryPolicy().verdict(
            on: row.end, of: try Self.recipient(used: row.used, busy: row.busy), at: Self.now)
        #expect(verdict.state == row.state, "\(row.situation)")
        #expect(verdict.usesAttempt == row.usesAttempt)
        #expect(verdict.retryAt == row.retryAfter.map(Self.after))
        #expect(verdict.effect == row.effect)
        #expect(!verdict.reason.isEmpty)
    }

    @Test("Every disposition leaves the recipient either final or with a time, and never beyond its budget")
    func closed() throws {
        for disposition in CallDisposition.allCases {
            for used in 0..<3 {
                let verdict = RetryPolicy().verdict(
                    on: Self.outcome(disposition), of: try Self.recipient(used: used), at: Self.now)
                #expect(verdict.state.isFinal == (verdict.retryAt == nil))
                if used == 2, verdict.usesAttempt { #expect(verdict.state.isFinal) }
            }
        }
    }

    @Test("Policy may ask for another call after a voicemail")
    func voicemail() throws {
        var policy = RetryPolicy()
        policy.voicemail = .withoutMessage
        let without = Self.outcome(.answered, by: .voicemail, .interrupted)
        let with = Self.outcome(.answered, by: .voicemail, .messageLeft)
        #expect(
            policy.verdict(on: without, of: try Self.recipient(), at: Self.now).retryAt == Self.after(14_400))
        #expect(policy.verdict(on: with, of: try Self.recipient(), at: Self.now).state == .completed)
        policy.voicemail = .always
        #expect(policy.verdict(on: with, of: try Self.recipient(), at: Self.now).state == .pending)
        #expect(policy.verdict(on: with, of: try Self.recipient(used: 2), at: Self.now).state == .completed)
    }

    @Test("Waits double up to their limit; a number that the trunk alone refuses is given up in the end")
    func limits() throws {
        var policy = RetryPolicy()
        policy.maximumAttempts = 20
        policy.maximumDelay = .seconds(1_000)
        let waits = try (0..<4).map {
            policy.verdict(on: Self.outcome(.busy), of: try Self.recipient(busy: $0), at: Self.now).retryAt
        }
        #expect(waits == [300, 600, 1_000, 1_000].map(Self.after))
        let last = policy.verdict(
            on: Self.outcome(.trunkFault), of: try Self.recipient(faults: 9), at: Self.now)
        #expect(last.state == .failed && !last.usesAttempt)
    }
}

@Suite("Pacing and settings")
struct PacingTests {
    private func at(_ seconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: seconds * 1_000_000_000)
    }

    @Test("Starts are evenly spaced, and a late one is not made up for")
    func spacing() {
        var pacing = Pacing(callsPerMinute: 5, maximumConcurrency: 100)
        #expect(pacing.allowsStart(at: at(0)))
        pacing.started(at: at(0))
        #expect(pacing.nextStart(after: at(1)) == at(12))
        #expect(pacing.allowsStart(at: at(40)))
        pacing.started(at: at(40))
        #expect(!pacing.allowsStart(at: at(51)))
        #expect(pacing.allowsStart(at: at(52)))
    }

    @Test("No more calls at once than allowed")
    func concurrency() {
        var pacing = Pacing(callsPerMinute: 60, maximumConcurrency: 2)
        pacing.started(at: at(0))
        pacing.started(at: at(1))
        #expect(pacing.nextStart(after: at(10)) == nil)
        pacing.ended()
        #expect(pacing.allowsStart(at: at(10)))
    }

    @Test("Settings out of range are refused in words, and a high rate must be meant")
    func settings() throws {
        var settings = CampaignSettings()
        #expect(settings.problems.isEmpty)
        settings.callsPerMinute = 61
        #expect(settings.problems == ["callsPerMinute is 61, not 1...60; more needs allowsHighRate"])
        settings.allowsHighRate = true
        try settings.validate()
        settings.timeZone = "Mars/Base"
        settings.retry.maximumAttempts = 0
        #expect(settings.problems.count == 2)
    }

    @Test("Settings from JSON: what is left out has its default, what is misspelt is refused")
    func coding() throws {
        func decode(_ text: String) throws -> CampaignSettings {
            try JSONDecoder().decode(CampaignSettings.self, from: Data(text.utf8))
        }
        #expect(try decode("{}") == CampaignSettings())
        let settings = try decode(
            #"{"callsPerMinute":30,"ringTimeout":25,"retry":{"busyDelay":60.5},"callingHours":{"monday":["09:00-17:00"]}}"#
        )
        #expect(settings.callsPerMinute == 30)
        #expect(settings.ringTimeout == .seconds(25))
        #expect(settings.retry.busyDelay == .milliseconds(60_500))
        #expect(settings.retry.maximumAttempts == 3)
        #expect(try decode(String(decoding: JSONEncoder().encode(settings), as: UTF8.self)) == settings)
        #expect(throws: DecodingError.self) { _ = try decode(#"{"callsPerMinite":30}"#) }
        #expect(throws: DecodingError.self) { _ = try decode(#"{"retry":{"busyDelay":-1}}"#) }
    }

    @Test("A do-not-call list reads numbers as people write them and tells what it could not read")
    func doNotCall() throws {
        let list = DoNotCallList(
            text: "phone,reason\n(555) 123-4567, asked\n\n# office\n+44 20 7946 0018 # Ann\nnobody\n12\n")
        #expect(list.count == 2)
        #expect(list.contains(try PhoneNumber(e164: "+15551234567")))
        #expect(list.contains(try PhoneNumber(e164: "+442079460018")))
        #expect(list.unreadableLines == [6, 7])
    }
}
