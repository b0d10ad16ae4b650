internal import Foundation
internal import Telephony
internal import Testing

@Suite("Answering policy as JSON")
struct AnsweringPolicyTests {
    private func read(_ json: String) throws -> AnsweringPolicy {
        try JSONDecoder().decode(AnsweringPolicy.self, from: Data(json.utf8))
    }

    @Test("What is left out keeps its default")
    func defaults() throws {
        #expect(try read("{}") == AnsweringPolicy())
        var policy = AnsweringPolicy()
        policy.opening = .afterVerdict
        policy.voicemail = .leaveMessage
        policy.message = "Hello {{name}}."
        policy.beepTimeout = .milliseconds(12_500)
        policy.menu = .press("w0")
        let json = """
            {"opening": "afterVerdict", "voicemail": "message", "message": "Hello {{name}}.",
             "beepTimeoutSeconds": 12.5, "menu": {"press": "w0"}}
            """
        #expect(try read(json) == policy)
    }

    @Test("It survives writing and reading")
    func roundTrip() throws {
        var policy = AnsweringPolicy()
        policy.opening = .afterVerdict
        policy.voicemail = .hangUp
        policy.screening = .introduce
        policy.introduction = "It is us."
        policy.screeningTimeout = .seconds(12)
        policy.menu = .press("12#")
        policy.fax = .converse
        policy.silence = .prompt
        policy.prompt = "Is anybody there?"
        policy.silenceTimeout = .seconds(2)
        for policy in [AnsweringPolicy(), policy] {
            let data = try JSONEncoder().encode(policy)
            #expect(try JSONDecoder().decode(AnsweringPolicy.self, from: data) == policy)
        }
    }

    @Test(
        "A fault names its field",
        arguments: [
            (#"{"voicemail": "leave"}"#, "voicemail", "must be message, hangUp, converse"),
            (#"{"opening": "now"}"#, "opening", "must be atAnswer, afterVerdict"),
            (#"{"beepTimeoutSeconds": 301}"#, "beepTimeoutSeconds", "must be 0...300 seconds"),
            (#"{"silenceTimeoutSeconds": -1}"#, "silenceTimeoutSeconds", "must be 0...60 seconds"),
            (
                #"{"menu": {"press": "x"}}"#, "menu",
                "must be hangUp, converse, or {\"press\": keys} with 1 to 64 of 0-9, *, #, A-D, w"
            ),
            (
                #"{"menu": "press"}"#, "menu",
                "must be hangUp, converse, or {\"press\": keys} with 1 to 64 of 0-9, *, #, A-D, w"
            ),
        ])
    func faults(json: String, field: String, text: String) {
        let error = #expect(throws: DecodingError.self) { try read(json) }
        guard case .dataCorrupted(let context) = error else { return #expect(Bool(false), "\(error as Any)") }
        #expect(context.codingPath.map(\.stringValue) == [field])
        #expect(context.debugDescription == text)
    }

    @Test("A misspelt field is refused, and the known ones are named")
    func unknownField() {
        let error = #expect(throws: DecodingError.self) { try read(#"{"voiceMail": "message"}"#) }
        guard case .dataCorrupted(let context) = error else { return #expect(Bool(false), "\(error as Any)") }
        #expect(context.codingPath.map(\.stringValue) == ["voiceMail"])
        #expect(context.debugDescription.hasPrefix("unknown field; known are opening, "))
    }

    @Test("Keys for a menu are telephone keys, 64 at most")
    func keys() {
        #expect(AnsweringPolicy.MenuAction(pressing: "0w12#*AD") == .press("0w12#*AD"))
        #expect(AnsweringPolicy.MenuAction(pressing: "") == nil)
        #expect(AnsweringPolicy.MenuAction(pressing: "1-2") == nil)
        #expect(AnsweringPolicy.MenuAction(pressing: String(repeating: "1", count: 65)) == nil)
    }
}
