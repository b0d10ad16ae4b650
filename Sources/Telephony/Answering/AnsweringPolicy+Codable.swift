internal import SansIO

/// As JSON every field may be left out: `{"opening": "afterVerdict", "voicemail": "message", "message": "Hello {{name}}."}`.
///
/// Times are in seconds (`beepTimeoutSeconds`); ``AnsweringPolicy/menu`` is `hangUp`, `converse` or `{"press": "0"}`.
extension AnsweringPolicy: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case opening, verdictTimeoutSeconds
        case voicemail, message, beepTimeoutSeconds, silenceBeforeMessageSeconds
        case screening, introduction, screeningTimeoutSeconds
        case menu, fax
        case silence, prompt, silenceTimeoutSeconds
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads a policy.
    ///
    /// - Throws: `DecodingError` at the field that is unknown, of another type or outside its range.
    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try Fields(decoder)
        opening = try fields.word(.opening, or: opening)
        verdictTimeout = try fields.seconds(.verdictTimeoutSeconds, to: 60, or: verdictTimeout)
        voicemail = try fields.word(.voicemail, or: voicemail)
        message = try fields.text(.message)
        beepTimeout = try fields.seconds(.beepTimeoutSeconds, to: 300, or: beepTimeout)
        silenceBeforeMessage = try fields.seconds(
            .silenceBeforeMessageSeconds, to: 60, or: silenceBeforeMessage)
        screening = try fields.word(.screening, or: screening)
        introduction = try fields.text(.introduction)
        screeningTimeout = try fields.seconds(.screeningTimeoutSeconds, to: 300, or: screeningTimeout)
        menu = try fields.menu(or: menu)
        fax = try fields.word(.fax, or: fax)
        silence = try fields.word(.silence, or: silence)
        prompt = try fields.text(.prompt) ?? prompt
        silenceTimeout = try fields.seconds(.silenceTimeoutSeconds, to: 60, or: silenceTimeout)
    }

    /// The fields, each with the range it is held to.
    private struct Fields {
        private let container: KeyedDecodingContainer<Key>

        init(_ decoder: any Decoder) throws {
            let all = try decoder.container(keyedBy: AnyKey.self)
            let unknown = all.allKeys.map(\.stringValue).filter { Key(rawValue: $0) == nil }.sorted()
            if let first = unknown.first {
                let known = Key.allCases.map(\.rawValue).joined(separator: ", ")
                throw DecodingError.dataCorruptedError(
                    forKey: AnyKey(first), in: all, debugDescription: "unknown field; known are \(known)")
            }
            container = try decoder.container(keyedBy: Key.self)
        }

        private func refusal(_ key: Key, _ expected: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: container, debugDescription: "must be \(expected)")
        }

        func text(_ key: Key) throws -> String? { try container.decodeIfPresent(String.self, forKey: key) }

        func word<Word: RawRepresentable & CaseIterable>(_ key: Key, or standard: Word) throws -> Word
        where Word.RawValue == String {
            guard let text = try text(key) else { return standard }
            guard let word = Word(rawValue: text) else {
                throw refusal(key, Word.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return word
        }

        func seconds(_ key: Key, to limit: Double, or standard: Duration) throws -> Duration {
            guard let value = try container.decodeIfPresent(Double.self, forKey: key) else { return standard }
            guard value >= 0, value <= limit else { throw refusal(key, "0...\(Int(limit)) seconds") }
            return .nanoseconds(Int64((value * 1e9).rounded()))
        }

        func menu(or standard: MenuAction) throws -> MenuAction {
            let expected = "hangUp, converse, or {\"press\": keys} with 1 to 64 of 0-9, *, #, A-D, w"
            guard container.contains(.menu) else { return standard }
            if let word = try? container.decode(String.self, forKey: .menu) {
                switch word {
                case "hangUp": return .hangUp
                case "converse": return .converse
                default: throw refusal(.menu, expected)
                }
            }
            guard let keys = try? container.decode([String: String].self, forKey: .menu),
                keys.count == 1, let text = keys["press"], let action = MenuAction(pressing: text)
            else { throw refusal(.menu, expected) }
            return action
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(opening.rawValue, forKey: .opening)
        try container.encode(verdictTimeout.inSeconds, forKey: .verdictTimeoutSeconds)
        try container.encode(voicemail.rawValue, forKey: .voicemail)
        try container.encodeIfPresent(message, forKey: .message)
        try container.encode(beepTimeout.inSeconds, forKey: .beepTimeoutSeconds)
        try container.encode(silenceBeforeMessage.inSeconds, forKey: .silenceBeforeMessageSeconds)
        try container.encode(screening.rawValue, forKey: .screening)
        try container.encodeIfPresent(introduction, forKey: .introduction)
        try container.encode(screeningTimeout.inSeconds, forKey: .screeningTimeoutSeconds)
        switch menu {
        case .hangUp: try container.encode("hangUp", forKey: .menu)
        case .converse: try container.encode("converse", forKey: .menu)
        case .press(let keys): try container.encode(["press": keys], forKey: .menu)
        }
        try container.encode(fax.rawValue, forKey: .fax)
        try container.encode(silence.rawValue, forKey: .silence)
        try container.encode(prompt, forKey: .prompt)
        try container.encode(silenceTimeout.inSeconds, forKey: .silenceTimeoutSeconds)
    }
}

extension AnsweringPolicy.MenuAction {
    /// - Parameter keys: 1...64 of `0`...`9`, `*`, `#`, `A`...`D` and `w`; `nil` for anything else.
    public init?(pressing keys: String) {
        guard (1...64).contains(keys.count), keys.allSatisfy({ "0123456789*#ABCDabcdwW".contains($0) })
        else { return nil }
        self = .press(keys)
    }
}
