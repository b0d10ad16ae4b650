import Foundation
import RTPMedia
import SIPCore
import SansIO
import TestSupport
import Testing

@testable import Telephony

/// Everything real but the far end's wits: UDP on loopback, the system's clock.
@Suite("The dialer over real sockets", .timeLimit(.minutes(1)))
struct DialerTests {
    @Test("A call is answered, audio flows both ways to the sample, and our hang-up ends it")
    func answered() async throws {
        let observer = RecordingObserver()
        let (result, heard, left) = try await withDialer(observers: [observer]) { dialer, callee in
            let request = CallRequest(
                to: "+15551234567", context: ["name": "Jane"], metadata: ["campaign": "spring"])
            let result = try await dialer.call(request) { call in
                try await call.answered()
                let end = try await call.audio.write([Int16](repeating: 9_000, count: 16_000))
                #expect(end == 16_000)
                call.audio.mark("said")
                var loudest = 0
                for await event in call.events {
                    if let samples = await call.audio.read() {
                        loudest = max(loudest, Int(samples.max() ?? 0))
                    }
                    if case .mark(let mark) = event.kind {
                        #expect(mark == MarkEvent(name: "said", samplesSent: 16_000, wasCleared: false))
                        break
                    }
                }
                return loudest
            }
            return (result, await callee.heard, try await dialer.statistics())
        }
        #expect(result.outcome.disposition == .answered)
        #expect(result.outcome.endedBy == .us)
        #expect(result.outcome.cause.sipStatus == 200)
        #expect((result.value ?? 0) > 4_000, "the callee's tone was heard")
        let talkTime = try #require(result.outcome.timings.talkTime)
        #expect(talkTime > .milliseconds(900) && talkTime < .seconds(5))
        #expect(heard.requests.count == 1)
        #expect(heard.requests.first?.requestURI == "sip:+15551234567@127.0.0.1")
        #expect(heard.requests.first?.from.hasPrefix("<sip:+15550100@127.0.0.1>") == true)
        #expect(heard.loudFrames >= 40, "a second of speech is fifty frames, some still in its jitter buffer")
        #expect(heard.ended == 1)
        #expect(left.liveCalls == 0)
        #expect(left.liveLegs == 0)

        let record = try #require(observer.records.first)
        #expect(observer.records.count == 1)
        #expect(record.outcome == result.outcome)
        #expect(record.sipCallID == heard.callIDs.first)
        #expect(record.context == ["name": "Jane"])
        #expect(record.metadata == ["campaign": "spring"])
        #expect(record.from == "+15550100")
        let media = try #require(record.media)
        #expect(media.codec == "PCMU")
        #expect(media.packetsSent >= 50)
        #expect(media.packetsReceived >= 40)
        let kinds = observer.events.map(\.kind)
        #expect(kinds.first == .dialing(sipCallID: record.sipCallID))
        #expect(kinds.contains(.answered))
        #expect(observer.datagrams[.sip, default: 0] >= 6)
        #expect(observer.datagrams[.rtp, default: 0] >= 90)
        #expect(observer.unassigned == 0, "each datagram is known to be of its call")
    }

