internal import Telephony

extension AgentScript: Codable {
    /// Reads a script.
    ///
    /// - Throws: ``ScriptError`` with the step and the field.
    public init(from decoder: any Decoder) throws {
        var fields = try ScriptFields(decoder, step: nil, path: "")
        name = try fields.optional("name", "a text") ?? "script"
        rateHertz = try fields.optional("rateHertz", "a number of hertz")
        if let rateHertz, ![8_000, 16_000, 24_000, 48_000].contains(rateHertz) {
            throw fields.error("rateHertz", .notAllowed(expected: "8000, 16000, 24000 or 48000"))
        }
        interruption = try Self.interruption(&fields)
        answering = try fields.answering("answering") ?? AnsweringPolicy()
        steps = try fields.required("steps", as: StepList.self, "a list of steps").steps
        try fields.finish()
    }

    private static func interruption(_ fields: inout ScriptFields) throws -> Interruption {
        fields.know("bargeIn")
        guard fields.names.contains("bargeIn") else { return .byVoice(BargeIn.Policy()) }
        if let word = try? fields.optional("bargeIn", as: String.self, "") {
            guard word == "never" else {
                throw fields.error("bargeIn", .notAllowed(expected: "\"never\" or an object"))
            }
            return .never
        }
        var nested = try fields.nested("bargeIn")
        let standard = BargeIn.Policy()
        let policy = BargeIn.Policy(
            minimumVoice: try nested.milliseconds("minimumVoiceMilliseconds", default: standard.minimumVoice),
            protectedOpening: try nested.milliseconds(
                "protectedOpeningMilliseconds", default: standard.protectedOpening),
            minimumSpeech: try nested.milliseconds(
                "minimumSpeechMilliseconds", default: standard.minimumSpeech))
        try nested.finish()
        return .byVoice(policy)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: ScriptFields.Key.self)
        try container.encode(name, forKey: .init("name"))
        try container.encodeIfPresent(rateHertz, forKey: .init("rateHertz"))
        switch interruption {
        case .never: try container.encode("never", forKey: .init("bargeIn"))
        case .byVoice(let policy):
            var nested = container.nestedContainer(keyedBy: ScriptFields.Key.self, forKey: .init("bargeIn"))
            try nested.encode(
                policy.minimumVoice.wholeMilliseconds, forKey: .init("minimumVoiceMilliseconds"))
            try nested.encode(
                policy.protectedOpening.wholeMilliseconds, forKey: .init("protectedOpeningMilliseconds"))
            try nested.encode(
                policy.minimumSpeech.wholeMilliseconds, forKey: .init("minimumSpeechMilliseconds"))
        }
        if answering != AnsweringPolicy() { try container.encode(answering, forKey: .init("answering")) }
        try container.encode(steps, forKey: .init("steps"))
    }
}

/// The list of steps: numbers each for its errors.
private struct StepList: Decodable {
    var steps: [AgentScript.Step] = []

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd {
            guard steps.count < AgentScript.stepLimit else {
                throw ScriptError(
                    step: steps.count, field: "steps",
                    problem: .notAllowed(expected: "at most \(AgentScript.stepLimit) steps"))
            }
            let fields = try ScriptFields(try list.superDecoder(), step: steps.count, path: "")
            steps.append(try AgentScript.Step(fields))
        }
    }
}

extension AgentScript.Step: Encodable {
    private static let actions = [
        "branch", "callTool", "goTo", "hangUp", "leaveMessage", "play", "say", "sendDigits", "set", "wait",
        "waitForBeep", "waitForDigits", "waitForSilence", "waitForTurn", "waitForVoice",
    ]

    fileprivate init(_ fields: ScriptFields) throws {
        var fields = fields
        label = try fields.optional("label", "a text")
        let names = fields.names.filter { $0 != "label" }
        if let unknown = names.first(where: { !Self.actions.contains($0) }) {
            throw fields.error(unknown, .unknown)
        }
        guard let name = names.first else { throw fields.error("action", .missing) }
        guard names.count == 1 else { throw fields.error(names[1], .duplicate) }
        action = try Self.action(name, &fields)
    }

