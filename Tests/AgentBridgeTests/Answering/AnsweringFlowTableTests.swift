@testable internal import AgentBridge
internal import SansIO
internal import Telephony
internal import Testing

/// Everything that can happen to the flow, each with the state it was written for.
private enum Input: String, CaseIterable {
    case human, voicemail, greetingEnded, beep, screening, asked, menu, fax, silence, unknown, lineTone
    case busyTone, whole, cut, absent, failed, agentDone, time

    func apply(to flow: inout AnsweringFlow, at now: MonotonicInstant, into out: inout AnsweringFlow.Output) {
        func say(_ who: AnsweredBy, _ stage: AnswerVerdict.Stage = .recognised, tone: String? = nil) {
            var facts = AnswerFacts()
            facts.tone = tone
            let verdict = AnswerVerdict(
                answeredBy: who, stage: stage, confidence: 1, atMilliseconds: 0, evidence: "", facts: facts)
            flow.classified(verdict, at: now, into: &out)
        }
        func end(_ end: AnsweringFlow.LineEnd) {
            for line in AnsweringFlow.Line.allCases {
                flow.said(line, take: flow.take, end, at: now, into: &out)
            }
        }
        switch self {
        case .human: say(.human)
        case .voicemail: say(.voicemail)
        case .greetingEnded: say(.voicemail, .greetingEnded)
        case .beep: say(.voicemail, .beepHeard)
        case .screening: say(.screening)
        case .asked: say(.screening, .greetingEnded)
        case .menu: say(.ivr)
        case .fax: say(.fax)
        case .silence: say(.silence)
        case .unknown: say(.unknown)
        case .lineTone: say(.unknown, tone: "busy tone")
        case .busyTone: flow.heard(.busy, into: &out)
        case .whole: end(.whole)
        case .cut: end(.cut)
        case .absent: end(.absent)
        case .failed: end(.failed)
        case .agentDone: flow.conversationEnded(turn: flow.turn)
        case .time: if let deadline = flow.nextDeadline { flow.fire(at: deadline, into: &out) }
        }
    }
}

extension AnsweringFlow.State {
    /// One letter for the tables.
    fileprivate var letter: Character {
        switch self {
        case .idle: "I"
        case .listening: "L"
        case .conversing: "C"
        case .awaitingBeep: "B"
        case .leavingMessage: "M"
        case .awaitingQuestion: "Q"
        case .introducing: "N"
        case .awaitingPerson: "P"
        case .prompting: "S"
        case .awaitingReply: "R"
        case .parting: "F"
        case .over: "X"
        }
    }

    /// What leads there from the answer on, by a policy that waits for the verdict and does something about everything.
    fileprivate var path: [Input] {
        switch self {
        case .idle, .listening: []
        case .conversing: [.human]
        case .awaitingBeep: [.voicemail]
        case .leavingMessage: [.voicemail, .time]
        case .awaitingQuestion: [.screening]
        case .introducing: [.asked]
        case .awaitingPerson: [.asked, .whole]
        case .prompting: [.silence]
        case .awaitingReply: [.silence, .whole]
        case .parting: [.beep, .whole]
        case .over: [.fax]
        }
    }
}

@Suite("Answering flow: every state, every input")
struct AnsweringFlowTableTests {
    private let now = MonotonicInstant(nanoseconds: 5_000_000_000)

    private static let careful: AnsweringPolicy = {
        var policy = AnsweringPolicy()
        policy.opening = .afterVerdict
        policy.voicemail = .leaveMessage
        policy.screening = .introduce
        policy.menu = .press("0")
        policy.silence = .prompt
        return policy
    }()

    private func flow(in state: AnsweringFlow.State, _ policy: AnsweringPolicy) -> AnsweringFlow {
        var flow = AnsweringFlow(policy: policy)
        var out = AnsweringFlow.Output()
        guard state != .idle else { return flow }
        flow.start(at: now, into: &out)
        for input in state.path { input.apply(to: &flow, at: now, into: &out) }
        return flow
    }

