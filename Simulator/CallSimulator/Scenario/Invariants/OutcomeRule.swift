internal import SansIO
internal import Telephony

/// Each call has one outcome: one last event and one record that agree.
struct OutcomeRule {
    private struct Call {
        var ended: CallOutcome?
        var ends = 0
        var records = 0
    }

    private var calls = OrderedTable<CallID, Call>()

    mutating func see(_ event: CallEvent, of id: CallID, into ledger: inout InvariantLedger) {
        var call = calls[id] ?? Call()
        let isOver = call.ends > 0
        ledger.check(.oneOutcome, !isOver, at: event.instant, "an event of call \(id) after its end")
        if case .ended(let outcome) = event.kind {
            call.ends += 1
            call.ended = outcome
        }
        calls[id] = call
    }

    mutating func see(_ record: CallRecord, at now: MonotonicInstant, into ledger: inout InvariantLedger) {
        var call = calls[record.id] ?? Call()
        call.records += 1
        calls[record.id] = call
        let said = call.ended
        ledger.check(
            .oneOutcome,
            said?.disposition == record.outcome.disposition && said?.endedBy == record.outcome.endedBy,
            at: now, "the last event of call \(record.id) and its record do not agree")
    }

    func finish(at now: MonotonicInstant, into ledger: inout InvariantLedger) {
        for (id, call) in calls.entries {
            ledger.check(
                .oneOutcome, call.ends == 1 && call.records == 1, at: now,
                "call \(id) ended \(call.ends) times and has \(call.records) records")
        }
    }
}
