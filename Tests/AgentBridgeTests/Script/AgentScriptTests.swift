internal import AgentBridge
internal import Foundation
internal import Telephony
internal import Testing

@Suite("Agent scripts as JSON")
struct AgentScriptTests {
    @Test(
        "A fault is named with its step and field",
        arguments: [
            ("{", nil, "script"),
            ("[]", nil, "script"),
            (#"{"name": "x"}"#, nil, "steps"),
            (#"{"steps": {}}"#, nil, "steps"),
            (#"{"steps": [], "stepz": 1}"#, nil, "stepz"),
            (#"{"rateHertz": 44100, "steps": []}"#, nil, "rateHertz"),
            (#"{"bargeIn": "always", "steps": []}"#, nil, "bargeIn"),
            (
                #"{"bargeIn": {"minimumVoiceMilliseconds": -1}, "steps": []}"#, nil,
                "bargeIn.minimumVoiceMilliseconds"
            ),
            (#"{"steps": [{"say": "a"}, {"sing": "b"}]}"#, 1, "sing"),
            (#"{"steps": [{"label": "only"}]}"#, 0, "action"),
            (#"{"steps": [{"say": "a", "play": "b"}]}"#, 0, "say"),
            (#"{"steps": [{"say": 5}]}"#, 0, "say"),
            (#"{"steps": ["say"]}"#, 0, "script"),
            (#"{"steps": [{"wait": {}}]}"#, 0, "wait.seconds"),
            (#"{"steps": [{"wait": {"seconds": "2"}}]}"#, 0, "wait.seconds"),
            (#"{"steps": [{"wait": {"seconds": 1e9}}]}"#, 0, "wait.seconds"),
            (#"{"steps": [{"wait": 2}]}"#, 0, "wait"),
            (#"{"steps": [{"waitForDigits": {"count": 0}}]}"#, 0, "waitForDigits.count"),
            (#"{"steps": [{"waitForDigits": {"terminator": "ab"}}]}"#, 0, "waitForDigits.terminator"),
            (#"{"steps": [{"waitForVoice": {"timeout": 3}}]}"#, 0, "waitForVoice.timeout"),
            (#"{"steps": [{"branch": {"on": "mood"}}]}"#, 0, "branch.on"),
            (#"{"steps": [{"branch": {"cases": {}}}]}"#, 0, "branch.on"),
            (#"{"steps": [{"hangUp": "maybe"}]}"#, 0, "hangUp"),
            (#"{"steps": [{"hangUp": {"status": "maybe"}}]}"#, 0, "hangUp.status"),
            (#"{"steps": [{"set": {"a": 1}}]}"#, 0, "set"),
            (#"{"answering": 5, "steps": []}"#, nil, "answering"),
            (#"{"answering": {"voicemail": "leave"}, "steps": []}"#, nil, "answering.voicemail"),
            (#"{"answering": {"message": 5}, "steps": []}"#, nil, "answering.message"),
            (
                #"{"answering": {"beepTimeoutSeconds": 900}, "steps": []}"#, nil,
                "answering.beepTimeoutSeconds"
            ),
            (#"{"answering": {"voiceMail": "message"}, "steps": []}"#, nil, "answering.voiceMail"),
        ] as [(String, Int?, String)])
    func namesFault(json: String, step: Int?, field: String) {
        let error = #expect(throws: ScriptError.self) { try AgentScript(json: Array(json.utf8)) }
        #expect(error?.step == step)
        #expect(error?.field == field)
    }

    @Test(
        "A script that reads but cannot run is refused when the agent is made",
        arguments: [
            (#"[{"goTo": "nowhere"}]"#, 0, "goTo"),
            (
                #"[{"say": "x"}, {"branch": {"on": "voice", "cases": {"voice": "a"}}}]"#, 1,
                "branch.cases.voice"
            ),
            (#"[{"branch": {"on": "voice", "otherwise": "b"}}]"#, 0, "branch.otherwise"),
            (#"[{"label": "a", "say": "x"}, {"label": "a", "say": "y"}]"#, 1, "label"),
            (#"[{"say": "Hello {{name"}]"#, 0, "say"),
            (#"[{"play": "missing.wav"}]"#, 0, "play"),
            (#"[{"callTool": {"name": "book"}}]"#, 0, "callTool.name"),
        ])
    func refusesUnrunnable(steps: String, step: Int, field: String) throws {
        let script = try AgentScript(json: Array(#"{"steps": \#(steps)}"#.utf8))
        let error = #expect(throws: ScriptError.self) { try ScriptedAgent(script) }
        #expect(error?.step == step)
        #expect(error?.field == field)
    }

    @Test(
        "A policy whose words are missing or cannot be filled is refused when the agent is made",
        arguments: [
            (#"{"voicemail": "message"}"#, "answering.message"),
            (#"{"screening": "introduce"}"#, "answering.introduction"),
            (#"{"voicemail": "message", "message": "Hello {{name"}"#, "answering.message"),
        ])
    func refusesPolicy(policy: String, field: String) throws {
        let script = try AgentScript(json: Array(#"{"answering": \#(policy), "steps": []}"#.utf8))
        let error = #expect(throws: ScriptError.self) { try ScriptedAgent(script) }
        #expect(error?.step == nil)
        #expect(error?.field == field)
    }

    @Test("A policy survives writing and reading")
    func answeringRoundTrip() throws {
        let json = #"{"answering": {"voicemail": "message", "message": "Hello."}, "steps": []}"#
        let script = try AgentScript(json: Array(json.utf8))
        #expect(script.answering.voicemail == .leaveMessage)
        #expect(try JSONDecoder().decode(AgentScript.self, from: JSONEncoder().encode(script)) == script)
    }

    @Test("Every action survives writing and reading")
    func roundTrip() throws {
        let script = AgentScript(
            name: "all", rateHertz: 8_000, interruption: .never,
            steps: [
                .init(.say("a"), label: "start"), .init(.play(file: "a.wav")),
                .init(.waitForVoice(timeout: .seconds(3))),
                .init(.waitForSilence(.milliseconds(450), timeout: .seconds(2))),
                .init(.waitForTurn(timeout: .milliseconds(1_500))),
                .init(.waitForDigits(count: 4, terminator: "#", timeout: .seconds(5), saveAs: "pin")),
                .init(.wait(.milliseconds(250))),
                .init(
                    .branch(
                        .init(on: .response, timeout: .seconds(1), cases: ["1": "start"], otherwise: "end"))),
                .init(.goTo("end")), .init(.sendDigits("12w#")),
                .init(.callTool("book", arguments: ["day": "{{day}}"], saveAs: "slot")),
                .init(.waitForBeep(timeout: .seconds(9))),
                .init(.leaveMessage("bye", timeout: .seconds(8))), .init(.set(["a": "b"])),
                .init(.hangUp(.messageLeft, note: "n"), label: "end"),
            ])
        let json = try JSONEncoder().encode(script)
        #expect(try AgentScript(json: [UInt8](json)) == script)
    }

    @Test("The error's text tells a person what to do")
    func description() {
        let error = ScriptError(
            step: 2, field: "branch.on", problem: .notAllowed(expected: "one of a, b"))
        #expect(error.description == "step 2, branch.on: must be one of a, b")
    }
}