    @Test(
        "The callee hangs up: its keys are kept, its cause is the outcome's, and the agent has time to return"
    )
    func calleeHangsUp() async throws {
        let observer = RecordingObserver()
        let script = MiniCallee.Script(hangsUpAfter: .milliseconds(300), digits: "5#")
        let result = try await withDialer(script, observers: [observer]) { dialer, _ in
            try await dialer.call(CallRequest(to: "100")) { call in
                for await _ in call.events {}
                return "wrapped up"
            }
        }
        #expect(result.outcome.disposition == .answered)
        #expect(result.outcome.endedBy == .callee)
        #expect(result.outcome.cause == CallCause(sipStatus: 200, q850: 16, text: "bye"))
        #expect(observer.records.first?.digits == "5#")
        // Two seconds are its time; where the whole suite fights for one processor, they can pass.
        if result.outcome.agentResult?.status == .done { #expect(result.value == "wrapped up") }
    }

    @Test(
        "What the far end says becomes the outcome",
        arguments: [
            (486, nil, .busy), (603, nil, .declined), (404, nil, .badNumber), (503, nil, .trunkFault),
            (403, nil, .forbidden), (488, nil, .mediaRefused), (480, nil, .noAnswer),
            (500, "Q.850;cause=17;text=\"user busy\"", .busy),
        ] as [(Int, String?, CallDisposition)])
    func refused(status: Int, reason: String?, disposition: CallDisposition) async throws {
        let script = MiniCallee.Script(answer: .refuse(status, reason: reason))
        let result = try await withDialer(script) { dialer, _ in
            try await dialer.call(CallRequest(to: "100")) { call in
                try await call.answered()
                return 1
            }
        }
        #expect(result.outcome.disposition == disposition)
        #expect(result.outcome.cause.sipStatus == status)
        #expect(result.outcome.agentResult == nil, "no call, no turn for the agent")
        #expect(result.value == nil)
    }

    @Test("Nobody answers: CANCEL at the ring timeout")
    func noAnswer() async throws {
        let (result, heard) = try await withDialer(.init(answer: .ring)) { dialer, callee in
            let result = try await dialer.call(CallRequest(to: "100", ringTimeout: .milliseconds(200))) {
                try await $0.answered()
            }
            return (result, await callee.heard)
        }
        #expect(result.outcome.disposition == .noAnswer)
        #expect(result.outcome.cause == CallCause(sipStatus: 487, text: "ring timeout"))
        #expect(result.outcome.timings.ringing != nil)
        #expect(heard.cancelled == 1)
    }

    @Test("A trunk that says nothing is a fault of the trunk")
    func mute() async throws {
        let result = try await withDialer(
            .init(answer: .mute), configure: { $0.userAgent.t1 = .milliseconds(5) }
        ) { dialer, _ in
            try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
        }
        #expect(result.outcome.disposition == .trunkFault)
        #expect(result.outcome.cause == CallCause(text: "no response from the trunk"))
    }

    @Test("Early media is heard before the answer, and nothing is said into it")
    func earlyMedia() async throws {
        let script = MiniCallee.Script(answer: .earlyMedia(.seconds(30)))
        let (result, heard) = try await withDialer(script) { dialer, callee in
            let result = try await dialer.call(CallRequest(to: "100")) { call in
                try await call.audio.write([Int16](repeating: 9_000, count: 1_600))
                var early = 0
                while early < 3_200, let samples = await call.audio.read() { early += samples.count }
                #expect(call.phase == .earlyMedia, "the agent listens from 183 on")
                await callee.answerNow()
                try await call.answered()
            }
            return (result, await callee.heard)
        }
        #expect(heard.loudFramesBeforeAnswer == 0, "agent audio waits for the answer")
        #expect(result.outcome.disposition == .answered)
        #expect(heard.packets > 0, "silence opens the path")
    }

    @Test("An answer that we cannot speak is hung up and said so")
    func unspeakable() async throws {
        let (result, heard) = try await withDialer(.init(answer: .unspeakable)) { dialer, callee in
            let result = try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
            return (result, await callee.heard)
        }
        #expect(result.outcome.disposition == .mediaRefused)
        #expect(heard.ended == 1)
    }

    @Test("A digest challenge is answered, and refused credentials are forbidden")
    func digest() async throws {
        var script = MiniCallee.Script()
        script.configuration.requiredCredentials = [SIPCredentials(username: "acme", password: "secret")]
        for (password, disposition) in [("secret", CallDisposition.answered), ("wrong", .forbidden)] {
            let result = try await withDialer(
                script, trunk: { $0.credentials = SIPCredentials(username: "acme", password: password) }
            ) { dialer, _ in
                try await dialer.call(CallRequest(to: "100")) { try await $0.answered() }
            }
            #expect(result.outcome.disposition == disposition)
        }
    }

    @Test("Digits reach the callee")
    func digits() async throws {
        let heard = try await withDialer { dialer, callee in
            _ = try await dialer.call(CallRequest(to: "100")) { call in
                try await call.answered()
                try call.sendDigits("1*9")
                while await callee.heard.digits.count < 3 { try await call.sleep(for: .milliseconds(20)) }
            }
            return await callee.heard
        }
        #expect(heard.digits == "1*9")
    }

    @Test(
        "Keys go in the sound where telephone events were not negotiated, or the trunk asks for it",
        arguments: [(DTMFMode.auto, false), (.inband, true), (.inband, false)])
    func digitsInSound(mode: DTMFMode, takesEvents: Bool) async throws {
        var script = MiniCallee.Script(digits: "58#")
        script.telephoneEvents = takesEvents
        // Sound that a starved machine sends late has holes; then once more.
        var heard = MiniCallee.Heard()
        var told: String?
        for _ in 0..<4 where heard.soundDigits != "1*9" || told != "58#" {
            let observer = RecordingObserver()
            heard = try await withDialer(script, trunk: { $0.dtmf = mode }, observers: [observer]) {
                dialer, callee in
                _ = try await dialer.call(CallRequest(to: "100")) { call in
                    try await call.answered()
                    try call.sendDigits("1*9")
                    try await call.sleep(for: .milliseconds(1_000))
                }
                return await callee.heard
            }
            told = observer.records.first?.digits
        }
        #expect(heard.soundDigits == "1*9")
        #expect(heard.digits == "")
        #expect(told == "58#")
    }

    @Test("A trunk that wants telephone events alone gets no keys in the sound")
    func noDigitsInSound() async throws {
        var script = MiniCallee.Script()
        script.telephoneEvents = false
        let heard = try await withDialer(script, trunk: { $0.dtmf = .rfc4733 }) { dialer, callee in
            _ = try await dialer.call(CallRequest(to: "100")) { call in
                try await call.answered()
                try call.sendDigits("1")
                try await call.sleep(for: .milliseconds(300))
            }
            return await callee.heard
        }
        #expect(heard.soundDigits == "" && heard.digits == "" && heard.infos.isEmpty)
    }

    @Test("A trunk that wants INFO gets one for each key, in order")
    func digitsInInfo() async throws {
        var script = MiniCallee.Script()
        script.configuration.methods.append(.info)
        let heard = try await withDialer(script, trunk: { $0.dtmf = .info }) { dialer, callee in
            _ = try await dialer.call(CallRequest(to: "100")) { call in
                try await call.answered()
                try call.sendDigits("7#")
                while await callee.heard.infos.count < 2 { try await call.sleep(for: .milliseconds(20)) }
            }
            return await callee.heard
        }
        #expect(heard.infos == ["Signal=7\r\nDuration=160\r\n", "Signal=#\r\nDuration=160\r\n"])
        #expect(heard.digits == "" && heard.soundDigits == "")
    }

    @Test("Speech under way while keys are sent is heard whole: it waits for them")
    func digitsInSpeech() async throws {
        let heard = try await withDialer { dialer, callee in
            _ = try await dialer.call(CallRequest(to: "100", audioRateHertz: 8_000)) { call in
                try await call.answered()
                try await call.audio.write([Int16](repeating: 0, count: 8_000))
                let end = try await call.audio.write((0..<8_000).map { $0 / 8 % 2 == 0 ? 8_000 : -8_000 })
                while call.audio.samplesSent < end - 7_000 { try await call.sleep(for: .milliseconds(20)) }
                try call.sendDigits("1234")
                while call.audio.samplesSent < end { try await call.sleep(for: .milliseconds(20)) }
                try await call.sleep(for: .milliseconds(300))
            }
            return await callee.heard
        }
        #expect(heard.digits == "1234")
        // Four keys would have cost 28 of the 50 frames; a crowded machine may cost a few.
        #expect(heard.loudFrames >= 40)
    }

    @Test("A recording has the agent left and the callee right, in step, from the answer to the end")
    func recording() async throws {
        let directory = URL.temporaryDirectory.appending(path: "outdial-\(UInt64.random(in: 0...UInt64.max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let observer = RecordingObserver()
        let (outcome, skipped) = try await withDialer(
            configure: { $0.recording = .stereoWAV(directory: directory.path) }, observers: [observer]
        ) { dialer, _ in
            let outcome = try await dialer.call(CallRequest(to: "100", id: "rec")) { call in
                try await call.answered()
                try await call.audio.write([Int16](repeating: 9_000, count: 16_000 * 6 / 5))
                call.audio.mark("end")
                for await event in call.events { if case .mark = event.kind { return } }
            }.outcome
            return (outcome, try await dialer.statistics().skippedTicks)
        }
        let path = try #require(observer.records.first?.recording)
        #expect(path == directory.appending(path: "rec.wav").path)
        let file = try WAVFile(parsing: [UInt8](Data(contentsOf: URL(filePath: path))))
        #expect(file.rateHertz == 8_000 && file.channels == 2)
        let talkTime = try #require(outcome.timings.talkTime)
        // On a crowded machine ticks are passed over, and late ones are made up for only while the call lasts.
        let seconds = Double(file.frameCount) / 8_000 + Double(skipped) * 0.02
        #expect(abs(seconds - talkTime.inSeconds) < 0.14)
        #expect(file.frameCount.isMultiple(of: 160))
        let agent = file.channel(0)
        let callee = file.channel(1)
        // 1.2 s of speech, from the first tick on: the samples that left, so without any network in between.
        let loud = agent.indices.filter { agent[$0] > 4_000 }
        #expect((9_400...9_700).contains(loud.count))
        #expect((callee.max() ?? 0) > 4_000 && (callee.min() ?? 0) < -4_000)
    }

    @Test("A recording that cannot be written is noted, and the call goes on")
    func recordingFails() async throws {
        let observer = RecordingObserver()
        let outcome = try await withDialer(
            configure: { $0.recording = .stereoWAV(directory: "/nonexistent/folder") }, observers: [observer]
        ) { dialer, _ in
            try await dialer.call(CallRequest(to: "100", id: "rec")) { call in
                for await event in call.events {
                    guard case .recordingFailed(let text) = event.kind else { continue }
                    #expect(text == "cannot open the file: No such file or directory")
                    #expect(call.phase == .answered)
                    return
                }
            }.outcome
        }
        #expect(outcome.disposition == .answered)
        #expect(outcome.endedBy == .us)
        #expect(
            observer.records.first?.recordingError == "cannot open the file: No such file or directory")
    }

    @Test(
        "Verdicts of the classifier are events, the last one is the outcome's, and the callee's voice is noticed"
    )
    func classified() async throws {
        let verdicts = [(AnsweredBy.human, 100), (.voicemail, 200)].map {
            AnswerVerdict(
                answeredBy: $0, stage: .recognised, confidence: 1, atMilliseconds: $1, evidence: "script")
        }
        let observer = RecordingObserver()
        // A tone that is there from the first frame on that is heard would be taken for the line's own noise.
        var script = MiniCallee.Script()
        script.silentFrames = 25
        let outcome = try await withDialer(
            script, configure: { $0.answerClassifier = { _ in ScriptedAnswerClassifier(verdicts) } },
            observers: [observer]
        ) { dialer, _ in
            try await dialer.call(CallRequest(to: "100")) { call in
                var awaited: Set<CallEvent.Kind> = [.classified(verdicts[1]), .voiceStarted]
                for await event in call.events where awaited.remove(event.kind) != nil {
                    if awaited.isEmpty { return }
                }
            }.outcome
        }
        #expect(outcome.answeredBy == .voicemail)
        let heard = observer.events.map(\.kind)
        #expect(heard.contains(.classified(verdicts[0])))
        #expect(heard.contains(.voiceStarted))
    }

    @Test(
        "A re-INVITE may put the call on hold and resume it; one that we cannot speak gets 488 and changes nothing"
    )
    func reinvite() async throws {
        @Sendable func description(_ direction: String, payload: Int = 0) -> String {
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                + "m=audio 40000 RTP/AVP \(payload)\r\na=\(direction)\r\n"
        }
        let heard = try await withDialer { dialer, callee in
            _ = try await dialer.call(CallRequest(to: "100")) { call in
                func answer(_ count: Int) async -> String {
                    while await callee.heard.reinviteAnswers.count < count { await Task.yield() }
                    return await callee.heard.reinviteAnswers[count - 1]
                }
                try await call.answered()
                await callee.reinvite(description("sendonly"))
                let hold = await answer(1)
                #expect(hold.hasPrefix("SIP/2.0 200 OK\r\n"))
                #expect(hold.contains("a=recvonly\r\n"))
                await callee.reinvite(description("sendrecv", payload: 18))
                #expect(await answer(2).hasPrefix("SIP/2.0 488 "))
                await callee.reinvite(description("sendrecv"))
                let resumed = await answer(3)
                #expect(resumed.hasPrefix("SIP/2.0 200 OK\r\n"))
                #expect(resumed.contains("a=sendrecv\r\n") || !resumed.contains("a=recvonly"))
                #expect(call.phase == .answered)
            }
            return await callee.heard
        }
        #expect(heard.ended == 1)
    }
}
