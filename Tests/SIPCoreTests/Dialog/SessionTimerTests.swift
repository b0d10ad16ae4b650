import SansIO
import Testing

@testable import SIPCore

@Suite("Session timer, RFC 4028")
struct SessionTimerTests {
    typealias State = SessionTimer.State
    private let epoch = MonotonicInstant(nanoseconds: 0)

    private static let none = SessionTimer.Action.none

    /// For each state its row: next state and action by input, in the order of `Input.allCases`.
    private static let table: [(State, [(State, SessionTimer.Action, String)])] = [
        (
            .off,
            [
                (.ours, .start, "RFC 4028 §7.2"), (.theirs, .start, "RFC 4028 §7.2"),
                (.off, none, "RFC 4028 §7.2"),
                (.off, none, "RFC 4028 §10"), (.off, none, "RFC 4028 §10"), (.off, none, "RFC 4028 §7.4"),
            ]
        ),
        (
            .ours,
            [
                (.ours, .start, "RFC 4028 §7.2"), (.theirs, .start, "RFC 4028 §7.2"),
                (.off, .stop, "RFC 4028 §7.2"),
                (.refreshing, .refresh, "RFC 4028 §10"), (.over, .hangUp, "RFC 4028 §10"),
                (.ours, none, "RFC 4028 §7.4"),
            ]
        ),
        (
            .refreshing,
            [
                (.ours, .start, "RFC 4028 §7.2"), (.theirs, .start, "RFC 4028 §7.2"),
                (.off, .stop, "RFC 4028 §7.2"),
                (.refreshing, none, "RFC 4028 §10"), (.over, .hangUp, "RFC 4028 §10"),
                (.ours, .tryAgain, "RFC 4028 §7.4"),
            ]
        ),
        (
            .theirs,
            [
                (.ours, .start, "RFC 4028 §7.2"), (.theirs, .start, "RFC 4028 §7.2"),
                (.off, .stop, "RFC 4028 §7.2"),
                (.theirs, none, "RFC 4028 §10"), (.over, .hangUp, "RFC 4028 §10"),
                (.theirs, none, "RFC 4028 §7.4"),
            ]
        ),
        (
            .over,
            [
                (.over, none, "RFC 4028 §10"), (.over, none, "RFC 4028 §10"), (.over, none, "RFC 4028 §10"),
                (.over, none, "RFC 4028 §10"), (.over, none, "RFC 4028 §10"), (.over, none, "RFC 4028 §10"),
            ]
        ),
    ]

    @Test("All states and inputs")
    func wholeTable() throws {
        #expect(Self.table.map(\.0) == State.allCases)
        for (state, row) in Self.table {
            try #require(row.count == SessionTimer.Input.allCases.count)
            for (input, cell) in zip(SessionTimer.Input.allCases, row) {
                let expected = SessionTimer.Transition(cell.0, cell.1, cell.2)
                #expect(SessionTimer.transition(state, input) == expected, "\(state), \(input)")
            }
        }
    }

    @Test(
        "The refresher refreshes at half the interval; both give up min(32 s, a third) before its end",
        arguments: [
            (interval: 90, half: 45, end: 60), (interval: 96, half: 48, end: 64),
            (interval: 1800, half: 900, end: 1768),
            (interval: 10, half: 45, end: 60),  // Less than the least there is.
        ] as [(interval: UInt32, half: Int64, end: Int64)])
    func deadlines(interval: UInt32, half: Int64, end: Int64) {
        var timer = SessionTimer()
        timer.settle(interval: interval, refresher: .us, at: epoch)
        #expect(timer.nextDeadline == epoch.advanced(by: .seconds(half)))
        #expect(timer.fire(at: epoch.advanced(by: .seconds(half))) == .refresh)
        #expect(timer.nextDeadline == epoch.advanced(by: .seconds(end)))
        #expect(timer.fire(at: epoch.advanced(by: .seconds(end))) == .hangUp)
        #expect(timer.nextDeadline == nil)
        timer = SessionTimer()
        timer.settle(interval: interval, refresher: .them, at: epoch)
        #expect(timer.nextDeadline == epoch.advanced(by: .seconds(end)))
        #expect(timer.fire(at: epoch.advanced(by: .seconds(end))) == .hangUp)
    }

    @Test("A refused refresh is tried again in half the time that is left, until 2 s are left")
    func triesAgain() {
        var timer = SessionTimer()
        timer.settle(interval: 90, refresher: .us, at: epoch)
        var times: [Int64] = []
        while let deadline = timer.nextDeadline, timer.state != .over {
            times.append(epoch.duration(to: deadline).components.seconds)
            if timer.fire(at: deadline) == .refresh { timer.refreshRefused(at: deadline) }
        }
        #expect(times == [45, 52, 56, 58, 60])
    }

    @Test("A 2xx without Session-Expires ends the timer, one with it starts the interval anew")
    func settledAnew() {
        var timer = SessionTimer()
        timer.settle(interval: 1800, refresher: .us, at: epoch)
        timer.settle(interval: 600, refresher: .them, at: epoch.advanced(by: .seconds(100)))
        #expect(timer.nextDeadline == epoch.advanced(by: .seconds(668)))
        timer.settle(interval: 0, refresher: nil, at: epoch.advanced(by: .seconds(200)))
        #expect(timer.nextDeadline == nil)
        #expect(timer.state == .off)
    }

    /// What the request says, what we want, what the 2xx says (RFC 4028 §9, table 2).
    @Test(
        "The callee's agreement",
        arguments: [
            (nil, nil, 0, true, nil, nil, nil), (nil, nil, 0, false, nil, nil, nil),
            (nil, nil, 0, true, 1800, 1800, .uac), (nil, nil, 0, false, 1800, 1800, .uas),
            (600, nil, 0, true, nil, 600, .uac), (600, .uac, 0, true, nil, 600, .uac),
            (600, .uas, 0, true, nil, 600, .uas), (600, .uac, 0, false, nil, 600, .uas),
            (600, nil, 0, true, 300, 300, .uac), (600, nil, 400, true, 300, 400, .uac),
            (600, nil, 0, true, 1800, 600, .uac), (95, nil, 200, false, nil, 95, .uas),
            (600, nil, 900, true, nil, 600, .uac), (30, nil, 0, false, nil, nil, nil),
        ]
            as [(
                UInt32?, SIPSessionExpires.Refresher?, UInt32, Bool, UInt32?, UInt32?,
                SIPSessionExpires.Refresher?
            )])
    func agreement(
        interval: UInt32?, refresher: SIPSessionExpires.Refresher?, minimum: UInt32, isSupported: Bool,
        wanted: UInt32?, agreed: UInt32?, by: SIPSessionExpires.Refresher?
    ) {
        var terms = SessionTimerTerms()
        terms.interval = interval
        terms.refresher = refresher
        terms.minimum = minimum
        terms.isSupported = isSupported
        let expected = agreed.map { SIPSessionExpires(seconds: $0, refresher: by) }
        #expect(terms.agreement(wanted: wanted, least: 90) == expected)
    }
}
