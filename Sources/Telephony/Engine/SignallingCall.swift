internal import SIPCore
internal import SansIO

/// One call in the signalling engine's table: the pure core and what ties it to the world.
final class SignallingCall: @unchecked Sendable {
    // @unchecked: belongs to the loop that all signalling engines of a dialer share; it moves between them there.
    let job: CallJob
    /// Index in the engine's table, and key of its deadline.
    var slot: Int
    var core: CallCore
    var session: InviteSessionID?
    /// What is dialed, and over which trunk; `nil` until then.
    var attempt: DialAttempt?
    /// Inbound: the caller's session description; `nil` for a late offer.
    var remoteOffer: [UInt8]?
    /// The call whose place this one takes with its answer.
    var replaces: CallID?
    /// Another call has taken its place.
    var isReplaced = false
    /// The host name in Contact or Record-Route that was last looked up.
    var hopAskedFor: String?
    /// The trunk desk knows that the far end has had its word.
    var hasHeardTrunk = false
    /// The trunk of ``attempt`` could not carry it and has given its place back; the next one is looked for.
    var hasLeftTrunk = false
    var digits = ""
    var media: MediaFigures?
    var recordingError: String?
    /// A re-INVITE without offer was answered with ours: its ACK brings the answer.
    var awaitsAnswerInACK = false
    /// The offer being answered came in an UPDATE.
    var answersUpdate = false

    var midCall = MidCall()
    /// The latest word on who answered.
    var verdict: AnswerVerdict?

    var nextDeadline: MonotonicInstant? {
        guard let own = core.nextDeadline, let other = midCall.nextDeadline else {
            return core.nextDeadline ?? midCall.nextDeadline
        }
        return min(own, other)
    }

    init(job: CallJob, slot: Int, core: CallCore) {
        self.job = job
        self.slot = slot
        self.core = core
    }

    var record: CallRecord {
        var record = CallRecord(
            id: job.id, sipCallID: attempt?.sipCallID ?? "", to: job.plan.request.to,
            from: attempt?.plan.callerNumber ?? job.plan.request.from ?? "",
            outcome: core.outcome, context: job.plan.request.context, metadata: job.plan.request.metadata,
            digits: digits, media: media?.statistics,
            recording: media?.recordings.first,
            recordingError: recordingError, droppedInputSamples: media?.droppedInputSamples ?? 0,
            direction: job.call.direction)
        if let media, media.recordings.count > 1 { record.recordings = media.recordings }
        if let media, !media.recordingPauses.isEmpty { record.recordingPauses = media.recordingPauses }
        record.verdict = verdict
        record.trunk = attempt?.line.trunk.name
        // A call that found no further trunk ended on the last that failed.
        let failed = job.failedTrunks.filter { $0.sipCallID == nil || $0.sipCallID != attempt?.sipCallID }
        if !failed.isEmpty { record.failedTrunks = failed }
        return record
    }
}

/// One INVITE: over which trunk, with what in it. Of an inbound call it is the one that came.
struct DialAttempt: Sendable {
    var line: TrunkLine
    var plan: DialPlan
    var sipCallID: String
    /// Our session description, offer or answer; an offer is emptied once it is on its way.
    var offer: [UInt8]
}

/// What the media engine says of a leg that it has closed.
struct MediaFigures: Sendable {
    /// `nil` when nothing was ever negotiated.
    var statistics: MediaStatistics?
    var droppedInputSamples = 0
    /// Files that audio went to.
    var recordings: [String] = []
    var recordingPauses: [RecordingPause] = []
}
