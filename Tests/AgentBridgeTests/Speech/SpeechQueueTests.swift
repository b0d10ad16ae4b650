@testable internal import AgentBridge
internal import SansIO
internal import Telephony
internal import Testing

@Suite("Speech queue")
struct SpeechQueueTests {
    /// An outgoing ring that counts.
    private final class Wire: SpeechQueue.Output {
        var queue: [Int16] = []
        var marks: [(position: Int64, name: String)] = []
        var samplesSent: Int64 = 0
        var capacity = 100_000
        var samplesQueued: Int { queue.count }

        func offer(_ samples: ArraySlice<Int16>) -> (accepted: Int, end: Int64) {
            let accepted = min(samples.count, capacity - queue.count)
            queue += samples.prefix(accepted)
            return (accepted, samplesSent + Int64(queue.count))
        }
        func mark(_ name: String) { marks.append((samplesSent + Int64(queue.count), name)) }
        func clear() -> Int64 {
            queue = []
            return samplesSent
        }
        func send(_ count: Int) {
            samplesSent += Int64(min(count, queue.count))
            queue.removeFirst(min(count, queue.count))
        }
    }

    private let wire = Wire()
    private var queue = SpeechQueue(rateHertz: 1_000, answeredAt: MonotonicInstant(nanoseconds: 0))

    private func ms(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    private mutating func say(_ count: Int, _ text: String, at milliseconds: Int64 = 0) -> UtteranceID {
        let id = queue.open(text: text)
        _ = queue.append([Int16](repeating: 1, count: count), text: "", to: id)
        queue.end(id)
        queue.feed(wire, at: ms(milliseconds))
        return id
    }

    @Test("Each utterance knows to the sample what was sent of it, and where it was cut")
    mutating func cutIsExact() {
        let first = say(100, "one two")
        let second = say(200, "three four five six")
        wire.send(100 + 111)
        let (spoken, _) = queue.cut(sent: wire.clear(), at: ms(211))
        #expect(
            spoken == [
                SpokenUtterance(
                    id: first, text: "one two", textSent: "one two", samplesGiven: 100, samplesSent: 100,
                    isCutOff: false, startMilliseconds: 0, endMilliseconds: 211),
                SpokenUtterance(
                    id: second, text: "three four five six", textSent: "three four", samplesGiven: 200,
                    samplesSent: 111, isCutOff: true, startMilliseconds: 100, endMilliseconds: 211),
            ])
        #expect(queue.isIdle)
    }

    @Test("What is said after a cut starts at the position of the cut")
    mutating func startsAfterCut() {
        _ = say(1_000, "a")
        wire.send(300)
        _ = queue.cut(sent: wire.clear(), at: ms(300))
        let next = say(50, "b", at: 400)
        wire.send(50)
        #expect(queue.takeFinished(sent: wire.samplesSent, at: ms(450)).map(\.id) == [next])
        #expect(wire.samplesSent == 350)
    }

    @Test("Long speech goes out piece by piece, never more than the lead ahead")
    mutating func keepsLead() {
        let id = say(20_000, "long")
        #expect(wire.queue.count == 6_000)
        var finished: [SpokenUtterance] = []
        while finished.isEmpty {
            wire.send(500)
            queue.feed(wire, at: ms(wire.samplesSent))
            #expect(wire.queue.count <= 6_000)
            finished = queue.takeFinished(sent: wire.samplesSent, at: ms(wire.samplesSent))
        }
        #expect(finished.map(\.id) == [id])
        #expect(finished.map(\.samplesSent) == [20_000])
        #expect(finished.map(\.isCutOff) == [false])
    }

    @Test("A mark stands after everything said before it and before everything said after")
    mutating func marksKeepOrder() {
        let open = queue.open(text: "")
        _ = queue.append([Int16](repeating: 1, count: 30), text: "", to: open)
        queue.mark("m", output: wire)
        _ = queue.append([Int16](repeating: 1, count: 30), text: "", to: open)
        queue.feed(wire, at: ms(0))
        #expect(wire.marks.filter { $0.name == "m" }.map(\.position) == [30])
    }

    @Test("An open utterance holds back those behind it; an empty one ends at once")
    mutating func openHoldsBack() {
        let open = queue.open(text: "")
        _ = say(10, "later")
        #expect(wire.queue.isEmpty)
        queue.end(open)
        queue.feed(wire, at: ms(5))
        #expect(wire.queue.count == 10)
        #expect(queue.takeFinished(sent: 0, at: ms(5)).map(\.id) == [open])
    }

    @Test("A cut utterance takes no more audio")
    mutating func ignoresAfterCut() {
        let id = queue.open(text: "")
        _ = queue.append([1], text: "", to: id)
        _ = queue.cut(sent: wire.clear(), at: ms(0))
        #expect(queue.append([1], text: "", to: id) == false)
    }

    @Test(
        "The text is cut to whole words that were sent",
        arguments: [
            (0, ""), (1, ""), (20, ""), (30, "one"), (60, "one"), (70, "one two"), (99, "one two"),
            (100, "one two thr"),
        ])
    func cutsWords(sent: Int, expected: String) {
        #expect(SpokenUtterance.words(of: "one two thr", sent: sent, total: 100) == expected)
    }
}