    @Test(
        "A policy that does something about everything",
        arguments: [
            // human voicemail greetingEnded beep | screening asked menu fax | silence unknown lineTone busyTone
            // | whole cut absent failed | agentDone time
            (AnsweringFlow.State.idle, "IIII IIII IIII IIII II"),
            (.listening, "CBBM QNCX SCXX LLLL LC"),
            (.conversing, "CBBM QNCX CCXC CCCC XC"),
            (.awaitingBeep, "CBBM QNCX BBXX BBBB BM"),
            (.leavingMessage, "CMMM MMMX MMXX FXXX MM"),
            (.awaitingQuestion, "CBBM QNCX QQXX QQQQ QN"),
            (.introducing, "CBBM NNNX NNXX PPCC NN"),
            (.awaitingPerson, "CBBM PNPX PPXX PPPP PX"),
            (.prompting, "CBBM QNCX SSXX RRRR SS"),
            (.awaitingReply, "CBBM QNCX RRXX RRRR RX"),
            (.parting, "FFFF FFFF FFFF FFFF FX"),
            (.over, "XXXX XXXX XXXX XXXX XX"),
        ])
    func careful(state: AnsweringFlow.State, expected: String) {
        let row = Input.allCases.map { input in
            var flow = flow(in: state, Self.careful)
            #expect(flow.state == state, "\(input)")
            var out = AnsweringFlow.Output()
            input.apply(to: &flow, at: now, into: &out)
            return flow.state.letter
        }
        #expect(String(row) == expected.filter { $0 != " " }, "\(state)")
    }

    @Test("Left as it is, it lets the agent talk to all but faxes and tones of the line")
    func standard() {
        let row = Input.allCases.map { input in
            var flow = AnsweringFlow(policy: AnsweringPolicy())
            var out = AnsweringFlow.Output()
            flow.start(at: now, into: &out)
            #expect(out.sends == [.converse(turn: 1)])
            input.apply(to: &flow, at: now, into: &out)
            return flow.state.letter
        }
        #expect(String(row) == "CCCCCCCXCCXXCCCCXC")
    }

    @Test("Told to hang up on everything, it hangs up on everything but a person")
    func hangsUp() {
        var policy = AnsweringPolicy()
        policy.opening = .afterVerdict
        policy.voicemail = .hangUp
        policy.screening = .hangUp
        policy.menu = .hangUp
        policy.silence = .hangUp
        let row = Input.allCases.prefix(12).map { input in
            var flow = flow(in: .listening, policy)
            var out = AnsweringFlow.Output()
            input.apply(to: &flow, at: now, into: &out)
            return flow.state.letter
        }
        #expect(String(row) == "CXXXXXXXXCXX")
    }

    @Test("Whatever comes in whatever order, it ends, says one thing at a time and nothing after the end")
    func random() {
        for seed in UInt64(0)..<300 {
            var generator = SeededGenerator(seed: seed, label: "answering")
            var flow = AnsweringFlow(policy: seed % 3 == 0 ? AnsweringPolicy() : Self.careful)
            var out = AnsweringFlow.Output()
            var now = now
            flow.start(at: now, into: &out)
            for _ in 0..<200 {
                out.removeAll()
                let before = flow
                now = now.advanced(by: .milliseconds(Int64(generator.next(upperBound: UInt64(900)))))
                switch generator.next(upperBound: UInt64(4)) {
                case 0: flow.voiceStarted(at: now)
                case 1: flow.voiceStopped(at: now)
                case 2: flow.fire(at: now, into: &out)
                default:
                    let index = Int(generator.next(upperBound: UInt64(Input.allCases.count)))
                    Input.allCases[index].apply(to: &flow, at: now, into: &out)
                }
                #expect(before.state != .over || out.isEmpty)
                let finishes = out.sends.contains { if case .finish = $0 { true } else { false } }
                #expect(finishes == (flow.state == .over && before.state != .over && !flow.isOverByAgent))
                if flow.state == .conversing, before.state != .conversing {
                    #expect(out.sends.last == .converse(turn: flow.turn))
                }
                if before.state == .conversing, ![.conversing, .over].contains(flow.state) {
                    #expect(out.sends.contains(.yield))
                }
            }
            #expect(flow.turn <= AnsweringFlow.turnLimit)
            #expect(flow.take < 20)
        }
    }

    @Test(
        "No state but that of an agent or a line that talks waits for nothing",
        arguments: AnsweringFlow.State.allCases)
    func isNeverStuck(state: AnsweringFlow.State) {
        let flow = flow(in: state, Self.careful)
        let waitsForOthers: [AnsweringFlow.State] = [
            .idle, .conversing, .leavingMessage, .introducing, .prompting, .over,
        ]
        #expect((flow.nextDeadline == nil) == waitsForOthers.contains(state))
    }
}
