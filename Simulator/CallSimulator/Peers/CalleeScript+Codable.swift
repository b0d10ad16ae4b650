internal import AgentBridge
internal import SansIO

extension CalleeScript: Codable {
    /// Reads `{"steps": […]}`, or `{"attempts": [[…], […]]}` when the first calls go differently.
    ///
    /// Recordings are not part of it: add them to ``sounds``.
    ///
    /// - Throws: ``ScriptError`` with the step and the field.
    public init(from decoder: any Decoder) throws {
        var fields = try ScriptFields(decoder, step: nil, path: "")
        _ = try fields.optional("name", as: String.self, "a text")
        let steps = try fields.optional("steps", as: StepList.self, "a list of steps")
        let attempts = try fields.optional("attempts", as: [StepList].self, "a list of lists of steps")
        try fields.finish()
        switch (steps, attempts) {
        case (let steps?, nil): self.init(steps: steps.steps)
        case (nil, let attempts?) where !attempts.isEmpty: self.init(attempts: attempts.map(\.steps))
        case (.some, .some): throw fields.error("steps", .duplicate)
        default: throw fields.error("steps", .missing)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: ScriptFields.Key.self)
        if attempts.count == 1 {
            try container.encode(attempts[0], forKey: .init("steps"))
        } else {
            try container.encode(attempts, forKey: .init("attempts"))
        }
    }
}

/// The list of steps: numbers each for its errors.
private struct StepList: Decodable {
    var steps: [CalleeScript.Step] = []

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd {
            guard steps.count < AgentScript.stepLimit else {
                throw ScriptError(
                    step: steps.count, field: "steps",
                    problem: .notAllowed(expected: "at most \(AgentScript.stepLimit) steps"))
            }
            var fields = try ScriptFields(try list.superDecoder(), step: steps.count, path: "")
            steps.append(try CalleeScript.Step(&fields))
        }
    }
}

extension CalleeScript.Step: Encodable {
    fileprivate init(_ fields: inout ScriptFields) throws {
        let names = fields.names
        guard let name = names.first else { throw fields.error("action", .missing) }
        guard names.count == 1 else { throw fields.error(names[1], .duplicate) }
        switch name {
        case "say": self = .say(try fields.required(name, "a text"))
        case "play": self = .play(try fields.required(name, "the name of a recording"))
        case "press": self = .press(try fields.required(name, "telephone keys"))
        case "ring", "earlyMedia", "answer", "reject", "beep", "tone", "wait", "waitForVoice",
            "waitForSilence", "waitForKey", "hangUp":
            var nested = try fields.nested(name)
            self = try Self.step(name, &nested)
            try nested.finish()
        default: throw fields.error(name, .unknown)
        }
    }

    private static func step(_ name: String, _ fields: inout ScriptFields) throws -> Self {
        switch name {
        case "ring": return .ring(try fields.seconds("seconds", default: nil))
        case "earlyMedia": return .earlyMedia(try fields.seconds("seconds", default: nil))
        case "wait": return .wait(try fields.seconds("seconds", default: nil))
        case "answer": return .answer
        case "hangUp": return .hangUp
        case "waitForVoice":
            return .waitForVoice(timeout: try fields.seconds("timeoutSeconds", default: .seconds(20)))
        case "waitForKey":
            return .waitForKey(timeout: try fields.seconds("timeoutSeconds", default: .seconds(20)))
        case "waitForSilence":
            return .waitForSilence(
                try fields.milliseconds("milliseconds", default: .milliseconds(700)),
                timeout: try fields.seconds("timeoutSeconds", default: .seconds(60)))
        case "tone":
            let known = LineTone.allCases.map(\.rawValue).joined(separator: ", ")
            guard let tone = LineTone(rawValue: try fields.required("name", "the name of a tone")) else {
                throw fields.error("name", .notAllowed(expected: known))
            }
            return .tone(tone, try fields.seconds("seconds", default: .seconds(4)))
        case "beep":
            let hertz = try fields.optional("hertz", as: Double.self, "a number of hertz") ?? 1_000
            guard hertz >= 100, hertz <= 3_900 else {
                throw fields.error("hertz", .notAllowed(expected: "100...3900"))
            }
            return .beep(hertz: hertz, try fields.milliseconds("milliseconds", default: .milliseconds(500)))
        default:
            let status = try fields.required("status", as: Int.self, "a status code")
            guard (300...699).contains(status) else {
                throw fields.error("status", .notAllowed(expected: "300...699"))
            }
            return .reject(status: status, reason: try fields.optional("reason", "a text"))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        typealias Key = ScriptFields.Key
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .say(let text): return try container.encode(text, forKey: Key(name))
        case .play(let sound): return try container.encode(sound, forKey: Key(name))
        case .press(let keys): return try container.encode(keys, forKey: Key(name))
        default: break
        }
        var fields = container.nestedContainer(keyedBy: Key.self, forKey: Key(name))
        switch self {
        case .ring(let duration), .earlyMedia(let duration), .wait(let duration):
            try fields.encode(duration.inSeconds, forKey: Key("seconds"))
        case .waitForVoice(let timeout), .waitForKey(let timeout):
            try fields.encode(timeout.inSeconds, forKey: Key("timeoutSeconds"))
        case .waitForSilence(let silence, let timeout):
            try fields.encode(silence.nanoseconds / 1_000_000, forKey: Key("milliseconds"))
            try fields.encode(timeout.inSeconds, forKey: Key("timeoutSeconds"))
        case .beep(let hertz, let duration):
            try fields.encode(hertz, forKey: Key("hertz"))
            try fields.encode(duration.nanoseconds / 1_000_000, forKey: Key("milliseconds"))
        case .tone(let tone, let duration):
            try fields.encode(tone.rawValue, forKey: Key("name"))
            try fields.encode(duration.inSeconds, forKey: Key("seconds"))
        case .reject(let status, let reason):
            try fields.encode(status, forKey: Key("status"))
            try fields.encodeIfPresent(reason, forKey: Key("reason"))
        case .answer, .hangUp, .say, .play, .press: break
        }
    }
}
