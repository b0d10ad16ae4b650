import SIPCore
import SansIO
import Testing

@Suite("Health by OPTIONS, RFC 3261 §11")
struct OptionsProbeTests {
    typealias Output = OptionsProbe.Output
    private static let epoch = MonotonicInstant(nanoseconds: 0)

    private func made(
        failureLimit: Int = 3, recoveryLimit: Int = 2, seed: UInt64 = 1
    ) -> (OptionsProbe, Output) {
        let request = OutgoingRequest(
            method: .message, requestURI: "sip:192.0.2.2", from: "<sip:a@192.0.2.1>",
            to: "<sip:192.0.2.2>", sentBy: "192.0.2.1:5060", callID: "x",
            destination: Wire.Side.callee.address, socket: SocketID(rawValue: 1), timeout: .seconds(4))
        var probe = OptionsProbe(
            configuration: OptionsProbe.Configuration(
                request: request, failureLimit: failureLimit, recoveryLimit: recoveryLimit),
            generator: SeededGenerator(seed: seed))
        var out = Output()
        probe.start(at: Self.epoch, into: &out)
        return (probe, out)
    }

    private func response(_ status: Int, retryAfter: String? = nil) -> ReceivedResponse {
        ReceivedResponse(
            status: status, reasonPhrase: "",
            headers: retryAfter.map { [SIPHeaderField(name: "Retry-After", value: $0)] } ?? [])
    }

    @Test("Asks at once, then at the interval give or take a tenth; faster while down")
    func interval() throws {
        var (probe, out) = made(failureLimit: 1)
        #expect(out.sends.map(\.method) == [.options])
        #expect(out.sends[0].callID == nil)
        #expect(probe.nextDeadline == nil)
        probe.receive(response(200), at: Self.epoch, into: &out)
        var deadline = try #require(probe.nextDeadline)
        #expect(deadline >= Self.epoch.advanced(by: .seconds(27)))
        #expect(deadline <= Self.epoch.advanced(by: .seconds(33)))
        probe.fire(at: Self.epoch, into: &out)
        #expect(out.sends.count == 1)
        probe.fire(at: deadline, into: &out)
        #expect(out.sends.count == 2)
        probe.receive(.timedOut, at: deadline, into: &out)
        let now = deadline
        deadline = try #require(probe.nextDeadline)
        #expect(deadline >= now.advanced(by: .seconds(9)) && deadline <= now.advanced(by: .seconds(11)))
    }

    /// `+` an answer, `-` a silence, `U`, `D`, `?` the health after it.
    @Test(
        "Answers and silences in a row decide",
        arguments: ["+?+U-U-U+U-U-U-D+D-D+D+U", "-?-?-D+D+U", "-?+?-?-?-D", "+?+U+U"])
    func sequence(script: String) throws {
        var (probe, out) = made()
        let steps = Array(script)
        var now = Self.epoch
        var changes: [OptionsProbe.Health] = []
        for index in stride(from: 0, to: steps.count, by: 2) {
            out.removeAll()
            now = now.advanced(by: .milliseconds(10))
            if steps[index] == "+" {
                probe.receive(response(200), at: now, into: &out)
            } else {
                probe.receive(.timedOut, at: now, into: &out)
            }
            changes += out.events.compactMap { if case .became(let health) = $0 { health } else { nil } }
            let expected: OptionsProbe.Health =
                steps[index + 1] == "U" ? .up : steps[index + 1] == "D" ? .down : .unknown
            #expect(probe.health == expected, "step \(index / 2) of \(script)")
            now = try #require(probe.nextDeadline)
            probe.fire(at: now, into: &out)
        }
        #expect(zip(changes, changes.dropFirst()).allSatisfy { $0 != $1 })
    }

    @Test(
        "Which answers are signs of life",
        arguments: [
            (200, true), (302, true), (401, true), (404, true), (405, true), (407, true), (483, true),
            (501, true), (603, true), (408, false), (500, false), (502, false), (503, false), (504, false),
        ])
    func signs(status: Int, isAlive: Bool) {
        var (probe, out) = made(failureLimit: 1, recoveryLimit: 1)
        probe.receive(response(status), at: Self.epoch, into: &out)
        #expect(probe.health == (isAlive ? .up : .down))
        let event: OptionsProbe.Event =
            isAlive ? .answered(status: status, roundTrip: .zero) : .unanswered(.refused(status: status))
        #expect(out.events.first == event)
    }

    @Test("Retry-After of a 503 is the least wait, an hour at most")
    func retryAfter() throws {
        for (asked, least) in [("120", 120), ("99999999", 3_600)] {
            var (probe, out) = made()
            probe.receive(response(503, retryAfter: asked), at: Self.epoch, into: &out)
            #expect(probe.nextDeadline == Self.epoch.advanced(by: .seconds(least)))
        }
    }

    @Test("Round trips: the last one, and smoothed by an eighth")
    func roundTrips() throws {
        var (probe, out) = made()
        #expect(probe.lastRoundTrip == nil)
        var now = Self.epoch
        for milliseconds in [80, 160] {
            now = now.advanced(by: .milliseconds(milliseconds))
            probe.receive(response(200), at: now, into: &out)
            now = try #require(probe.nextDeadline)
            probe.fire(at: now, into: &out)
        }
        #expect(probe.lastRoundTrip == .milliseconds(160))
        #expect(probe.smoothedRoundTrip == .milliseconds(90))
    }

    @Test("What comes when nothing was asked, or after the end, changes nothing")
    func uninvited() {
        var (probe, out) = made(failureLimit: 1, recoveryLimit: 1)
        probe.receive(response(200), at: Self.epoch, into: &out)
        let before = out
        probe.receive(response(503), at: Self.epoch, into: &out)
        probe.receive(.timedOut, at: Self.epoch, into: &out)
        #expect(out == before)
        probe.stop()
        #expect(probe.health == .unknown && probe.nextDeadline == nil)
        probe.receive(response(200), at: Self.epoch, into: &out)
        probe.fire(at: Self.epoch.advanced(by: .seconds(99)), into: &out)
        #expect(out == before)
    }
}
