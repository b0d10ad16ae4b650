// Callees that everybody meets.
extension CalleeScript {
    /// Rings, answers, and says nothing until told to.
    public static func answers(after delay: Duration = .seconds(2)) -> Self {
        Self(steps: delay > .zero ? [.ring(delay), .answer] : [.answer])
    }

    /// A person: answers, says hello, and replies each time the caller has finished.
    public static let talks = answers().talks()

    /// Like ``talks``, but answers the caller's second turn with the key 1.
    public static let confirms = answers()
        .waits(.milliseconds(400)).says("Hello?")
        .waitsForVoice().waitsForSilence(.milliseconds(900)).waits(.milliseconds(500)).presses("1")

    /// A voicemail: greeting, beep, and two minutes of tape.
    public static let voicemail = voicemail(
        greeting: "Hello, you have reached the voicemail of this number. I cannot take your call right now. "
            + "Please leave a message after the tone, and I will call you back.")

    public static func voicemail(
        greeting: String, ringing delay: Duration = .seconds(4), beepHertz: Double = 1_000
    ) -> Self { voicemail(greeting: [greeting], ringing: delay, beepHertz: beepHertz) }

    /// 486.
    public static let busy = rejects(486)
    /// 603 after a moment of ringing.
    public static let declines = Self(steps: [.ring(.seconds(3)), .reject(status: 603)])
    /// Rings and never answers.
    public static let noAnswer = Self(steps: [.ring(.seconds(3_600))])

    /// A final response at once.
    public static func rejects(_ status: Int, reason: String? = nil) -> Self {
        Self(steps: [.reject(status: status, reason: reason)])
    }

    /// Plays a ringback tone as early media, then answers, and says nothing until told to.
    public static func earlyMediaThenAnswer(after delay: Duration = .seconds(4)) -> Self {
        Self(steps: [.earlyMedia(delay), .answer])
    }

    /// An announcement in early media that the number is not in service; 404 comes only after it.
    public static let notInService = notInService(.vacantCode)

    /// Says in early media, behind an information tone, that the number is not in service. North American tones tell why
    /// (``LineTone/vacantCode``, ``LineTone/intercept``, ``LineTone/noCircuit``), ``LineTone/specialInformation`` does not.
    public static func notInService(_ tone: LineTone) -> Self {
        Self(steps: [
            .earlyMedia(.zero), .tone(tone, .milliseconds(1_200)),
            .say("The number you have dialed is not in service."), .reject(status: 404),
        ])
    }

    /// Answers, listens to the caller for a moment, and hangs up while the caller still speaks.
    public static let hangsUpMidSentence = answers()
        .says("Hello?").waitsForVoice().waits(.milliseconds(1_200)).hangsUp()

    /// 486 on the first attempt, then `next`.
    public static func busyFirst(then next: CalleeScript = .talks) -> Self {
        var script = next
        script.attempts.insert([.reject(status: 486)], at: 0)
        return script
    }

    /// The presets by name, for command lines.
    public static let presets: [(name: String, script: CalleeScript)] =
        [
            ("answers", .answers()), ("talks", .talks), ("confirms", .confirms), ("voicemail", .voicemail),
            ("busy", .busy), ("declines", .declines), ("noAnswer", .noAnswer),
            ("earlyMedia", .earlyMediaThenAnswer().talks()), ("hangsUpMidSentence", .hangsUpMidSentence),
            ("busyFirst", .busyFirst()), ("notInService", .notInService),
        ] + machines + blocks

    /// A preset by its name in ``presets``.
    public init?(preset name: String) {
        guard let preset = Self.presets.first(where: { $0.name == name }) else { return nil }
        self = preset.script
    }
}

// Modifiers: each adds steps to the last attempt.
extension CalleeScript {
    private func then(_ steps: Step...) -> Self {
        var copy = self
        if copy.attempts.isEmpty { copy.attempts = [[]] }
        copy.attempts[copy.attempts.count - 1] += steps
        return copy
    }

    /// Says hello, and replies each time the caller has finished.
    public func talks() -> Self {
        waits(.milliseconds(400)).says("Hello?")
            .waitsForVoice().waitsForSilence().says("Yes, speaking. Who is this?")
            .waitsForVoice().waitsForSilence().says("That is fine, I will be there.")
            .waitsForVoice().waitsForSilence().says("Thank you, goodbye.")
    }

    public func says(_ text: String) -> Self { then(.say(text)) }

    /// - Parameter samples: Mono, 8,000 Hz.
    public func plays(_ samples: [Int16], named name: String = "recording") -> Self {
        var copy = then(.play(name))
        copy.sounds[name] = samples
        return copy
    }

    public func beeps(hertz: Double = 1_000, for duration: Duration = .milliseconds(500)) -> Self {
        then(.beep(hertz: hertz, duration))
    }

    public func gives(_ tone: LineTone, for duration: Duration = .seconds(4)) -> Self {
        then(.tone(tone, duration))
    }

    public func waits(_ duration: Duration) -> Self { then(.wait(duration)) }

    public func waitsForVoice(timeout: Duration = .seconds(20)) -> Self {
        then(.waitForVoice(timeout: timeout))
    }

    public func waitsForSilence(
        _ silence: Duration = .milliseconds(700), timeout: Duration = .seconds(60)
    ) -> Self { then(.waitForSilence(silence, timeout: timeout)) }

    public func waitsForKey(timeout: Duration = .seconds(20)) -> Self { then(.waitForKey(timeout: timeout)) }

    /// - Parameter keys: `0`...`9`, `*`, `#`, `A`...`D`, and `W` for a pause of 500 ms.
    public func presses(_ keys: String, after delay: Duration = .zero) -> Self {
        delay > .zero ? then(.wait(delay), .press(keys)) : then(.press(keys))
    }

    public func hangsUp(after delay: Duration = .zero) -> Self {
        delay > .zero ? then(.wait(delay), .hangUp) : then(.hangUp)
    }
}
