internal import SIPCore
internal import SansIO

/// One call in the signalling engine's table: the pure core and what ties it to the world. Belongs to the loop.
final class SignallingCall {
    let job: CallJob
    /// Index in the engine's table, and key of its deadline.
    let slot: Int
    var core: CallCore
    var session: InviteSessionID?
    /// What media is to carry our offer, from the moment of dialing.
    var offer: [UInt8] = []
    var digits = ""
    var media: MediaFigures?
    var recordingError: String?
    /// A re-INVITE without offer was answered with ours: its ACK brings the answer.
    var awaitsAnswerInACK = false

    init(job: CallJob, slot: Int, core: CallCore) {
        self.job = job
        self.slot = slot
        self.core = core
    }

    var record: CallRecord {
        CallRecord(
            id: job.id, sipCallID: job.sipCallID, to: job.plan.request.to, from: job.plan.invite.callerNumber,
            outcome: core.outcome, context: job.plan.request.context, metadata: job.plan.request.metadata,
            digits: digits, media: media?.statistics,
            recording: media?.isRecorded == true ? job.recording?.path : nil,
            recordingError: recordingError, droppedInputSamples: media?.droppedInputSamples ?? 0)
    }
}

/// What the media engine says of a leg that it has closed.
struct MediaFigures: Sendable {
    /// `nil` when nothing was ever negotiated.
    var statistics: MediaStatistics?
    var droppedInputSamples = 0
    /// Whether audio went to the recording.
    var isRecorded = false
}
