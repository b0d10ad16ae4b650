internal import RTPMedia

/// A tone that an exchange plays, as a simulated callee gives it.
@nonexhaustive
public enum LineTone: String, Hashable, Sendable, CaseIterable {
    case dialTone, ringback, busy, congestion
    /// The special information tone of ITU-T E.180, which gives no reason.
    case specialInformation
    /// North American information tones that give one.
    case intercept, vacantCode, noCircuit
    /// A fax that answers, and one that calls.
    case faxAnswering, faxCalling

    var tone: Tone {
        switch self {
        case .dialTone: Tone([Tone.Segment(350, 440, for: nil)], repeats: false)
        case .ringback: .ringback
        case .busy: .busy
        case .congestion: .reorder
        case .specialInformation: .specialInformation
        case .intercept: Self.information((913.8, 274), (1_370.6, 274))
        case .vacantCode: Self.information((985.2, 380), (1_370.6, 274))
        case .noCircuit: Self.information((985.2, 380), (1_428.5, 380))
        case .faxAnswering: .beep(hertz: 2_100, for: .seconds(3))
        case .faxCalling:
            Tone(
                [Tone.Segment(1_100, for: .milliseconds(500)), .silence(for: .seconds(3))], repeats: true)
        }
    }

    /// Two segments that tell the reason, and the third, which is always the same.
    private static func information(
        _ first: (hertz: Double, milliseconds: Int), _ second: (hertz: Double, milliseconds: Int)
    ) -> Tone {
        Tone(
            [
                Tone.Segment(first.hertz, for: .milliseconds(first.milliseconds)),
                Tone.Segment(second.hertz, for: .milliseconds(second.milliseconds)),
                Tone.Segment(1_776.7, for: .milliseconds(380)),
            ], repeats: false)
    }
}
