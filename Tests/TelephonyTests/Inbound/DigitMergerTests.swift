import SansIO
import Testing

@testable import Telephony

@Suite("Keys that come in several ways")
struct DigitMergerTests {
    private var merger = DigitMerger()

    private mutating func told(_ presses: [(Character, DigitMerger.Way, milliseconds: Int64)]) -> String {
        presses.reduce(into: "") { told, press in
            let at = MonotonicInstant(nanoseconds: press.milliseconds * 1_000_000)
            if merger.isNew(press.0, by: press.1, at: at) { told.append(press.0) }
        }
    }

    @Test("A key that comes as event, in the sound and in an INFO is told once")
    mutating func once() {
        let keys = told([("5", .event, 0), ("5", .sound, 45), ("5", .info, 600), ("7", .event, 700)])
        #expect(keys == "57")
    }

    @Test("A key pressed twice is told twice, in whatever order its copies come")
    mutating func twice() {
        let inStep = told([("5", .event, 0), ("5", .sound, 45), ("5", .event, 200), ("5", .sound, 245)])
        #expect(inStep == "55")
        let late = told([("6", .event, 300), ("6", .event, 500), ("6", .info, 600), ("6", .info, 800)])
        #expect(late == "66")
    }

    @Test("Copies more than a second apart are two keys")
    mutating func apart() {
        let keys = told([("5", .event, 0), ("5", .info, 1_001)])
        #expect(keys == "55")
    }

    @Test("A flood of keys is told without end and remembered within bounds")
    mutating func flood() {
        let keys = told((0..<500).map { _ in ("1", .event, 0) })
        #expect(keys.count == 500)
    }
}

@Suite("Keys sent as INFO")
struct InfoDigitSenderTests {
    private var sender = InfoDigitSender()

    private func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test("One at a time, each after the answer to the one before and the time that it lasted")
    mutating func paced() {
        #expect(sender.nextDeadline == nil)
        let isQueued = sender.send("12")
        #expect(isQueued)
        var out = sender.fire(at: at(1_000))
        #expect(out == .send("1"))
        #expect(sender.nextDeadline == nil)
        out = sender.fire(at: at(2_000))
        #expect(out == nil)
        sender.answered(200, at: at(1_050))
        #expect(sender.nextDeadline == at(1_260))
        out = sender.fire(at: at(1_100))
        #expect(out == nil)
        out = sender.fire(at: at(1_260))
        #expect(out == .send("2"))
        sender.answered(200, at: at(1_300))
        #expect(sender.nextDeadline == nil)
    }

    @Test("W waits half a second")
    mutating func pause() {
        _ = sender.send("W1")
        let out = sender.fire(at: at(1_000))
        #expect(out == nil)
        #expect(sender.nextDeadline == at(1_500))
        let next = sender.fire(at: at(1_500))
        #expect(next == .send("1"))
    }

    @Test("A far end that refuses a key, or says nothing, is sent no more", arguments: [415, nil])
    mutating func refused(status: Int?) {
        _ = sender.send("123")
        _ = sender.fire(at: at(1_000))
        sender.answered(status, at: at(1_100))
        #expect(sender.nextDeadline == nil)
        let out = sender.fire(at: at(5_000))
        #expect(out == nil)
    }

    @Test("More keys than the queue holds are refused together")
    mutating func capacity() {
        let isQueued = sender.send(String(repeating: "1", count: InfoDigitSender.capacity + 1))
        #expect(!isQueued)
        #expect(sender.nextDeadline == nil)
    }
}
