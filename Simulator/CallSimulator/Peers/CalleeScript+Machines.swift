// What answers in the place of people.
extension CalleeScript {
    /// A voicemail.
    ///
    /// - Parameters:
    ///   - greeting: Its parts, said with `pause` between them.
    ///   - pause: Long ones are what makes callers speak too early.
    ///   - beepHertz: `nil`: it records from the end of its greeting on, without a beep.
    ///   - beep: How long the beep is.
    public static func voicemail(
        greeting: [String], pause: Duration = .seconds(3), ringing delay: Duration = .seconds(4),
        beepHertz: Double? = 1_000, beep: Duration = .milliseconds(500)
    ) -> Self {
        var steps: [Step] = [.ring(delay), .answer, .wait(.milliseconds(300))]
        for (index, part) in greeting.enumerated() {
            if index > 0 { steps.append(.wait(pause)) }
            steps.append(.say(part))
        }
        if let beepHertz { steps += [.wait(.milliseconds(400)), .beep(hertz: beepHertz, beep)] }
        return Self(steps: steps + [.wait(.seconds(120)), .hangUp])
    }

    private static let words = [
        "Hello, you have reached the voicemail of this number. I cannot take your call right now.",
        "Please leave a message after the tone, and I will call you back.",
    ]

    /// A voicemail that pauses for so long in its greeting that it seems to be over.
    public static let voicemailWithPause = voicemail(greeting: words, pause: .milliseconds(4_500))

    /// A voicemail that records without a beep.
    public static let voicemailWithoutBeep = voicemail(
        greeting: words, pause: .milliseconds(300), beepHertz: nil)

    /// A voicemail whose beep comes right behind two words.
    public static let voicemailEarlyBeep = voicemail(greeting: ["Leave a message."], beepHertz: 1_400)

    /// A voicemail with a low, short beep.
    public static let voicemailLowBeep = voicemail(
        greeting: words, pause: .milliseconds(300), beepHertz: 620, beep: .milliseconds(250))

    /// A person in an office, who says more than a hello.
    public static let longGreeting = answers()
        .waits(.milliseconds(400)).says("Miller and Sons, this is Jane, good morning.")
        .waitsForVoice().waitsForSilence().says("Yes, that is fine.")
        .waitsForVoice().waitsForSilence().says("Thank you, goodbye.")

    /// What comes of a call behind a screening assistant.
    public enum ScreeningEnd: Hashable, Sendable, CaseIterable {
        /// The person takes the call.
        case letsThrough
        case declines
        /// The assistant asks for a message.
        case voicemail
    }

    /// An assistant that asks who is calling and why, waits for the reply, thanks and lets the person decide.
    ///
    /// - Parameter decision: How long the person takes.
    public static func screening(
        then end: ScreeningEnd = .letsThrough, after decision: Duration = .seconds(4)
    ) -> Self {
        let asked = answers(after: .seconds(1)).waits(.milliseconds(200))
            .says(
                "Hi, the person you are calling uses a screening service. "
                    + "Please say your name, and why you are calling."
            )
            .waitsForVoice(timeout: .seconds(10)).waitsForSilence(.milliseconds(900))
            .says("Thank you.").waits(decision)
        switch end {
        case .letsThrough:
            return asked.says("Hello?")
                .waitsForVoice().waitsForSilence().says("Yes, speaking.")
                .waitsForVoice().waitsForSilence().says("Thank you, goodbye.")
        case .declines: return asked.says("They cannot take your call. Goodbye.").hangsUp()
        case .voicemail:
            return asked.says("The person is not available. Please leave a message after the tone.")
                .waits(.milliseconds(400)).beeps().waits(.seconds(120)).hangsUp()
        }
    }

    /// A menu, twice; a key, or patience, leads to a person.
    public static let ivr: Self = {
        let choices = "For sales, press 1. For service, press 2. For billing, press 3. For all else, press 0."
        return answers(after: .seconds(1)).waits(.milliseconds(200))
            .says("Welcome to Miller and Sons.").waits(.milliseconds(500))
            .says(choices).waitsForKey(timeout: .seconds(5))
            .says("One moment, please.").waits(.seconds(3)).says("Hello?")
            .waitsForVoice().waitsForSilence().says("Yes, that is fine.")
    }()

    /// A fax that answers.
    public static let fax = answers(after: .seconds(1))
        .waits(.milliseconds(500)).gives(.faxAnswering, for: .seconds(4)).waits(.seconds(60)).hangsUp()

    /// Somebody who answers and says nothing.
    public static let silent = answers().waits(.seconds(60)).hangsUp()

    static let machines: [(name: String, script: CalleeScript)] = [
        ("voicemailWithPause", .voicemailWithPause), ("voicemailWithoutBeep", .voicemailWithoutBeep),
        ("voicemailEarlyBeep", .voicemailEarlyBeep), ("voicemailLowBeep", .voicemailLowBeep),
        ("longGreeting", .longGreeting), ("screening", .screening()),
        ("screeningDeclines", .screening(then: .declines)),
        ("screeningVoicemail", .screening(then: .voicemail)), ("ivr", .ivr), ("fax", .fax),
        ("silent", .silent), ("intercept", .notInService(.intercept)),
        ("noCircuit", .notInService(.noCircuit)),
    ]
}

// Refusals that mean the caller number and not the call.
extension CalleeScript {
    /// Analytics of the callee's network block the caller number: 603 with its reason phrase (ATIS-1000099).
    public static let networkBlocked = rejects(603, reason: "Network Blocked")
    /// The callee does not want calls from this number: 607 (RFC 8197).
    public static let unwanted = rejects(607)
    /// An intermediary rejects the call: 608 (RFC 8688).
    public static let rejectedByAnalytics = rejects(608)

    static let blocks: [(name: String, script: CalleeScript)] = [
        ("networkBlocked", .networkBlocked), ("unwanted", .unwanted),
        ("rejectedByAnalytics", .rejectedByAnalytics),
    ]
}
