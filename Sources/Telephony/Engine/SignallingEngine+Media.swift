internal import SIPCore
internal import SansIO

/// Messages from the media engine.
extension SignallingEngine {
    func mediaReady(_ id: CallID, isFinal: Bool) {
        tell(id) { core, now, out in core.mediaReady(isFinal: isFinal, at: now, into: &out) }
    }

    func mediaRefused(_ id: CallID, text: String, isFinal: Bool) {
        tell(id) { core, now, out in
            core.mediaRefused(text: text, isFinal: isFinal, at: now, into: &out)
        }
    }

    func mediaTimedOut(_ id: CallID, text: String) {
        tell(id) { core, now, out in core.mediaTimedOut(text: text, at: now, into: &out) }
    }

    func mediaStopped(_ id: CallID, _ figures: MediaFigures) {
        call(id)?.media = figures
        let quality = figures.statistics.flatMap { CallQuality($0) }
        tell(id) { core, _, out in core.mediaStopped(quality, into: &out) }
    }

    /// A digit, mark, verdict or change of voice, at the instant of its frame.
    func mediaHeard(_ id: CallID, _ event: CallEvent) {
        guard let call = call(id) else { return }
        guard call.core.state != .ended else {
            // The events are over; the record has the keys that were pressed right before the hang-up.
            if case .digit(let digit) = event.kind {
                _ = note(digit, by: .event, of: call, at: event.instant)
            }
            return
        }
        switch event.kind {
        case .classified(let verdict):
            if call.core.state == .answered { call.verdict = verdict }
            tell(id) { core, _, out in core.classified(verdict, into: &out) }
        case .callProgress(let tone):
            tell(id) { core, now, out in core.heard(tone, at: now, into: &out) }
        case .digit(let digit): hear(digit, by: .event, of: call, at: event.instant)
        default: record(event, of: call)
        }
    }

    /// A key of the far end; of the media engine's those in the sound are among the events.
    func hear(_ digit: Character, by way: DigitMerger.Way, of call: SignallingCall, at now: MonotonicInstant)
    {
        guard note(digit, by: way, of: call, at: now) else { return }
        record(CallEvent(instant: now, kind: .digit(digit)), of: call)
    }

    /// - Returns: Whether the key has not come in another way already.
    private func note(
        _ digit: Character, by way: DigitMerger.Way, of call: SignallingCall, at now: MonotonicInstant
    ) -> Bool {
        guard call.midCall.digits.isNew(digit, by: way, at: now) else { return false }
        if call.digits.utf8.count < 1_000 { call.digits.append(digit) }
        return true
    }

    func recordingFailed(_ id: CallID, text: String) {
        guard let call = call(id), call.recordingError == nil else { return }
        call.recordingError = text
        record(CallEvent(instant: driver.now, kind: .recordingFailed(text)), of: call)
    }

    /// The answer to a re-INVITE or UPDATE, or our offer when a re-INVITE had none; `nil` refuses it.
    func reinviteAnswered(_ id: CallID, body: [UInt8]?) {
        guard let call = call(id), let session = call.session else { return }
        if call.answersUpdate {
            call.answersUpdate = false
            userAgent.answer(
                offerIn: session, status: body == nil ? 488 : 200,
                body: body.map { SIPBody(contentType: "application/sdp", bytes: $0) }, at: driver.now,
                into: &effects)
        } else if let body {
            userAgent.respond(
                to: session, status: 200, body: SIPBody(contentType: "application/sdp", bytes: body),
                contact: contact(of: call), at: driver.now, into: &effects)
        } else {
            call.awaitsAnswerInACK = false
            userAgent.respond(to: session, status: 488, at: driver.now, into: &effects)
        }
        finishStep()
    }
}
