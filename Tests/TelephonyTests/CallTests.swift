import SIPCore
import SansIO
import Testing

@testable import Telephony

@Suite("One call, as its agent sees it")
struct CallTests {
    private final class NoControl: CallControl {
        func hangUp(_ id: CallID) {}
        func sendDigits(_ digits: String, on id: CallID) {}
    }

    private func makeCall(eventLimit: Int) throws -> Call {
        Call(
            id: "c", request: CallRequest(to: "100"), audio: CallAudio(rateHertz: 8_000),
            eventLimit: eventLimit, control: NoControl(), clock: try Dialer.makeDriver())
    }

    private func record(_ kinds: CallEvent.Kind..., in call: Call) {
        for kind in kinds { call.record(CallEvent(instant: MonotonicInstant(nanoseconds: 0), kind: kind)) }
    }

    @Test("The answer is known to one who asks after the log has dropped its event")
    func lateToTheAnswer() async throws {
        let call = try makeCall(eventLimit: 1)
        let outcome = CallOutcome(id: "c", disposition: .answered, endedBy: .callee)
        record(.dialing(sipCallID: "x"), .answered, .voiceStarted, .ended(outcome), in: call)
        try await call.answered()
    }

    @Test("A call that ends first was not answered")
    func notAnswered() async throws {
        let call = try makeCall(eventLimit: 16)
        let outcome = CallOutcome(id: "c", disposition: .busy, endedBy: .callee)
        record(.dialing(sipCallID: "x"), .ended(outcome), in: call)
        await #expect(throws: CallError(.notAnswered, "the call ended without an answer")) {
            try await call.answered()
        }
    }

    @Test("Many marks at one position are all reached by the frame that passes it, in order")
    func manyMarks() async throws {
        let audio = CallAudio(rateHertz: 8_000)
        for index in 0..<500 { audio.mark("early \(index)") }
        try await audio.write([Int16](repeating: 1, count: 200))
        audio.mark("late")
        var samples = [Int16](repeating: 0, count: 160)
        var frame = samples.mutableSpan
        #expect(audio.takeFrame(into: &frame) == 160)
        #expect(audio.takeReachedMarks().map(\.name) == (0..<500).map { "early \($0)" })
        #expect(audio.takeFrame(into: &frame) == 40)
        #expect(
            audio.takeReachedMarks() == [MarkEvent(name: "late", samplesSent: 200, wasCleared: false)])
    }

    @Test("A reader that asks for nothing gets a sample and does not spin")
    func readNothing() async throws {
        let audio = CallAudio(rateHertz: 8_000)
        audio.deliver([7, 8].span)
        #expect(await audio.read(maximum: 0) == [7])
        #expect(await audio.read(maximum: -1) == [8])
    }
}
