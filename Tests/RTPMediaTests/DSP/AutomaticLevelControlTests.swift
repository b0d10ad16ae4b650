import RTPMedia
import TestSupport
import Testing

@Suite("Level of a talker in a conference")
struct AutomaticLevelControlTests {
    private func make() -> AutomaticLevelControl {
        var configuration = AutomaticLevelControl.Configuration()
        configuration.target = .dBFS(-20)
        configuration.maximumGainDecibels = 18
        configuration.maximumCutDecibels = 12
        return AutomaticLevelControl(configuration)
    }

    /// Frames of a sine through the control.
    ///
    /// - Returns: The gain after each, and the last frame.
    private func run(
        _ control: inout AutomaticLevelControl, _ count: Int, level: Double, isSpeech: Bool
    ) -> (gains: [Double], last: [Int16]) {
        let sine = Pitch.sine(400, milliseconds: 20, rateHertz: 8_000, level: .dBFS(level))
        var (gains, frame): ([Double], [Int16]) = ([], [])
        for _ in 0..<count {
            frame = sine
            var span = frame.mutableSpan
            control.process(&span, isSpeech: isSpeech)
            gains.append(control.gainDecibels)
        }
        return (gains, frame)
    }

    @Test(
        "A quiet and a loud talker come to the same level within some seconds, and pauses do not pump",
        arguments: [-34.0, -12])
    func level(start: Double) {
        var control = make()
        let (gains, last) = run(&control, 200, level: start, isSpeech: true)
        #expect(abs(AudioLevel(meanSquare: Mixer.meanSquare(last.span)).decibelsFullScale + 20) < 0.5)
        #expect(zip(gains, gains.dropFirst()).allSatisfy { abs($1 - $0) <= 1 })
        let before = control.gainDecibels
        // Loud enough to be taken for speech by its level alone.
        _ = run(&control, 200, level: -40, isSpeech: false)
        #expect(control.gainDecibels == before)
    }

    @Test(
        "A faint talker gets no more than the greatest gain, and a sudden shout is turned down within a frame"
    )
    func limits() {
        var control = make()
        _ = run(&control, 200, level: -50, isSpeech: true)
        #expect(abs(control.gainDecibels - 18) < 0.01)
        let shout = run(&control, 2, level: -1, isSpeech: true).last
        #expect(shout.allSatisfy { $0.magnitude < 29_300 })
    }

    @Test(
        "A shout after whispering is neither cut off nor cracks, wherever in a frame it begins",
        arguments: [0, 1, 7, 19, 40, 120, 159])
    func shout(start: Int) {
        var control = make()
        _ = run(&control, 200, level: -50, isSpeech: true)
        let whisper = Pitch.sine(400, milliseconds: 20, rateHertz: 8_000, level: .dBFS(-50))
        let shout = Pitch.sine(400, milliseconds: 40, rateHertz: 8_000, level: .dBFS(-1))
        let sound = whisper[..<start] + shout[..<(320 - start)]
        var heard: [Int16] = []
        for frame in [sound[..<160], sound[160...]] {
            var frame = Array(frame)
            var span = frame.mutableSpan
            control.process(&span, isSpeech: true)
            heard += frame
        }
        #expect(heard.allSatisfy { $0.magnitude <= 29_200 })
        // Of a sine of 400 Hz that fills the range.
        #expect(Sound.largestStep(heard[...]) <= 9_173)
    }
}
