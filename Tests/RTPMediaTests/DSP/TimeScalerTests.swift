import Foundation
@testable import RTPMedia
import TestSupport
import Testing

/// Plays `sound` in packets of 20 ms through a scaler that is asked the same in every frame.
private func stretch(_ sound: [Int16], _ adjustment: PlayoutAdjustment) -> [Int16] {
    var queue = SampleQueue(capacity: 2_048)
    var scaler = TimeScaler()
    var output: [Int16] = []
    var next = 0
    func fill(_ queue: inout SampleQueue) {
        while queue.count < 160, next + 160 <= sound.count {
            queue.append(upTo: 160) { span in
                for index in 0..<160 { span[index] = sound[next + index] }
                return 160
            }
            next += 160
        }
    }
    while next + 320 <= sound.count {
        fill(&queue)
        if scaler.apply(adjustment, to: &queue) < 0 { fill(&queue) }
        var frame = [Int16](repeating: 0, count: 160)
        var span = frame.mutableSpan
        queue.takeFirst(into: &span)
        scaler.remember(frame.span)
        output += frame
    }
    return output
}

/// Rising zero crossings per second.
private func crossings(_ samples: ArraySlice<Int16>) -> Double {
    let count = zip(samples, samples.dropFirst()).count { $0 < 0 && $1 >= 0 }
    return Double(count) * 8_000 / Double(samples.count)
}

@Suite("Time-scale modification")
struct TimeScalerTests {
    static let adjustments: [PlayoutAdjustment] = [.lengthen(upTo: 120), .shorten(upTo: 120)]

    @Test(
        "Every frame stretched, a tone keeps its pitch within 1 % and has no click", arguments: adjustments,
        [110.0, 200, 437, 1_000])
    func tone(adjustment: PlayoutAdjustment, hertz: Double) {
        let sound = (0..<16_000).map(Sound.tone(hertz: hertz, rate: 8_000))
        let output = stretch(sound, adjustment)
        if adjustment == Self.adjustments[0] {
            #expect(output.count > sound.count * 5 / 4)
        } else {
            #expect(output.count < sound.count * 4 / 5)
        }
        let middle = output[400..<(output.count - 400)]
        #expect(abs(crossings(middle) / hertz - 1) < 0.01)
        #expect(Sound.largestStep(middle) <= Sound.largestStep(sound[...]) * 11 / 10 + 20)
        #expect(abs(Sound.level(middle) / Sound.level(sound[...]) - 1) < 0.05)
    }

    @Test("A gliding voice with pauses has no click either", arguments: adjustments)
    func voice(adjustment: PlayoutAdjustment) {
        let sound = (0..<300).flatMap { SpeechLike.samples(ofPacket: $0) }
        let output = stretch(sound, adjustment)
        #expect(output.count != sound.count)
        #expect(Sound.largestStep(output[...]) <= Sound.largestStep(sound[...]) * 5 / 4)
    }

    @Test("Silence is changed by all that is asked for, up to 15 ms")
    func silence() {
        let quiet = [Int16](repeating: 3, count: 16_000)
        #expect(stretch(quiet, .lengthen(upTo: 120)).count > 16_000 * 8 / 5)
    }

    @Test("Nothing is done without being asked, nor to less than a frame")
    func untouched() {
        let sound = (0..<3_200).map(Sound.tone(hertz: 300, rate: 8_000))
        #expect(
            stretch(sound, .keep) == Array(sound[..<3_040]) || stretch(sound, .keep) == Array(sound[..<2_880])
        )
        var queue = SampleQueue(capacity: 512)
        var scaler = TimeScaler()
        queue.append(upTo: 100) { _ in 100 }
        #expect(scaler.apply(.shorten(upTo: 120), to: &queue) == 0)
        #expect(queue.count == 100)
    }
}
