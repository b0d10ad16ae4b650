/// Something that an agent is going to say, ready to be sent: the message for a voicemail, who is calling and why.
public struct PreparedSpeech: Sendable {
    let pieces: [(words: String, samples: [Int16])]
    /// Rate of the samples.
    public let rateHertz: Int

    /// Speech from a recording or a synthesiser.
    ///
    /// - Parameters:
    ///   - samples: Mono.
    ///   - rateHertz: Their rate; the bridge converts what is not the call's.
    ///   - text: The words, for the transcript.
    public init(_ samples: [Int16], rateHertz: Int, text: String = "") {
        pieces = [(text, samples)]
        self.rateHertz = rateHertz
    }

    /// A text in tones, with the length and rhythm of speech: for tests and demos without a synthesiser.
    public static func tones(_ text: String, rateHertz: Int) -> Self {
        Self(SpokenText(text, rateHertz: rateHertz))
    }

    init(_ spoken: SpokenText) {
        pieces = spoken.pieces
        rateHertz = spoken.rateHertz
    }

    /// How long it takes to say.
    public var duration: Duration {
        .nanoseconds(
            Int64(pieces.reduce(0) { $0 + $1.samples.count }) * 1_000_000_000 / Int64(max(1, rateHertz)))
    }

    /// The same at the rate of a call.
    func converted(toHertz rate: Int) -> Self {
        guard rate != rateHertz else { return self }
        let text = pieces.map(\.words).joined()
        let sound = ScriptedAgent.Sound(samples: pieces.flatMap(\.samples), rateHertz: rateHertz)
        return Self(sound.converted(toHertz: rate).samples, rateHertz: rate, text: text)
    }
}
