internal import RTPMedia

extension EnergyAnswerClassifier {
    /// Nobody is recognised yet.
    mutating func decide(at index: Int) -> AnswerVerdict? {
        guard let utterance = speech.current else {
            guard answeredBy == nil, !tones.isOn, chime == nil else { return nil }
            if frames >= limits.noSpeech {
                return recognise(.silence, 0.8, "no speech in \(Self.time(frames))")
            }
            guard frames >= limits.analysisTime else { return nil }
            return recognise(.unknown, 0.3, "nothing decided in \(Self.time(frames))")
        }
        let pause = speech.pause(at: index)
        if utterance.length >= limits.voicemailSpeech(sentencePauses: utterance.sentencePauses),
            voiced >= limits.voicedFrames
        {
            return recognise(
                .voicemail, 0.85, "greeting goes on after \(Self.time(utterance.length))", .announcement)
        }
        if answeredBy == nil, frames >= limits.noSpeech, voiced < limits.voicedFrames, !tones.isOn {
            return recognise(.silence, 0.7, "noise without a voice in \(Self.time(frames))")
        }
        if let found = tooManyWords(utterance) { return found }
        if answeredBy == nil, frames >= limits.analysisTime {
            return recognise(.unknown, 0.3, "nothing decided in \(Self.time(frames))")
        }
        var silence = limits.humanSilence(after: utterance.length)
        if isHumanGreeting { silence = min(silence, limits.knownGreetingSilence) }
        guard pause >= silence else { return nil }
        if line.isTone(utterance.start..<utterance.end, sounding: utterance.loud, near: 1_100),
            (20...31).contains(utterance.length)
        {
            return recognise(.fax, 0.8, "calling tone 1,100 Hz", tone: "calling tone 1,100 Hz")
        }
        // Ringing that wavers has no steady pitch; another ring would come soon.
        guard
            pause >= limits.ringPause
                || !line.isTone(utterance.start..<utterance.end, sounding: utterance.loud)
        else { return nil }
        guard utterance.loud >= limits.minimumSpeech, voiced >= limits.voicedFrames else {
            speech.closeUtterance()
            voiced = 0
            return nil
        }
        // A beep that has begun, or is being judged, may be a short greeting's; the notes of a melody are no silence.
        guard !beeps.isPending, index + 1 - toneEnd >= silence || pause >= silence + limits.longestTones
        else { return nil }
        isRevisable = true
        isLongGreeting = utterance.length >= limits.shortestPrompt
        defer { speech.closeUtterance() }
        return recognise(
            .human, utterance.length <= 50 ? 0.9 : 0.75,
            "spoke \(Self.time(utterance.length)), then pause \(Self.time(pause))", .greeting)
    }

    /// The rules of counters, where they are set.
    private mutating func tooManyWords(_ utterance: SpeechTracker.Utterance) -> AnswerVerdict? {
        if let most = limits.maximumWords, utterance.words > most {
            return recognise(.voicemail, 0.6, "\(utterance.words) words", .announcement)
        }
        let word = utterance.end - speech.wordStart
        if let longest = limits.longestWord, word >= longest {
            return recognise(.voicemail, 0.6, "\(Self.time(word)) without a pause", .announcement)
        }
        return nil
    }

    /// A "person" who talks on as if nothing had been waited for is a recording.
    mutating func revise(at index: Int) -> AnswerVerdict? {
        guard isRevisable else { return nil }
        guard let utterance = speech.current else {
            if frames - decidedAt > limits.revision { isRevisable = false }
            return nil
        }
        guard utterance.start - decidedAt <= limits.revision,
            speech.pause(at: index) < limits.revisionPause
        else {
            isRevisable = false
            return nil
        }
        guard utterance.length >= limits.revisionSpeech else { return nil }
        isRevisable = false
        return recognise(
            .voicemail, 0.7, "talked on for \(Self.time(utterance.length)) after a pause", .announcement)
    }

    /// A machine is recognised: which, and when is it over?
    mutating func endOfGreeting(at index: Int) -> AnswerVerdict? {
        if phrase == nil, !beeps.hasBeeped, let found = menu() { return found }
        let pause = speech.pause(at: index)
        guard !tones.isOn, !beeps.isPending, pause >= limits.greetingEndSilence else { return nil }
        if mayBeScreening {
            guard pause >= limits.screeningSilence else { return nil }
            hasGreetingEnded = true
            defer { speech.closeUtterance() }
            let prompt = speech.sound.upperBound - (speech.firstStart ?? 0)
            answeredBy = .screening
            decidedAt = frames
            return verdict(
                .greetingEnded, 0.5,
                "prompt of \(Self.time(prompt)) at once, then no beep in \(Self.time(pause))",
                facts: facts(.prompt))
        }
        defer { speech.closeUtterance() }
        guard !hasGreetingEnded, !beeps.hasBeeped, speech.current != nil else { return nil }
        hasGreetingEnded = true
        return verdict(
            .greetingEnded, 0.85, "no beep, pause \(Self.time(pause))", facts: facts(.announcement))
    }

    /// Assistants start at once, ask in a few seconds and wait; their words are not known here.
    private var mayBeScreening: Bool {
        guard phrase == nil, !hasGreetingEnded, !beeps.hasBeeped, let start = speech.firstStart else {
            return false
        }
        return (start <= limits.screeningStart || hasChimed)
            && limits.screeningPrompt.contains(speech.sound.upperBound - start)
    }

    private mutating func menu() -> AnswerVerdict? {
        if rhythm.repetitions >= 2 {
            return recognise(.ivr, 0.8, "the same phrases came again", .menu)
        }
        guard rhythm.isMenu else { return nil }
        return recognise(.ivr, 0.55, "\(rhythm.count) phrases of like length with like pauses", .menu)
    }

    /// The assistant has asked; behind a ringing, who speaks briefly and waits is a person.
    mutating func waitForPerson(at index: Int) -> AnswerVerdict? {
        if phrase == nil, !hasRung, hasGreetingEnded, let found = menu() { return found }
        guard let utterance = speech.current else { return nil }
        let pause = speech.pause(at: index)
        if !hasGreetingEnded {
            guard pause >= limits.promptEndSilence else { return nil }
            hasGreetingEnded = true
            defer { speech.closeUtterance() }
            return verdict(
                .greetingEnded, 0.85, "prompt is over, pause \(Self.time(pause))", facts: facts(.prompt))
        }
        guard pause >= limits.humanSilence(after: utterance.length) else { return nil }
        defer { speech.closeUtterance() }
        guard hasRung, utterance.loud >= limits.minimumSpeech, utterance.length <= limits.personSpeech else {
            return nil
        }
        isRevisable = false
        return recognise(
            .human, 0.7,
            "behind prompt and ringback spoke \(Self.time(utterance.length)), then pause "
                + Self.time(pause), .greeting)
    }
}
