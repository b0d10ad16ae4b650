internal import CampaignKit
internal import SIPCore
internal import SansIO
internal import Telephony

/// Watches one world: the wire through a tap, the calls as an observer, and what is left at the end.
///
/// Confined to the thread of its world.
final class InvariantWatch: CallObserver, @unchecked Sendable {
    // @unchecked: a world runs on one thread at a time, and everything that calls this runs in the world.

    /// What a canary lets the watch see wrongly, to show that it objects.
    enum Blindfold: Hashable, Sendable { case acknowledgements, byeAnswers, records }

    @exclusivity(unchecked) private var ledger = InvariantLedger()
    @exclusivity(unchecked) private var acknowledgement = AcknowledgementRule()
    @exclusivity(unchecked) private var commandSequence = CommandSequenceRule()
    @exclusivity(unchecked) private var endedDialog = EndedDialogRule()
    @exclusivity(unchecked) private var byeAnswered = ByeAnsweredRule()
    @exclusivity(unchecked) private var media = MediaRules()
    @exclusivity(unchecked) private var outcomes = OutcomeRule()
    @exclusivity(unchecked) private var campaign: CampaignRules?
    private var sipCallIDs: [CallID: String] = [:]
    private let caller: SocketAddress
    private let clock: any Driver
    private let blindfold: Blindfold?

    /// - Parameters:
    ///   - caller: The host of the dialer.
    ///   - clock: A driver of the world.
    ///   - terms: What the campaign has to keep to; `nil` when there is none.
    init(caller: SocketAddress, clock: any Driver, terms: CampaignTerms? = nil, blindfold: Blindfold? = nil) {
        self.caller = caller.with(port: 0)
        self.clock = clock
        self.blindfold = blindfold
        campaign = terms.map(CampaignRules.init)
    }

    var counts: [InvariantCount] { ledger.counts }
    var violations: [Violation] { ledger.violations }

    // MARK: The wire

    func tap(_ event: Trace.Event, _ datagram: borrowing DatagramView) {
        guard let first = datagram.bytes.byte(at: 0) else { return }
        if first >> 6 == 2 {
            guard event == .sent, let second = datagram.bytes.byte(at: 1), !(192...223).contains(second)
            else {
                return
            }
            media.see(datagram.bytes, from: datagram.source, at: datagram.time, into: &ledger)
            return
        }
        guard event == .sent || event == .delivered, let message = SIPGlance(datagram.bytes) else { return }
        see(
            SIPSighting(
                moment: event == .sent ? .sent : .delivered, time: datagram.time, message: message,
                source: datagram.source, destination: datagram.destination))
    }

    func see(_ sighting: SIPSighting) {
        switch blindfold {
        case .acknowledgements where sighting.message.method == "ACK": return
        case .byeAnswers where sighting.message.method == "BYE" && !sighting.message.isRequest: return
        default: break
        }
        acknowledgement.see(sighting, into: &ledger)
        commandSequence.see(sighting, into: &ledger)
        endedDialog.see(sighting, into: &ledger)
        byeAnswered.see(sighting)
        media.see(sighting)
        campaign?.see(sighting, wall: clock.wallClock, into: &ledger)
    }

    // MARK: The calls

    func call(_ id: CallID, did event: CallEvent) {
        if case .dialing(let sipCallID) = event.kind { sipCallIDs[id] = sipCallID }
        outcomes.see(event, of: id, into: &ledger)
        // Who has the floor by the answering policy begins at once, be it behind a conversation that has just given way.
        if case .answering(let step) = event.kind, step.isSpoken, let callID = sipCallIDs[id] {
            media.floorGiven(in: callID, at: caller)
        }
    }

    func callEnded(_ record: CallRecord) {
        guard blindfold != .records else { return }
        outcomes.see(record, at: clock.now, into: &ledger)
        campaign?.see(record)
    }

    /// An agent has decided to give way.
    func bargedIn(_ id: CallID, at now: MonotonicInstant) {
        // An agent that is given the floor again is told again of what was before.
        guard let callID = sipCallIDs[id], now.duration(to: clock.now) <= BargeInRule.bound else { return }
        media.bargedIn(in: callID, at: caller, now)
    }

    // MARK: The end

    func finish(_ rest: Remainder) {
        let now = clock.now
        acknowledgement.finish(at: now, into: &ledger)
        byeAnswered.finish(at: now, into: &ledger)
        outcomes.finish(at: now, into: &ledger)
        for (what, count) in rest.entries {
            ledger.check(.nothingLeft, count == 0, at: now, "\(count) \(what)")
        }
    }
}

/// What is left when all calls are over.
struct Remainder: Sendable {
    private(set) var entries: [(what: String, count: Int)] = []

    /// Of the dialer and the peer, while both still run.
    init(dialer: DialerStatistics, peer: UserAgent.Statistics, peerCalls: Int) {
        for (side, statistics) in [("dialer", dialer.userAgent), ("peer", peer)] {
            entries.append(("transactions at the \(side)", statistics.liveTransactions))
            entries.append(("finished transactions at the \(side)", statistics.tombstones))
            entries.append(("dialogs at the \(side)", statistics.liveSessions))
        }
        entries.append(("calls at the dialer", dialer.liveCalls))
        entries.append(("media legs at the dialer", dialer.liveLegs))
        entries.append(("calls at the peer", peerCalls))
    }

    var isEmpty: Bool { entries.allSatisfy { $0.count == 0 } }

    /// Of the world, after both have stopped.
    mutating func add(_ leaks: LeakReport) {
        entries += [
            ("open sockets", leaks.openSockets.count), ("attached clients", leaks.attachedClients),
            ("sleepers", leaks.sleepers), ("scheduled events", leaks.scheduledEvents),
            ("arrivals from other threads", leaks.foreignArrivals),
        ]
    }
}

extension AnsweringStep {
    /// Whether something is said in it.
    fileprivate var isSpoken: Bool {
        switch self {
        case .conversing, .leavingMessage, .introducing, .prompting: true
        case .listening, .awaitingBeep, .messageLeft, .awaitingQuestion, .awaitingPerson, .awaitingReply,
            .pressing, .hangingUp:
            false
        }
    }
}
