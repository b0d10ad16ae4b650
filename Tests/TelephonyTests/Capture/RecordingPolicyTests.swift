import Foundation
import RTPMedia
import Testing

@testable import Telephony

@Suite("Recording policy")
struct RecordingPolicyTests {
    @Test(
        "It is read from JSON as it always was, and from JSON that says more",
        arguments: [
            (#"{"off":{}}"#, RecordingPolicy.off),
            (#"{"stereoWAV":{"directory":"calls"}}"#, .stereoWAV(directory: "calls")),
            (#"{"files":{"directory":"c"}}"#, .files(RecordingSettings(directory: "c"))),
            (
                #"{"files":{"directory":"c","format":"opus","layout":"separate","rate":"wide"}}"#,
                .files(
                    RecordingSettings(directory: "c", format: .opus, layout: .separate, rate: .wide))
            ),
        ])
    func json(text: String, policy: RecordingPolicy) throws {
        #expect(try JSONDecoder().decode(RecordingPolicy.self, from: Data(text.utf8)) == policy)
        let written = try JSONEncoder().encode(policy)
        #expect(try JSONDecoder().decode(RecordingPolicy.self, from: written) == policy)
    }

    @Test(
        "A loop fades its end into its start where the two do not meet, and a loop whose ends meet is left alone"
    )
    func loops() {
        // A ramp: its joint would leap by 16,000.
        let ramp = (0..<1_000).map { Int16($0 * 16) }
        var player = AudioPlayer(samples: ramp, isRepeating: true, rateHertz: 8_000)
        var frame = [Int16](repeating: 0, count: 5_000)
        var span = frame.mutableSpan
        player.fill(&span)
        #expect(frame.prefix(840) == ramp.prefix(840), "as it is up to the fade")
        let steps = zip(frame, frame.dropFirst()).map { abs(Int($1) - Int($0)) }
        #expect(steps.max()! < 200, "160 samples for 13,000 steps")
        #expect(frame[1_000] == ramp[160], "the start has been heard in the fade")

        let wave = (0..<800).map { Int16(8_000 * sin(2 * Double.pi * Double($0) / 80)) }
        var smooth = AudioPlayer(samples: wave, isRepeating: true, rateHertz: 8_000)
        var rest = frame.mutableSpan
        smooth.fill(&rest)
        #expect(frame == (0..<5_000).map { wave[$0 % 800] })
    }
}