    private static func action(_ name: String, _ fields: inout ScriptFields) throws -> AgentScript.Action {
        switch name {
        case "say": return .say(try fields.required(name, "a text"))
        case "play": return .play(file: try fields.required(name, "the name of a WAV file"))
        case "goTo": return .goTo(try fields.required(name, "a label"))
        case "sendDigits": return .sendDigits(try fields.required(name, "telephone keys"))
        case "set": return .set(try fields.required(name, "an object of texts"))
        case "leaveMessage":
            if let text = try? fields.optional(name, as: String.self, "") {
                return .leaveMessage(text, timeout: .seconds(30))
            }
        case "hangUp":
            if let word = try? fields.optional(name, as: String.self, "") {
                return .hangUp(try status(word, of: name, fields))
            }
        default: break
        }
        var nested = try fields.nested(name)
        let action = try timedAction(name, &nested)
        try nested.finish()
        return action
    }

    private static func timedAction(_ name: String, _ fields: inout ScriptFields) throws -> AgentScript.Action
    {
        switch name {
        case "waitForVoice":
            return .waitForVoice(timeout: try fields.seconds("timeoutSeconds", default: .seconds(10)))
        case "waitForTurn":
            return .waitForTurn(timeout: try fields.seconds("timeoutSeconds", default: .seconds(10)))
        case "waitForSilence":
            return .waitForSilence(
                try fields.milliseconds("milliseconds", default: .milliseconds(700)),
                timeout: try fields.seconds("timeoutSeconds", default: .seconds(10)))
        case "waitForBeep":
            return .waitForBeep(timeout: try fields.seconds("timeoutSeconds", default: .seconds(30)))
        case "wait":
            return .wait(try fields.seconds("seconds", default: nil))
        case "leaveMessage":
            return .leaveMessage(
                try fields.required("text", "a text"),
                timeout: try fields.seconds("timeoutSeconds", default: .seconds(30)))
        case "waitForDigits":
            let count = try fields.optional("count", as: Int.self, "a whole number") ?? 1
            guard (1...64).contains(count) else {
                throw fields.error("count", .notAllowed(expected: "1...64"))
            }
            return .waitForDigits(
                count: count, terminator: try fields.telephoneKey("terminator"),
                timeout: try fields.seconds("timeoutSeconds", default: .seconds(10)),
                saveAs: try fields.optional("saveAs", "a name"))
        case "callTool":
            return .callTool(
                try fields.required("name", "a tool's name"),
                arguments: try fields.optional("arguments", "an object of texts") ?? [:],
                saveAs: try fields.optional("saveAs", "a name"))
        case "hangUp":
            let word = try fields.optional("status", as: String.self, "a status") ?? "done"
            return .hangUp(
                try status(word, of: "status", fields), note: try fields.optional("note", "a text") ?? "")
        default:
            let word = try fields.required("on", as: String.self, "a text")
            guard let subject = AgentScript.Branch.Subject(rawValue: word) else {
                let all = AgentScript.Branch.Subject.allCases.map(\.rawValue).joined(separator: ", ")
                throw fields.error("on", .notAllowed(expected: "one of \(all)"))
            }
            return .branch(
                AgentScript.Branch(
                    on: subject, timeout: try fields.seconds("timeoutSeconds", default: .zero),
                    cases: try fields.optional("cases", "an object of labels") ?? [:],
                    otherwise: try fields.optional("otherwise", "a label")))
        }
    }

    private static func status(
        _ word: String, of field: String, _ fields: ScriptFields
    ) throws -> AgentResult.Status {
        guard let status = AgentResult.Status(rawValue: word) else {
            let all = AgentResult.Status.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.error(field, .notAllowed(expected: "one of \(all)"))
        }
        return status
    }
}
