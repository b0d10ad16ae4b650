internal import RTPMedia

/// ``VoiceProcessing`` between a leg and those who listen to the callee: the frame at the agent's rate is worked on, and the one at
/// 8,000 Hz is made of it.
struct HeardProcessing: ~Copyable {
    private var processor: VoiceProcessor
    /// `nil` when the agent's rate is 8,000 Hz.
    private var resampler: AudioResampler?

    private init(processor: consuming VoiceProcessor, resampler: consuming AudioResampler?) {
        self.processor = processor
        self.resampler = resampler
    }

    /// - Parameter rateHertz: Rate of the agent's frames.
    /// - Returns: `nil` when nothing is to be done.
    static func make(_ settings: VoiceProcessing, rateHertz: Int) -> HeardProcessing? {
        guard !settings.isOff else { return nil }
        do {
            let processor = try VoiceProcessor(settings, rateHertz: rateHertz)
            guard rateHertz != AudioFrame.narrowRateHertz else {
                return HeardProcessing(processor: processor, resampler: nil)
            }
            let resampler = try AudioResampler(from: rateHertz, to: AudioFrame.narrowRateHertz)
            return HeardProcessing(processor: processor, resampler: resampler)
        } catch {
            return nil
        }
    }

    /// Changes both frames of one deadline.
    mutating func process(narrow: inout MutableSpan<Int16>, wide: inout MutableSpan<Int16>) {
        processor.process(&wide)
        guard resampler != nil else {
            for index in 0..<min(narrow.count, wide.count) { narrow[index] = wide[index] }
            return
        }
        let count = (try? resampler?.resample(wide.span, into: &narrow)) ?? 0
        for index in min(count, narrow.count)..<narrow.count { narrow[index] = 0 }
    }

    /// Remembers what goes out, for the echo that may come back.
    mutating func noteSent(_ wide: Span<Int16>) { processor.noteSent(wide) }
}
