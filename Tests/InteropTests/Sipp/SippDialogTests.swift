import Foundation
import SIPCore
import SansIO
import Telephony
import Testing

/// What happens within a call, with sipp as the callee that asks for it and checks what it gets.
@Suite("sipp in a dialog", .serialized)
struct SippDialogTests {
    private static let linger: @Sendable (Call) async throws -> Void = { call in
        try await call.answered()
        try await call.sleep(for: .milliseconds(500))
    }

    /// Stays until the callee hangs up.
    private static let stay: @Sendable (Call) async throws -> Void = { call in
        try await call.answered()
        try await call.sleep(for: .seconds(20))
    }

    @Test(
        "A reliable 183 gets its PRACK, and its media holds after a 200 without any", .timeLimit(.minutes(1)),
        arguments: [SIPTransport.udp, .tcp])
    func reliableProvisional(transport: SIPTransport) async throws {
        guard
            let run = try await SippDialog.call(
                "reliable-provisional", transport: transport, perform: Self.linger)
        else { return }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.disposition == .answered)
        #expect(run.events.contains(.earlyMedia))
    }

    @Test("421 is followed with what it requires", .timeLimit(.minutes(1)))
    func requiredExtension() async throws {
        guard let run = try await SippDialog.call("required-extension", perform: Self.linger) else { return }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.disposition == .answered)
    }

    @Test(
        "The callee holds, resumes and hangs up", .timeLimit(.minutes(1)),
        arguments: [SIPTransport.udp, .tcp])
    func hold(transport: SIPTransport) async throws {
        guard let run = try await SippDialog.call("hold", transport: transport, perform: Self.stay) else {
            return
        }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.endedBy == .callee)
        #expect(
            run.events.filter { $0 == .heldByRemote || $0 == .resumedByRemote } == [
                .heldByRemote, .resumedByRemote,
            ])
    }

    @Test("A re-INVITE without a description gets our offer", .timeLimit(.minutes(1)))
    func lateOffer() async throws {
        guard let run = try await SippDialog.call("late-offer", perform: Self.stay) else { return }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.endedBy == .callee)
    }

    @Test(
        "The callee refreshes the session by UPDATE; too short an interval is 422", .timeLimit(.minutes(1)),
        arguments: [SIPTransport.udp, .tcp])
    func update(transport: SIPTransport) async throws {
        guard let run = try await SippDialog.call("update", transport: transport, perform: Self.stay) else {
            return
        }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.endedBy == .callee)
    }

    @Test("422 to our session interval is followed with the Min-SE that it names", .timeLimit(.minutes(1)))
    func sessionInterval() async throws {
        guard
            let run = try await SippDialog.call(
                "session-interval", settings: { $0.sessionTimer = .seconds(90) }, perform: Self.linger)
        else { return }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.disposition == .answered)
    }

    @Test(
        "Two forks answer: the first is the call, the other is acknowledged and ended",
        .timeLimit(.minutes(1)))
    func forks() async throws {
        guard let run = try await SippDialog.call("forks", perform: Self.linger) else { return }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.disposition == .answered)
        #expect(run.result.outcome.endedBy == .us)
    }

    @Test(
        "An answer that crosses our CANCEL is acknowledged and ended, and counts as none",
        .timeLimit(.minutes(1)))
    func cancelCrossed() async throws {
        guard
            let run = try await SippDialog.call(
                "cancel-crossed", ringTimeout: .seconds(1), perform: { try await $0.answered() })
        else { return }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.disposition == .noAnswer)
    }

    @Test(
        "INFO, REFER, NOTIFY, OPTIONS, SUBSCRIBE and a bad re-INVITE in a call each get their answer, and it goes on",
        .timeLimit(.minutes(1)), arguments: [SIPTransport.udp, .tcp])
    func requests(transport: SIPTransport) async throws {
        guard
            let run = try await SippDialog.call(
                "requests-in-dialog", transport: transport, perform: Self.stay)
        else { return }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.endedBy == .callee)
        #expect(run.events.contains(.digit("5")))
        #expect(run.events.contains(.transferRefused(to: "sip:+19005550199@premium.example")))
    }

    @Test("Of two challenges the SHA-256 one is answered", .timeLimit(.minutes(1)))
    func sha256() async throws {
        guard
            let run = try await SippDialog.call(
                "sha-256",
                settings: { $0.credentials = SIPCredentials(username: "outdial", password: "s3cret-w0rd") },
                perform: Self.linger)
        else { return }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.disposition == .answered)
    }

    @Test("We hold against a glare and resume", .timeLimit(.minutes(1)))
    func heldByUs() async throws {
        let run = try await SippDialog.call("held-by-us") { call in
            try await call.answered()
            try await call.hold()
            try await call.resume()
        }
        guard let run else { return }
        #expect(run.isClean, "\(run.report)")
        #expect(run.events.filter { $0 == .held || $0 == .resumed } == [.held, .resumed])
    }

    @Test("We transfer the callee, who tells how it went", .timeLimit(.minutes(1)))
    func transferred() async throws {
        let run = try await SippDialog.call("transferred") { call in
            try await call.answered()
            return try await call.transfer(to: "+15559876543")
        }
        guard let run else { return }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.value == .completed)
        #expect(run.events.contains(.transferProgress(status: 180)))
    }

    @Test("302 is followed to where it leads, as far as the trunk's policy says", .timeLimit(.minutes(1)))
    func redirectFollowed() async throws {
        guard
            let run = try await SippDialog.call(
                "redirect-followed", settings: { $0.redirections = RedirectionPolicy() }, perform: Self.linger
            )
        else { return }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.disposition == .answered)
    }

    @Test(
        "A refusal's header fields stand in the outcome: Retry-After, Reason, and 420 to what we demand",
        .timeLimit(.minutes(1)))
    func refused() async throws {
        func call(
            _ line: String, _ field: String, settings: (inout Trunk) -> Void = { _ in }
        ) async throws -> CallOutcome? {
            let run = try await SippDialog.call(
                "refused", replacing: ["STATUS_LINE": line, "HEADER_FIELD": field], settings: settings
            ) { try await $0.answered() }
            if let run { #expect(run.isClean, "\(run.report)") }
            return run?.result.outcome
        }
        guard let overloaded = try await call("503 Service Unavailable", "Retry-After: 120 (maintenance)")
        else {
            return
        }
        #expect(overloaded.disposition == .trunkFault)
        #expect(overloaded.cause.retryAfterSeconds == 120)
        let hungUp = try await call("480 Gone", "Reason: Q.850;cause=19;text=\"no answer\"")
        #expect(hungUp?.disposition == .noAnswer)
        #expect(hungUp?.cause.q850 == 19)
        let strict = try await call(
            "420 Bad Extension", "Unsupported: 100rel", settings: { $0.reliableProvisional = .required })
        #expect(strict?.cause.sipStatus == 420)
        #expect(strict?.timings.answered == nil)
    }

    @Test("302 is an outcome of its own where nothing is to be followed", .timeLimit(.minutes(1)))
    func redirect() async throws {
        guard let run = try await SippDialog.call("redirect", perform: { try await $0.answered() }) else {
            return
        }
        #expect(run.isClean, "\(run.report)")
        #expect(run.result.outcome.cause.sipStatus == 302)
    }
}
