internal import SansIO

/// Who answers at the numbers of a simulated campaign: scripts, drawn for each number from the seed.
public struct CalleeMix: Sendable {
    /// One kind of callee and how frequent it is among the others.
    public struct Kind: Sendable {
        public var name: String
        public var weight: Int
        /// `nil`: the number leads nowhere (404).
        public var script: CalleeScript?

        public init(name: String, weight: Int, script: CalleeScript?) {
            self.name = name
            self.weight = max(0, weight)
            self.script = script
        }
    }

    public var kinds: [Kind]

    public init(_ kinds: [Kind]) { self.kinds = kinds }

    /// The same callee at every number.
    public init(_ script: CalleeScript) { self.init([Kind(name: "callee", weight: 1, script: script)]) }

    /// What an ordinary list meets: half of it people, one in seven a voicemail, and every kind of failure.
    public static let ordinary = CalleeMix([
        Kind(name: "talks", weight: 30, script: .talks),
        Kind(name: "confirms", weight: 16, script: .confirms),
        Kind(name: "voicemail", weight: 14, script: .voicemail),
        Kind(name: "hangsUpMidSentence", weight: 8, script: .hangsUpMidSentence),
        Kind(name: "noAnswer", weight: 8, script: .noAnswer),
        Kind(name: "busy", weight: 6, script: .busy),
        Kind(name: "busyFirst", weight: 6, script: .busyFirst()),
        Kind(name: "earlyMedia", weight: 6, script: .earlyMediaThenAnswer()),
        Kind(name: "declines", weight: 4, script: .declines),
        Kind(name: "nowhere", weight: 2, script: nil),
    ])

    /// What an answering policy is for: people, voicemails of every kind, screening assistants, menus, faxes and silence.
    public static let machines = CalleeMix([
        Kind(name: "talks", weight: 8, script: .talks),
        Kind(name: "longGreeting", weight: 3, script: .longGreeting),
        Kind(name: "voicemail", weight: 6, script: .voicemail),
        Kind(name: "voicemailWithPause", weight: 3, script: .voicemailWithPause),
        Kind(name: "voicemailWithoutBeep", weight: 2, script: .voicemailWithoutBeep),
        Kind(name: "voicemailEarlyBeep", weight: 2, script: .voicemailEarlyBeep),
        Kind(name: "voicemailLowBeep", weight: 2, script: .voicemailLowBeep),
        Kind(name: "screening", weight: 3, script: .screening()),
        Kind(name: "screeningDeclines", weight: 1, script: .screening(then: .declines)),
        Kind(name: "screeningVoicemail", weight: 1, script: .screening(then: .voicemail)),
        Kind(name: "ivr", weight: 2, script: .ivr), Kind(name: "fax", weight: 2, script: .fax),
        Kind(name: "silent", weight: 2, script: .silent),
        Kind(name: "notInService", weight: 2, script: .notInService),
    ])

    /// A caller number with a bad name: half of the calls are blocked, in each of the ways there are.
    public static let blocked = CalleeMix([
        Kind(name: "talks", weight: 6, script: .talks),
        Kind(name: "networkBlocked", weight: 3, script: .networkBlocked),
        Kind(name: "unwanted", weight: 2, script: .unwanted),
        Kind(name: "rejectedByAnalytics", weight: 1, script: .rejectedByAnalytics),
    ])

    /// The mixes by name, for command lines.
    public static let presets: [(name: String, mix: CalleeMix)] = [
        ("ordinary", .ordinary), ("machines", .machines), ("blocked", .blocked),
    ]

    /// Reads `talks=3,busy=1`; a name without a weight weighs 1. Names are those of ``CalleeScript/presets`` and `nowhere`;
    /// alone, also those of ``CalleeMix/presets``.
    ///
    /// - Returns: `nil` when a name is not known or a weight is no whole number of 1 or more.
    public init?(_ text: String) {
        if let preset = Self.presets.first(where: { $0.name == text }) {
            self = preset.mix
            return
        }
        var kinds: [Kind] = []
        for part in text.split(separator: ",") {
            let words = part.split(separator: "=", maxSplits: 1)
            guard let name = words.first.map(String.init),
                let weight = words.count == 1 ? 1 : Int(words[1]), (1...1_000_000).contains(weight)
            else { return nil }
            let script = CalleeScript(preset: name)
            guard script != nil || name == "nowhere" else { return nil }
            kinds.append(Kind(name: name, weight: weight, script: script))
        }
        guard !kinds.isEmpty else { return nil }
        self.init(kinds)
    }

    /// The kind at a number: always the same for a seed, whatever else is called.
    func kind(at number: String, seed: UInt64) -> Kind? {
        let total = kinds.reduce(0) { $0 + $1.weight }
        guard total > 0 else { return nil }
        var generator = SeededGenerator(seed: seed, label: "callee \(CalleeDirectory.digits(of: number))")
        var draw = Int(generator.next(upperBound: UInt64(total)))
        for kind in kinds {
            draw -= kind.weight
            if draw < 0 { return kind }
        }
        return nil
    }

    func directory(seed: UInt64) -> CalleeDirectory {
        CalleeDirectory { number in kind(at: number, seed: seed)?.script }
    }
}
