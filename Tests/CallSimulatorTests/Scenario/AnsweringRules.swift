internal import AgentBridge
internal import CallSimulator
internal import RTPMedia
internal import SansIO
internal import Telephony

/// What must be true of a call to a ``DrawnCallee``, whatever the classifier made of it.
struct AnsweringRules {
    let callee: DrawnCallee
    let report: ScenarioReport
    private let timeline: SpeechTimeline
    private let steps: [(step: AnsweringStep, time: Duration)]
    /// When the first sample of what it plays after the answer left the callee, since dialing.
    private let start: Duration?
    /// Rules that were broken.
    private(set) var faults: [String] = []

    init(_ callee: DrawnCallee, _ report: ScenarioReport) {
        self.callee = callee
        self.report = report
        timeline = SpeechTimeline(report)
        steps = report.events.compactMap { event in
            if case .answering(let step) = event.kind { (step, event.sinceDialing) } else { nil }
        }
        start = report.openingOfSound
        if !report.violations.isEmpty { faults.append("violations: \(report.violations)") }
        checkOrder()
        checkSteps()
        checkSound()
        checkEnd()
        checkKind()
    }

    private mutating func expect(_ isTrue: Bool, _ fault: String) {
        if !isTrue { faults.append(fault) }
    }

    /// The first verdict that names somebody: on it the policy acts.
    var firstVerdict: AnswerVerdict? {
        report.events.lazy.compactMap { event -> AnswerVerdict? in
            if case .classified(let verdict) = event.kind, verdict.answeredBy != .silence,
                verdict.answeredBy != .unknown
            {
                verdict
            } else {
                nil
            }
        }.first
    }

    /// A person was taken for a machine, a voicemail for a person, or a fax for somebody else.
    var isMisjudged: Bool {
        guard !callee.isHasty else { return false }
        guard let verdict = firstVerdict else { return callee.kind == .fax }
        switch callee.kind {
        case .person: return verdict.answeredBy != .human
        case .voicemail:
            // Words alone tell a menu for certain; what was heard before the beep counts.
            return verdict.answeredBy == .human || hasBeenMenu || hasBeepedEarly
        // Without a beep it is not told from an assistant.
        case .voicemailWithoutBeep: return verdict.answeredBy == .human || hasBeenMenu
        case .fax: return verdict.answeredBy != .fax
        case .nobody: return true
        case .assistant, .menu, .notInService, .trunkFault, .busy, .ringsOn: return false
        }
    }

    private var hasBeenMenu: Bool {
        report.events.contains {
            if case .classified(let verdict) = $0.kind { verdict.answeredBy == .ivr } else { false }
        }
    }

    /// Whether something in the greeting was taken for the beep.
    private var hasBeepedEarly: Bool {
        guard let start, let beep = callee.beep else { return false }
        let first = report.time { kind in
            if case .classified(let verdict) = kind { verdict.stage == .beepHeard } else { false }
        }
        return first.map { $0 < start + .microseconds(125 * beep.lowerBound) } ?? false
    }

    /// Whether the policy heard of a voicemail's beep.
    private var hasBeeped: Bool {
        report.events.contains { event in
            if case .classified(let verdict) = event.kind { verdict.stage == .beepHeard } else { false }
        }
    }

    private var said: [String] {
        report.transcript.filter { $0.speaker == .agent && !$0.isCutOff }.map(\.text)
    }

    private func has(_ wanted: AnsweringStep) -> Bool { steps.contains { $0.step == wanted } }

    // MARK: Events

