import SansIO
import Testing

@testable import Telephony

@Suite("When a trunk is left alone")
struct TrunkBreakerTests {
    private static func at(_ seconds: Double) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: Int64(seconds * 1e9))
    }

    private static func breaker(_ change: (inout TrunkBreakerPolicy) -> Void = { _ in }) -> TrunkBreaker {
        var policy = TrunkBreakerPolicy()
        policy.faultLimit = 3
        change(&policy)
        return TrunkBreaker(policy)
    }

    /// One call that begins and ends at once.
    private static func call(_ breaker: inout TrunkBreaker, _ verdict: TrunkVerdict, at seconds: Double) {
        let isTrial = breaker.begin(at: at(seconds))
        breaker.hear(verdict, isTrial: isTrial, at: at(seconds))
    }

    @Test("Faults in a row open it; one that works in between starts the count anew")
    func opens() {
        var breaker = Self.breaker()
        for verdict in [TrunkVerdict.fault("a"), .fault("b"), .works, .fault("c"), .fault("d")] {
            Self.call(&breaker, verdict, at: 1)
            #expect(breaker.state == .closed)
        }
        Self.call(&breaker, .fault("e"), at: 2)
        #expect(breaker.state == .open)
        #expect(breaker.readyAt(Self.at(2)) == Self.at(32))
    }

    @Test(
        "Half-open lets one call through at a time: it closes when that works, else it stays open twice as long"
    )
    func halfOpen() {
        var breaker = Self.breaker { $0.maximumOpenTime = .seconds(100) }
        for _ in 0..<3 { Self.call(&breaker, .fault("x"), at: 0) }
        #expect(breaker.state(at: Self.at(29.9)) == .open)
        #expect(breaker.state(at: Self.at(30)) == .halfOpen)

        let isTrial = breaker.begin(at: Self.at(30))
        #expect(isTrial)
        #expect(breaker.readyAt(Self.at(30)) == nil, "the trial has to end first")
        breaker.hear(.fault("y"), isTrial: true, at: Self.at(31))
        #expect(breaker.readyAt(Self.at(31)) == Self.at(91))
        Self.call(&breaker, .fault("z"), at: 91)
        #expect(breaker.readyAt(Self.at(91)) == Self.at(191), "100 s are the most")

        Self.call(&breaker, .neutral, at: 191)
        #expect(
            breaker.readyAt(Self.at(192)) == Self.at(192), "a trial that says nothing is followed by another")
        Self.call(&breaker, .works, at: 192)
        #expect(breaker.state == .closed)
        for _ in 0..<3 { Self.call(&breaker, .fault("x"), at: 200) }
        #expect(breaker.readyAt(Self.at(200)) == Self.at(230), "the time starts small again")
    }

    @Test("A call from before the circuit opened says nothing about now")
    func lateWord() {
        var breaker = Self.breaker()
        let old = breaker.begin(at: Self.at(0))
        for _ in 0..<3 { Self.call(&breaker, .fault("x"), at: 1) }
        breaker.hear(.works, isTrial: old, at: Self.at(2))
        #expect(breaker.state == .open)
    }

    @Test("Refused credentials stop it at once, until a person acts")
    func stopped() {
        var breaker = Self.breaker()
        Self.call(&breaker, .refusal("407"), at: 0)
        #expect(breaker.state(at: Self.at(100_000)) == .stopped)
        #expect(breaker.readyAt(Self.at(100_000)) == nil)
        breaker.resume()
        #expect(breaker.readyAt(Self.at(100_000)) == Self.at(100_000))
    }

    @Test("One callee who is forbidden says nothing about the others: several in a row stop the trunk")
    func forbidden() {
        func forbidden(_ callee: String) -> TrunkVerdict { .forbidden("403", callee: callee) }
        var breaker = Self.breaker()
        for _ in 0..<50 { Self.call(&breaker, forbidden("+15550001"), at: 0) }
        for callee in ["+15550002", "+15550003", "+15550004"] {
            Self.call(&breaker, forbidden(callee), at: 0)
        }
        #expect(breaker.state == .closed)
        var lucky = breaker
        Self.call(&breaker, forbidden("+15550005"), at: 0)
        #expect(breaker.state == .stopped)

        Self.call(&lucky, .works, at: 0)
        for callee in 5...8 { Self.call(&lucky, forbidden("\(callee)"), at: 0) }
        #expect(lucky.state == .closed, "one that works starts the count anew")
        Self.call(&lucky, forbidden("9"), at: 0)
        #expect(lucky.state == .stopped)
    }

    @Test(
        "It rests as long as it asks, within bounds",
        arguments: [(120, 120.0), (nil, 10), (0, 1), (-5, 1), (1_000_000_000, 3_600)] as [(Int?, Double)])
    func rests(seconds: Int?, expected: Double) {
        var breaker = Self.breaker()
        Self.call(&breaker, .rest(seconds: seconds, "503"), at: 5)
        #expect(breaker.state == .closed)
        #expect(breaker.readyAt(Self.at(5)) == Self.at(5 + expected))
        Self.call(&breaker, .rest(seconds: 1, "503"), at: 5)
        #expect(
            breaker.readyAt(Self.at(5)) == Self.at(5 + max(expected, 1)), "a shorter word shortens nothing")
        #expect(breaker.readyAt(Self.at(10_000)) == Self.at(10_000))
    }

    @Test(
        "What an end says about the trunk",
        arguments: [
            (.answered, nil, nil, .works), (.busy, 486, nil, .works), (.busy, 500, nil, .works),
            (.badNumber, 404, nil, .works), (.declined, 603, nil, .works), (.blocked, 608, nil, .works),
            (.noAnswer, 480, nil, .works), (.mediaRefused, 488, nil, .works), (.dropped, 200, nil, .works),
            (.cancelled, nil, nil, .neutral), (.failed, nil, nil, .neutral), (.noTrunk, nil, nil, .neutral),
            (.trunkFault, nil, nil, .fault("t")), (.trunkFault, 500, nil, .fault("500 t")),
            (.trunkFault, 503, nil, .fault("503 t")), (.trunkFault, 503, 0, .fault("503 t")),
            (.trunkFault, 503, 30, .rest(seconds: 30, "503 t")),
            (.trunkFault, 429, nil, .rest(seconds: nil, "429 t")),
            (.trunkFault, 429, 7, .rest(seconds: 7, "429 t")), (.trunkFault, 302, nil, .works),
            (.forbidden, 403, nil, .forbidden("403 t", callee: "+1")),
            (.forbidden, 407, nil, .refusal("407 t")),
            (.forbidden, 402, nil, .forbidden("402 t", callee: "+1")),
            (.forbidden, 401, nil, .refusal("401 t")), (.forbidden, 500, nil, .fault("500 t")),
        ] as [(CallDisposition, Int?, Int?, TrunkVerdict)])
    func verdicts(disposition: CallDisposition, status: Int?, wait: Int?, verdict: TrunkVerdict) {
        let cause = CallCause(sipStatus: status, text: "t", retryAfterSeconds: wait)
        #expect(TrunkVerdict(disposition, cause, callee: "+1") == verdict)
    }
}
