/// The tones of a country's exchanges, as data.
public struct TonePlan: Hashable, Sendable {
    /// One tone: what it means and how it sounds.
    public struct Entry: Hashable, Sendable {
        @nonexhaustive
        public enum Meaning: Hashable, Sendable { case dialTone, ringback, busy, congestion }

        public var meaning: Meaning
        /// In hertz; heard together, or one modulated.
        public var frequencies: [Double]
        /// Milliseconds on, off, on, off and so on, then again; empty for a tone without pause.
        public var cadence: [Int]

        public init(_ meaning: Meaning, _ frequencies: [Double], _ cadence: [Int] = []) {
            self.meaning = meaning
            self.frequencies = frequencies
            self.cadence = cadence
        }
    }

    /// ISO 3166 code.
    public var region: String
    /// Country calling code, without `+`.
    public var callingCode: String
    public var entries: [Entry]

    public init(region: String, callingCode: String, entries: [Entry]) {
        self.region = region
        self.callingCode = callingCode
        self.entries = entries
    }

    /// Every plan, that of an E.164 number's country first; the number may be anything.
    public static func plans(for number: String) -> [TonePlan] {
        guard number.hasPrefix("+") else { return all }
        let digits = number.dropFirst()
        guard let home = all.first(where: { digits.hasPrefix($0.callingCode) }) else { return all }
        return [home] + all.filter { $0 != home }
    }
}

// From ITU-T E.180 Supplement 2 and the countries' own specifications.
extension TonePlan {
    public static let all: [TonePlan] = [
        northAmerica, unitedKingdom, germany, france, australia, japan, india, brazil, spain,
    ]

    public static let northAmerica = TonePlan(
        region: "US", callingCode: "1",
        entries: [
            Entry(.dialTone, [350, 440]), Entry(.ringback, [440, 480], [2_000, 4_000]),
            Entry(.busy, [480, 620], [500, 500]), Entry(.congestion, [480, 620], [250, 250]),
        ])

    public static let unitedKingdom = TonePlan(
        region: "GB", callingCode: "44",
        entries: [
            Entry(.dialTone, [350, 440]), Entry(.ringback, [400, 450], [400, 200, 400, 2_000]),
            Entry(.busy, [400], [375, 375]), Entry(.congestion, [400], [400, 350, 225, 525]),
        ])

    public static let germany = TonePlan(
        region: "DE", callingCode: "49",
        entries: [
            Entry(.dialTone, [425]), Entry(.ringback, [425], [1_000, 4_000]),
            Entry(.busy, [425], [480, 480]), Entry(.congestion, [425], [240, 240]),
        ])

    public static let france = TonePlan(
        region: "FR", callingCode: "33",
        entries: [
            Entry(.dialTone, [440]), Entry(.ringback, [440], [1_500, 3_500]),
            Entry(.busy, [440], [500, 500]), Entry(.congestion, [440], [250, 250]),
        ])

    public static let australia = TonePlan(
        region: "AU", callingCode: "61",
        entries: [
            Entry(.dialTone, [413, 438]), Entry(.ringback, [413, 438], [400, 200, 400, 2_000]),
            Entry(.busy, [425], [375, 375]),
        ])

    public static let japan = TonePlan(
        region: "JP", callingCode: "81",
        entries: [
            Entry(.dialTone, [400]), Entry(.ringback, [400], [1_000, 2_000]),
            Entry(.busy, [400], [500, 500]),
        ])

    public static let india = TonePlan(
        region: "IN", callingCode: "91",
        entries: [
            Entry(.dialTone, [400]), Entry(.ringback, [400], [400, 200, 400, 2_000]),
            Entry(.busy, [400], [750, 750]), Entry(.congestion, [400], [250, 250]),
        ])

    public static let brazil = TonePlan(
        region: "BR", callingCode: "55",
        entries: [
            Entry(.dialTone, [425]), Entry(.ringback, [425], [1_000, 4_000]),
            Entry(.busy, [425], [250, 250]), Entry(.congestion, [425], [250, 250, 750, 250]),
        ])

    public static let spain = TonePlan(
        region: "ES", callingCode: "34",
        entries: [
            Entry(.dialTone, [425]), Entry(.ringback, [425], [1_500, 3_000]),
            Entry(.busy, [425], [200, 200]), Entry(.congestion, [425], [200, 200, 200, 200, 200, 600]),
        ])
}
