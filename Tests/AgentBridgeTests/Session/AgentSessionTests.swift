@testable internal import AgentBridge
internal import SansIO
internal import Telephony
internal import Testing

@Suite("What a session hears and does")
struct AgentSessionTests {
    private func run(
        _ call: TestCall = TestCall(), _ options: AgentOptions = AgentOptions(),
        _ body: @escaping @Sendable (AgentSession) async throws -> AgentResult
    ) throws -> AgentResult { try #require(call.run(ClosureAgent(options, body))) }

    @Test("Keys are kept in order, with a time-out, a count and a terminator")
    func digits() throws {
        let call = TestCall()
        for (offset, key) in "42#7".enumerated() { call.at(1_100 + offset * 200, .digit(key)) }
        let result = try run(call) { session in
            let entry = try await session.digits(count: 10, terminator: "#", timeout: .seconds(2))
            let next = try await session.nextDigit(timeout: .seconds(2))
            let none = try await session.nextDigit(timeout: .seconds(1))
            return AgentResult(
                status: .done, note: "\(entry) \(next ?? "-") \(none ?? "-") \(session.elapsedMilliseconds)")
        }
        #expect(result.note == "42 7 - 1700")
        #expect(result.transcript.map(\.text) == ["4", "2", "#", "7"])
        #expect(result.transcript.allSatisfy { $0.source == .digits && $0.speaker == .callee })
    }

    @Test("A mark reports the position actually sent; a clear reports it as cleared")
    func marks() throws {
        let result = try run { session in
            let first = try session.startUtterance()
            try first.append(tone(milliseconds: 50))
            first.end()
            session.mark("after 400")
            let second = try session.startUtterance()
            try second.append(tone(milliseconds: 1_000))
            second.end()
            session.mark("never")
            try await session.sleep(for: .milliseconds(250))
            session.clear()
            var notes: [String] = []
            for await event in session.events {
                guard case .mark(let mark) = event.kind else { continue }
                notes.append("\(mark.name) \(mark.samplesSent) \(mark.wasCleared)")
                if notes.count == 2 { break }
            }
            return AgentResult(status: .done, note: notes.joined(separator: ", "))
        }
        // 50 ms end inside the third frame, so 480 samples were sent when the mark was passed.
        #expect(result.note == "after 400 480 false, never 2080 true")
    }

    @Test("Silence is counted from the end of the voice and broken by new voice")
    func silence() throws {
        let call = TestCall()
        call.voice(from: 1_100, to: 1_500)
        call.voice(from: 1_900, to: 2_300)
        let result = try run(call) { session in
            _ = try await session.waitForVoice()
            let isSilent = try await session.waitForSilence(.milliseconds(700), timeout: .seconds(5))
            return AgentResult(status: .done, note: "\(isSilent) \(session.elapsedMilliseconds)")
        }
        #expect(result.note == "true 2000")
    }

    @Test("A wait that times out says so")
    func timeouts() throws {
        let result = try run { session in
            let voice = try await session.waitForVoice(timeout: .milliseconds(300))
            let turn = try await session.waitForTurnEnd(timeout: .milliseconds(300))
            let verdict = try await session.verdict(timeout: .milliseconds(300))
            let beep = try await session.waitForMessageStart(timeout: .milliseconds(300))
            return AgentResult(
                status: .done,
                note: "\(voice) \(turn) \(verdict == nil) \(beep == nil) \(session.elapsedMilliseconds)")
        }
        #expect(result.note == "false false true true 1200")
    }

    @Test("A turn ends half a second after the voice")
    func turns() throws {
        let call = TestCall()
        call.voice(from: 1_200, to: 2_000)
        let result = try run(call) { session in
            _ = try await session.waitForTurnEnd(timeout: .seconds(5))
            return AgentResult(status: .done, note: "\(session.elapsedMilliseconds)")
        }
        #expect(result.note == "1500")
    }

    @Test("A tool runs beside the call; a failing, an unknown and an ill-called one are typed errors")
    func tools() throws {
        struct Broken: Error {}
        var options = AgentOptions()
        options.tools = [
            AgentTool(
                name: "lookup", description: "", parameters: [.init("key", description: "")]
            ) { "value of \($0["key"] ?? "")" },
            AgentTool(name: "broken", description: "") { _ in throw Broken() },
        ]
        let result = try run(TestCall(), options) { session in
            var notes = [try await session.callTool("lookup", ["key": "x"])]
            for name in ["lookup", "broken", "other"] {
                do { notes.append(try await session.callTool(name)) } catch let error as AgentError {
                    notes.append(error.description)
                }
            }
            return AgentResult(status: .done, note: notes.joined(separator: "; "))
        }
        #expect(
            result.note
                == "value of x; tool lookup needs the argument key; tool broken failed: Broken; there is no tool other"
        )
    }

