internal import Foundation
internal import SansIO
internal import Telephony

/// Keeps the records of ended calls.
final class RecordKeeper: CallObserver {
    // Guards the records: the engine writes them, the command reads them.
    private let records = Locked<[CallRecord]>([])

    var record: CallRecord? { records.withLock { $0.last } }

    /// The record of the call with this outcome, where several were placed.
    func record(of outcome: CallOutcome) -> CallRecord? {
        records.withLock { records in records.last { $0.outcome == outcome } ?? records.last }
    }

    func callEnded(_ record: CallRecord) { records.withLock { $0.append(record) } }
}

/// Prints what happens in a call to standard error, one plain line each.
final class ProgressPrinter: CallObserver {
    private let isQuiet: Bool
    private let start = Locked<MonotonicInstant?>(nil)

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    func call(_ id: CallID, did event: CallEvent) {
        guard !isQuiet, let text = Self.describe(event.kind) else { return }
        let elapsed = start.withLock { start in
            let first = start ?? event.instant
            start = first
            return first.duration(to: event.instant)
        }
        let line = String(format: "%8.3f s  %@\n", elapsed.inSeconds, text)
        FileHandle.standardError.write(Data(line.utf8))
    }

    private static func describe(_ kind: CallEvent.Kind) -> String? {
        switch kind {
        case .routed(let trunk): "trunk \(trunk)"
        case .failedOver(let trunk, let cause): "trunk \(trunk) could not carry it: \(cause.text)"
        case .dialing: "dialing"
        case .incoming: "incoming call"
        case .ringing(let status): "ringing (\(status))"
        case .earlyMedia: "early media"
        case .answered: "answered"
        case .callProgress(let tone): tone.description
        case .classified(let verdict):
            "\(verdict.answeredBy.rawValue), \(verdict.stage.rawValue): \(verdict.evidence)"
        case .answering(let step): step.description
        case .digit(let key): "key \(key)"
        case .heldByRemote: "held by the far end"
        case .resumedByRemote: "resumed by the far end"
        case .held: "on hold"
        case .resumed: "resumed"
        case .joinedRoom(let name): "joins \(name)"
        case .leftRoom(let name): "leaves \(name)"
        case .recordingPaused: "recording paused"
        case .recordingResumed: "recording resumed"
        case .recordingFailed(let text): "recording failed: \(text)"
        case .transferProgress(let status): "transfer (\(status))"
        case .transferAccepted(let target, let id): "calls \(target) as \(id)"
        case .transferRefused(let target): "refused to call \(target)"
        case .voiceStarted: "callee speaks"
        case .voiceStopped: "callee is silent"
        case .ended: "ended"
        default: nil
        }
    }
}
