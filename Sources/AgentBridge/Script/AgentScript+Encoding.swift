internal import SansIO
internal import Telephony

extension AgentScript.Step {
    public func encode(to encoder: any Encoder) throws {
        typealias Key = ScriptFields.Key
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(label, forKey: Key("label"))
        func nested(_ name: String) -> KeyedEncodingContainer<Key> {
            container.nestedContainer(keyedBy: Key.self, forKey: Key(name))
        }
        func timeout(_ name: String, _ duration: Duration) throws {
            var fields = nested(name)
            try fields.encode(duration.inSeconds, forKey: Key("timeoutSeconds"))
        }
        switch action {
        case .say(let text): try container.encode(text, forKey: Key("say"))
        case .play(let file): try container.encode(file, forKey: Key("play"))
        case .goTo(let label): try container.encode(label, forKey: Key("goTo"))
        case .sendDigits(let digits): try container.encode(digits, forKey: Key("sendDigits"))
        case .set(let values): try container.encode(values, forKey: Key("set"))
        case .waitForVoice(let limit): try timeout("waitForVoice", limit)
        case .waitForTurn(let limit): try timeout("waitForTurn", limit)
        case .waitForBeep(let limit): try timeout("waitForBeep", limit)
        case .wait(let duration):
            var fields = nested("wait")
            try fields.encode(duration.inSeconds, forKey: Key("seconds"))
        case .waitForSilence(let silence, let limit):
            var fields = nested("waitForSilence")
            try fields.encode(silence.wholeMilliseconds, forKey: Key("milliseconds"))
            try fields.encode(limit.inSeconds, forKey: Key("timeoutSeconds"))
        case .waitForDigits(let count, let terminator, let limit, let name):
            var fields = nested("waitForDigits")
            try fields.encode(count, forKey: Key("count"))
            try fields.encodeIfPresent(terminator.map { String($0) }, forKey: Key("terminator"))
            try fields.encode(limit.inSeconds, forKey: Key("timeoutSeconds"))
            try fields.encodeIfPresent(name, forKey: Key("saveAs"))
        case .callTool(let tool, let arguments, let name):
            var fields = nested("callTool")
            try fields.encode(tool, forKey: Key("name"))
            try fields.encode(arguments, forKey: Key("arguments"))
            try fields.encodeIfPresent(name, forKey: Key("saveAs"))
        case .leaveMessage(let text, let limit):
            var fields = nested("leaveMessage")
            try fields.encode(text, forKey: Key("text"))
            try fields.encode(limit.inSeconds, forKey: Key("timeoutSeconds"))
        case .hangUp(let status, let note):
            var fields = nested("hangUp")
            try fields.encode(status.rawValue, forKey: Key("status"))
            try fields.encode(note, forKey: Key("note"))
        case .branch(let branch):
            var fields = nested("branch")
            try fields.encode(branch.subject.rawValue, forKey: Key("on"))
            try fields.encode(branch.timeout.inSeconds, forKey: Key("timeoutSeconds"))
            try fields.encode(branch.cases, forKey: Key("cases"))
            try fields.encodeIfPresent(branch.otherwise, forKey: Key("otherwise"))
        }
    }
}

extension Duration {
    var wholeMilliseconds: Int { Int(nanoseconds / 1_000_000) }
}