    @Test("A reply that ended just before the agent began to wait for it causes no dead air")
    func earlyReply() throws {
        let call = TestCall()
        call.voice(from: 1_200, to: 1_900)
        let result = try run(call) { session in
            try await session.sleep(for: .seconds(1))
            let ended = try await session.waitForTurnEnd(timeout: .seconds(10))
            return AgentResult(status: .done, note: "\(ended) \(session.elapsedMilliseconds)")
        }
        #expect(result.note == "true 1400")
    }

    @Test("A tool that ignores its cancellation does not keep the callee on the line")
    func deafTool() {
        final class Gate: @unchecked Sendable { var continuation: UnsafeContinuation<Void, Never>? }
        let gate = Gate()
        var options = AgentOptions()
        options.tools = [
            AgentTool(name: "deaf", description: "", timeout: .seconds(1)) { _ in
                await withUnsafeContinuation { gate.continuation = $0 }
                return ""
            }
        ]
        let call = TestCall()
        let agent = ClosureAgent(options) { session in
            do { _ = try await session.callTool("deaf") } catch {}
            return AgentResult(status: .done)
        }
        #expect(call.run(agent, until: 5_000) == nil, "the report waits for the tool")
        #expect(call.endedAtMilliseconds == 2_000)
        gate.continuation?.resume()
        call.loop.settle()
        #expect((try? call.result?.get())?.status == .done)
    }

    @Test("What is found in the moment of the time-out is not lost")
    func lastMoment() throws {
        let call = TestCall()
        let clock = call.loop
        let result = try run(call) { session in
            let found = try await session.withTimeout(.milliseconds(100)) { _ in
                try? await clock.sleep(for: .milliseconds(200))
                return "key"
            }
            return AgentResult(status: .done, note: found ?? "lost")
        }
        #expect(result.note == "key")
    }

    @Test("A tool that takes too long is given up while the call goes on")
    func slowTool() throws {
        var options = AgentOptions()
        let call = TestCall()
        let clock = call.loop
        options.tools = [
            AgentTool(name: "slow", description: "", timeout: .seconds(2)) { _ in
                try await clock.sleep(for: .seconds(30))
                return "late"
            }
        ]
        let result = try run(call, options) { session in
            do { _ = try await session.callTool("slow") } catch AgentError.toolTimedOut(let name) {
                return AgentResult(status: .done, note: "\(name) \(session.elapsedMilliseconds)")
            }
            return AgentResult(status: .failed)
        }
        #expect(result.note == "slow 2000")
    }

    @Test("A transcriber's words stand in the transcript with their source and are heard by the agent")
    func transcriber() throws {
        struct Words: Transcriber {
            var source: TranscriptEntry.Source { .calleeScript }
            var needsAudio: Bool { true }
            func transcribe(_ segment: VoiceSegment) async throws -> String? {
                "\(segment.callee) \(segment.startMilliseconds)-\(segment.endMilliseconds) \(segment.samples.count)"
            }
        }
        let call = TestCall()
        call.calleeAudio = tone(milliseconds: 5_000)
        call.voice(from: 1_500, to: 2_000)
        call.voice(from: 3_000, to: 3_400)
        let agent = ClosureAgent { session in
            for await event in session.events {
                if case .heard(let entry) = event.kind {
                    return AgentResult(
                        status: .done, note: "\(entry.startMilliseconds) \(session.elapsedMilliseconds)")
                }
            }
            return AgentResult(status: .failed)
        }
        let result = try #require(call.run(agent, transcriber: Words()))
        #expect(result.note == "500 1500")
        let entry = try #require(result.transcript.first)
        #expect(entry.source == .calleeScript)
        // 300 ms before the voice, the voice and the silence that ended the turn.
        #expect(entry.text == "+15550100 500-1000 10560")
    }

    @Test("Audio of the last second before the first read is not lost, older audio is")
    func preroll() throws {
        let call = TestCall()
        call.calleeAudio = (0..<40_000).map { Int16($0 / 160) }
        let result = try run(call) { session in
            try await session.sleep(for: .milliseconds(2_010))
            let samples = await session.read() ?? []
            return AgentResult(
                status: .done, note: "\(samples.count) \(samples.first ?? 0) \(session.droppedSamples)")
        }
        #expect(result.note == "8000 51 0")
    }

    @Test("Keys that the agent sends go to the callee and into the transcript")
    func sendsDigits() throws {
        let call = TestCall()
        let result = try run(call) { session in
            try session.sendDigits("1w#")
            return AgentResult(status: .done)
        }
        #expect(call.digitsSent == "1W#")
        #expect(result.transcript.map(\.text) == ["1", "#"])
        #expect(result.transcript.allSatisfy { $0.speaker == .agent })
    }
}
