import SansIO
@testable import Telephony

/// Keeps all that it is told.
final class RecordingObserver: CallObserver {
    private struct State {
        var events: [CallEvent] = []
        var records: [CallRecord] = []
        var datagrams: [DatagramKind: Int] = [:]
        var unassigned = 0
    }

    private let state = Locked(State())
    private let log = EventLog<(call: CallID, event: CallEvent)>(limit: 100_000)

    var events: [CallEvent] { state.withLock { $0.events } }
    var records: [CallRecord] { state.withLock { $0.records } }
    var datagrams: [DatagramKind: Int] { state.withLock { $0.datagrams } }

    /// Datagrams of no call.
    var unassigned: Int { state.withLock { $0.unassigned } }

    let wantsDatagrams = true

    func call(_ id: CallID, did event: CallEvent) {
        state.withLock { $0.events.append(event) }
        log.append((id, event))
    }

    /// Waits until a call has had such an event.
    func wait(for id: CallID, where isWanted: (CallEvent.Kind) -> Bool) async {
        var index = 0
        while let (entry, next) = await log.next(from: index) {
            if entry.call == id, isWanted(entry.event.kind) { return }
            index = next
        }
    }

    func answered(_ id: CallID) async { await wait(for: id) { $0 == .answered } }

    func callEnded(_ record: CallRecord) { state.withLock { $0.records.append(record) } }

    func datagram(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
        kind: DatagramKind, call: CallID?, at instant: WallClockInstant
    ) {
        state.withLock { state in
            state.datagrams[kind, default: 0] += 1
            if call == nil { state.unassigned += 1 }
        }
    }
}
