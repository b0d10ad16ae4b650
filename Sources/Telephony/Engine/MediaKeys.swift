internal import RTPMedia
internal import SansIO

/// Telephone keys of one call's media: those in the sound, and those that come both so and as telephone events.
struct MediaKeys {
    /// How our keys travel.
    enum Carrier: Hashable { case events, sound, info }

    var mode = DTMFMode.auto
    private var generator: DTMFGenerator
    /// Made when keys are first listened for in the sound.
    private var detector: DTMFDetector?
    private var merger = DigitMerger()

    /// - Parameter rateHertz: Rate of the frames that keys are played into.
    init(rateHertz: Int) { generator = DTMFGenerator(rateHertz: rateHertz) }

    /// - Returns: `nil` when the far end takes no keys in the way that was asked for.
    func carrier(in audio: AudioLeg) -> Carrier? {
        switch mode {
        case .auto: audio.sendsTelephoneEvents ? .events : .sound
        case .rfc4733: audio.sendsTelephoneEvents ? .events : nil
        case .info: .info
        case .inband: .sound
        }
    }

    // MARK: Ours

    /// - Returns: False, queueing nothing, when they do not all fit.
    mutating func send(_ digits: String) -> Bool { generator.send(digits) }

    /// Whether the next frame would be lost to a key.
    var isSending: Bool { generator.isSendingKeys }

    /// Puts keys in the place of what is to be sent.
    mutating func fill(_ frame: inout MutableSpan<Int16>) { generator.fill(&frame) }

    // MARK: The far end's

    /// - Parameter frame: 160 samples at 8 kHz.
    mutating func listen(
        to frame: Span<Int16>, from audio: AudioLeg, isAnswered: Bool, at now: MonotonicInstant,
        heard: inout [CallEvent.Kind]
    ) {
        if isAnswered, listensToSound(of: audio) {
            if detector == nil { detector = DTMFDetector() }
            if let digit = detector?.process(frame), merger.isNew(digit, by: .sound, at: now) {
                heard.append(.digit(digit))
            }
        }
        takeEvents(from: audio, at: now, heard: &heard)
    }

    /// Those that have come as telephone events.
    mutating func takeEvents(
        from audio: AudioLeg, at now: MonotonicInstant, heard: inout [CallEvent.Kind]
    ) {
        while let digit = audio.takeDigit() {
            if merger.isNew(digit, by: .event, at: now) { heard.append(.digit(digit)) }
        }
    }

    private func listensToSound(of audio: AudioLeg) -> Bool {
        switch mode {
        case .auto: !audio.receivesTelephoneEvents
        case .inband: true
        case .rfc4733, .info: false
        }
    }
}
