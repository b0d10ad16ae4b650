internal import RTPMedia

extension EnergyAnswerClassifier {
    /// Sharpens the verdict by words, at once where they are sure.
    ///
    /// Sure words go before everything but a beep. Words that a person could say too count together with talk that is too
    /// long for one; a short greeting in a person's words needs a shorter silence behind it. Behind a screening
    /// assistant's prompt such a greeting is the person's.
    public mutating func hear(_ transcript: PartialTranscript) -> AnswerVerdict? {
        guard !isOver else { return nil }
        let words = SpokenWords.words(of: transcript.text)
        isHumanGreeting = false
        guard let entry = limits.phrases.match(words, language: transcript.language) else { return nil }
        switch (entry.answeredBy, entry.strength) {
        case (.human, _):
            guard words.count <= 6 else { return nil }
            if answeredBy == .screening, transcript.isFinal, hasGreetingEnded || hasRung {
                return recognise(entry, .human, 0.75)
            }
            isHumanGreeting = words.count <= 4
            return nil
        case (let who, .likely):
            // Not what a person would go on to say.
            guard (speech.current?.length ?? 0) >= limits.likelyMachineSpeech || answeredBy == .voicemail,
                isUndecided
            else { return nil }
            return recognise(entry, who, 0.8)
        case (let who, .sure):
            guard overrules(who) else { return nil }
            return recognise(entry, who, 0.95)
        }
    }

    /// No word is waited for: a person was recognised long ago, or the line has spoken.
    private var isOver: Bool {
        hasLineSpoken || answeredBy == .fax || frames >= limits.listening
            || answeredBy == .human && frames - decidedAt > limits.beepRevision
    }

    private func overrules(_ who: AnsweredBy) -> Bool {
        guard who != phrase?.answeredBy, !beeps.hasBeeped else { return false }
        // Voicemails name keys, and assistants speak of tones.
        switch (phrase?.answeredBy, who) {
        case (.voicemail?, .ivr), (.screening?, .voicemail), (.screening?, .ivr): return false
        default: return true
        }
    }

    private mutating func recognise(
        _ entry: AnswerPhrases.Entry, _ who: AnsweredBy, _ confidence: Double
    ) -> AnswerVerdict? {
        let isNew = answeredBy != who || phrase == nil
        phrase = entry
        isRevisable = false
        chime = nil
        guard isNew else { return nil }
        var facts = facts(
            who == .human ? .greeting : who == .ivr ? .menu : who == .screening ? .prompt : .announcement)
        facts.phrase = entry.text
        return recognise(who, confidence, "words \"\(entry.text)\"", facts: facts)
    }
}
