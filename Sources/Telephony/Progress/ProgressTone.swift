/// A tone by which the network, a fax or a voicemail says how a call stands (ITU-T E.180, T.30).
@nonexhaustive
public enum ProgressTone: Hashable, Sendable {
    /// An exchange waits for digits.
    case dialTone
    /// The callee's telephone rings.
    case ringback
    /// The callee's line is taken.
    case busy
    /// The network has no way to the callee; reorder in North America.
    case congestion
    /// An announcement follows that says why the call fails.
    case specialInformation(SpecialInformation)
    /// Another fax is calling: CNG, 1,100 Hz.
    case faxCalling
    /// A fax or modem answers: CED, 2,100 Hz, an old modem: 2,225 Hz, or data at once, as faxes without CED send it (V.21).
    case faxAnswering
    /// One tone by itself, as voicemails give it; its stronger pitch.
    case beep(hertz: Int)
    /// A telephone key in the sound: `0`...`9`, `*`, `#`, `A`...`D`.
    case key(Character)
}

extension ProgressTone: CustomStringConvertible {
    /// In words: `busy tone`, `beep 1,000 Hz`, `key 5`.
    public var description: String {
        switch self {
        case .dialTone: "dial tone"
        case .ringback: "ringback tone"
        case .busy: "busy tone"
        case .congestion: "congestion tone"
        case .specialInformation(let information): "special information tone: \(information.text)"
        case .faxCalling: "fax calling tone"
        case .faxAnswering: "fax or modem answering"
        case .beep(let hertz): "beep \(EnergyAnswerClassifier.number(hertz)) Hz"
        case .key(let key): "key \(key)"
        }
    }

    /// Whether it is a tone of the exchange, behind which nobody is.
    var isOfExchange: Bool {
        switch self {
        case .dialTone, .ringback, .busy, .congestion, .specialInformation: true
        case .faxCalling, .faxAnswering, .beep, .key: false
        }
    }
}

/// What a special information tone announces, by the pitches and lengths of its first two segments.
///
/// North American exchanges tell six reasons apart; elsewhere there is one tone for all (ITU-T E.180 §8).
@nonexhaustive
public enum SpecialInformation: String, Hashable, Sendable, Codable, CaseIterable {
    /// The number was changed or is disconnected.
    case intercept
    /// No such number or area.
    case vacantCode
    /// The network failed on the way.
    case reorder
    /// All circuits are taken.
    case noCircuit
    /// A combination without a meaning of its own.
    case other
    /// 950, 1,400 and 1,800 Hz: no reason told.
    case general

    /// Whether the number leads nowhere, so that calling it again is of no use.
    ///
    /// True for ``general`` too: what is heard where exchanges have no other tone for a number out of service.
    public var isBadNumber: Bool {
        switch self {
        case .intercept, .vacantCode, .general: true
        case .reorder, .noCircuit, .other: false
        }
    }

    /// In words, for causes and logs.
    public var text: String {
        switch self {
        case .intercept: "intercept"
        case .vacantCode: "vacant code"
        case .reorder: "reorder"
        case .noCircuit: "no circuit"
        case .other: "other"
        case .general: "general"
        }
    }

    /// Tells the reason from what was measured.
    ///
    /// Low and high are 913.8 and 985.2 Hz in the first segment, 1,370.6 and 1,428.5 Hz in the second; short and long
    /// are 274 and 380 ms.
    init(first: (hertz: Double, milliseconds: Int), second: (hertz: Double, milliseconds: Int)) {
        let shortest = 325
        guard abs(first.hertz - 950) > 17, abs(second.hertz - 1_400) > 14 else {
            self = .general
            return
        }
        switch (first.hertz > 950, second.hertz > 1_400) {
        case (false, false) where second.milliseconds < shortest: self = .intercept
        case (false, false): self = .noCircuit
        case (true, false): self = second.milliseconds < shortest ? .vacantCode : .reorder
        case (false, true): self = second.milliseconds < shortest ? .other : .reorder
        case (true, true): self = .noCircuit
        }
    }
}