    private mutating func checkOrder() {
        let times = report.events.map(\.sinceDialing)
        expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }, "events are out of order: \(times)")
        let answer = report.time { $0 == .answered }
        for (step, time) in steps {
            expect(answer.map { $0 <= time } ?? false, "\(step) before the answer")
        }
    }

    private mutating func checkSteps() {
        guard let first = steps.first?.step else { return }
        let opening: AnsweringStep = callee.policy.opening == .atAnswer ? .conversing : .listening
        expect(first == opening, "begins with \(first)")
        for (before, after) in zip(steps, steps.dropFirst()) {
            expect(Self.follows(before.step, after.step), "\(before.step), then \(after.step)")
        }
        let takes = steps.compactMap { if case .leavingMessage(let take) = $0.step { take } else { nil } }
        expect(takes == Array(1..<takes.count + 1), "takes of the message: \(takes)")
    }

    private static func follows(_ before: AnsweringStep, _ after: AnsweringStep) -> Bool {
        switch (before, after) {
        case (.hangingUp, _), (.messageLeft, _), (_, .listening): false
        case (_, .leavingMessage): [.awaitingBeep].contains(before) || before.isMessage
        case (_, .messageLeft): before.isMessage
        case (_, .introducing): before == .awaitingQuestion || before == .awaitingPerson
        case (_, .awaitingPerson): before == .introducing
        case (_, .awaitingReply): before == .prompting
        case (_, .prompting): before == .listening
        default: true
        }
    }

    // MARK: Sound

    /// Nothing is said but in the steps in which something is to be said, and then at once.
    private mutating func checkSound() {
        for (index, (step, time)) in steps.enumerated() {
            let next = index + 1 < steps.count ? steps[index + 1].time : .seconds(3_600)
            // What is on its way when the floor is lost is over within three packets.
            let late = timeline.caller.first { $0.sent > time + .milliseconds(60) && $0.sent < next }
            switch step {
            case .listening, .awaitingBeep, .awaitingQuestion, .awaitingPerson, .awaitingReply, .hangingUp,
                .messageLeft:
                expect(late == nil, "speaks at \(late?.sent, default: "-") while \(step) since \(time)")
            case .conversing where index > 0, .leavingMessage:
                let words = timeline.caller.first { $0.sent >= time && $0.sent < next }
                if next - time > .milliseconds(150), let ended, ended - time > .milliseconds(150) {
                    // Words wait for the key before them.
                    let isPressing =
                        if index > 0, case .pressing = steps[index - 1].step { true } else { false }
                    let bound = Duration.milliseconds(isPressing ? 300 : 100)
                    expect(
                        words.map { $0.sent - time <= bound } ?? false,
                        "\(step) at \(time), first word at \(words?.sent, default: "-")")
                }
            default: break
            }
        }
        expect(said.count { $0 == DrawnCallee.message } <= 1, "the message twice: \(said)")
    }

    private var ended: Duration? {
        guard let dialed = report.outcome.timings.dialed, let ended = report.outcome.timings.ended else {
            return nil
        }
        return dialed.duration(to: ended)
    }

    // MARK: The end

    private mutating func checkEnd() {
        let outcome = report.outcome
        let wanted: CallDisposition =
            switch callee.kind {
            case .person, .voicemail, .voicemailWithoutBeep, .assistant, .menu, .fax, .nobody: .answered
            case .notInService: .badNumber
            case .trunkFault: .trunkFault
            case .busy: .busy
            case .ringsOn: .noAnswer
            }
        // A lost 183 is not sent again: then nothing of what was played is known.
        let isMute = wanted != .answered && report.time { $0 == .earlyMedia } == nil
        expect(
            outcome.disposition == wanted || isMute && outcome.disposition == .trunkFault,
            "\(outcome.disposition) instead of \(wanted): \(outcome.cause)")
        guard wanted == .answered, let result = outcome.agentResult else {
            expect(outcome.timings.answered == nil && timeline.caller.isEmpty, "somebody was talked to")
            expect(steps.isEmpty && outcome.agentResult == nil, "\(steps.map(\.step))")
            return
        }
        expect(
            (result.status == .messageLeft) == has(.messageLeft),
            "\(result.status) after \(steps.last?.step, default: "-")")
        if case .hangingUp? = steps.last?.step {
            expect(
                result.status != .done && outcome.endedBy != .callee || callee.isHasty,
                "\(result.status), ended by \(outcome.endedBy)")
        }
        if result.status == .messageLeft {
            expect(said.last == DrawnCallee.message, "what was said last: \(said)")
            expect(
                outcome.answeredBy == .voicemail || outcome.answeredBy == .screening,
                "\(outcome.answeredBy, default: "nobody")")
        }
        if !callee.isHasty { expect(outcome.endedBy != .callee, "the callee had to hang up") }
    }

    private mutating func checkKind() {
        switch callee.kind {
        case .fax where callee.policy.opening == .afterVerdict:
            expect(timeline.caller.isEmpty, "talks to a fax")
        case .nobody where callee.policy.opening == .afterVerdict:
            let result = report.outcome.agentResult?.status
            expect(result == .notReached, "\(result, default: "-")")
            expect(said == (callee.policy.silence == .prompt ? ["Hello?"] : []), "\(said)")
        case .voicemail where !callee.isHasty && !isMisjudged && isKnownInTime: checkVoicemail()
        case .notInService, .trunkFault:
            let heard = report.events.contains {
                if case .callProgress(.specialInformation(let cause)) = $0.kind {
                    cause == callee.information
                } else {
                    false
                }
            }
            // The cause of one in a noisy line may be told wrongly; that it is a bad number may not.
            expect(heard || callee.network.loss > 0, "another information tone was told")
        case .person where !callee.isHasty && !isMisjudged && callee.policy.opening == .afterVerdict:
            expect(
                report.outcome.agentResult?.status == .done,
                "\(report.outcome.agentResult?.status, default: "-")")
            expect(said.contains(DrawnCallee.opening), "\(said)")
        default: break
        }
    }

    /// An agent that talks from the answer on may be done before anybody is recognised.
    private var isKnownInTime: Bool { firstVerdict != nil || callee.policy.opening == .afterVerdict }

    /// The greeting and the beep are heard to their end; the message follows within 300 ms.
    private mutating func checkVoicemail() {
        guard callee.policy.voicemail == .leaveMessage else {
            expect(
                !has(.awaitingBeep) && report.outcome.agentResult?.status == .notReached, "waits for a beep")
            return
        }
        guard let start, let beep = callee.beep else { return expect(false, "plays nothing") }
        expect(
            report.outcome.agentResult?.status == .messageLeft,
            "no message: \(report.outcome.agentResult?.status, default: "-"), \(steps.map(\.step))")
        // An assistant is told who calls: without its words the two are not told apart.
        guard let message = steps.last(where: { $0.step.isMessage })?.time else { return }
        let words = timeline.firstSpoken(from: message) ?? message
        let beepEnd = start + .microseconds(125 * beep.upperBound)
        expect(words >= beepEnd, "message at \(words), the beep ends at \(beepEnd)")
        guard hasBeeped else { return }
        let heard = max(timeline.lastHeard(before: beepEnd) ?? beepEnd, beepEnd + callee.network.latency)
        expect(words - heard <= .milliseconds(300), "message \(words - heard) behind the beep")
    }
}

extension AnsweringStep {
    fileprivate var isMessage: Bool { if case .leavingMessage = self { true } else { false } }
}

extension ScenarioReport {
    /// When the callee's first packet that is no silence left behind the ACK, since dialing.
    fileprivate var openingOfSound: Duration? {
        let records = trace.records
        guard let first = records.first(where: { $0.event == .sent }) else { return nil }
        let acknowledgements = records.filter {
            $0.event == .sent && $0.bytes.starts(with: Array("ACK ".utf8))
        }.map(\.datagram)
        guard
            let open = records.first(where: {
                $0.event == .delivered && acknowledgements.contains($0.datagram)
            }),
            let opening = records.first(where: {
                $0.event == .sent && $0.time >= open.time && $0.source.host != first.source.host
                    && $0.bytes.count > 12 && $0.bytes[0] == 0x80 && [0, 8].contains($0.bytes[1] & 0x7F)
                    && !$0.bytes.dropFirst(12).allSatisfy { $0 == 0xFF || $0 == 0xD5 || $0 == 0x7F }
            })
        else { return nil }
        return first.time.duration(to: opening.time)
    }
}
