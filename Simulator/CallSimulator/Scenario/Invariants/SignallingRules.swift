internal import SansIO

/// Every final response to an INVITE is acknowledged: a refusal by the transaction, with the INVITE's branch; a 2xx by the
/// user agent, with a branch of its own (RFC 3261 §13.2.2.4, §17.1.1.3).
struct AcknowledgementRule {
    /// 64 times T1: how long a transaction waits for a first response, and after a CANCEL for the last.
    private static let patience = Duration.seconds(32)

    private struct Final {
        var status: Int
        /// A response that comes when its transaction is over meets nobody who could answer.
        var isOwed: Bool
        var isAcknowledged = false
    }

    private struct Invite {
        var branch: String
        var caller: SocketAddress
        /// When the transaction is over; `nil` while it waits for an answer without end.
        var endsAt: MonotonicInstant?
        var isCancelled = false
        /// By To tag: forks answer apart.
        var finals = OrderedTable<String, Final>()
    }

    private var invites = OrderedTable<String, Invite>()

    mutating func see(_ sighting: SIPSighting, into ledger: inout InvariantLedger) {
        let message = sighting.message
        let key = "\(message.callID) \(message.cSeq)"
        switch (sighting.moment, message.method) {
        case (.sent, "INVITE") where message.isRequest:
            guard invites[key] == nil else { break }
            invites[key] = Invite(
                branch: message.branch, caller: sighting.source,
                endsAt: sighting.time.advanced(by: Self.patience))
        case (.sent, "CANCEL") where message.isRequest:
            invites.update(key) { invite in
                guard !invite.isCancelled else { return }
                invite.isCancelled = true
                invite.endsAt = sighting.time.advanced(by: Self.patience)
            }
        case (.delivered, "INVITE") where !message.isRequest:
            invites.update(key) { Self.respond(message, to: &$0, at: sighting) }
        case (.sent, "ACK") where message.isRequest:
            acknowledge(message, key, at: sighting.time, into: &ledger)
        default: break
        }
    }

    private static func respond(_ message: SIPGlance, to invite: inout Invite, at sighting: SIPSighting) {
        guard invite.caller == sighting.destination else { return }
        let isAlive = invite.endsAt.map { sighting.time <= $0 } ?? true
        if message.isFinal {
            guard invite.finals[message.toTag] == nil else { return }
            invite.finals[message.toTag] = Final(status: message.status, isOwed: isAlive)
        } else if isAlive, !invite.isCancelled {
            invite.endsAt = nil
        }
    }

    private mutating func acknowledge(
        _ message: SIPGlance, _ key: String, at now: MonotonicInstant, into ledger: inout InvariantLedger
    ) {
        guard let invite = invites[key], let final = invite.finals[message.toTag] else {
            return ledger.check(
                .acknowledgement, false, at: now, "ACK without a final response in \(message.callID)")
        }
        let isOwnTransaction = message.branch != invite.branch
        ledger.check(
            .acknowledgement, isOwnTransaction == (final.status < 300), at: now,
            "the ACK for \(final.status) in \(message.callID) came from the wrong layer")
        invites.update(key) { $0.finals[message.toTag]?.isAcknowledged = true }
    }

    func finish(at now: MonotonicInstant, into ledger: inout InvariantLedger) {
        for (key, invite) in invites.entries {
            for final in invite.finals.values {
                ledger.check(
                    .acknowledgement, final.isAcknowledged || !final.isOwed, at: now,
                    "\(final.status) to INVITE \(key) was never acknowledged")
            }
        }
    }
}

/// The CSeq of new requests grows from each side; ACK and CANCEL carry their INVITE's (RFC 3261 §12.2.1.1, §9.1, §13.2.2.4).
struct CommandSequenceRule {
    private struct Side {
        var latest: UInt32 = 0
        var hasSent = false
        var invites: [UInt32] = []
        var branches: [String: UInt32] = [:]
    }

    private var sides: [String: Side] = [:]

    mutating func see(_ sighting: SIPSighting, into ledger: inout InvariantLedger) {
        let message = sighting.message
        guard sighting.moment == .sent, message.isRequest else { return }
        let key = "\(message.callID) \(sighting.source)"
        var side = sides[key, default: Side()]
        defer { sides[key] = side }
        let name = "\(message.method) \(message.cSeq) in \(message.callID)"
        if message.method == "ACK" || message.method == "CANCEL" {
            return ledger.check(
                .commandSequence, side.invites.contains(message.cSeq), at: sighting.time,
                "\(name) belongs to no INVITE")
        }
        if let earlier = side.branches[message.branch] {
            return ledger.check(
                .commandSequence, earlier == message.cSeq, at: sighting.time, "\(name) was sent as \(earlier)"
            )
        }
        ledger.check(
            .commandSequence, !side.hasSent || message.cSeq > side.latest, at: sighting.time,
            "\(name) comes after \(side.latest)")
        side.hasSent = true
        side.latest = max(side.latest, message.cSeq)
        side.branches[message.branch] = message.cSeq
        if message.method == "INVITE" { side.invites.append(message.cSeq) }
    }
}

/// After a BYE was sent or has come, a side sends no new request in the dialog: retransmissions, ACKs and a BYE that was
/// challenged are all that may follow.
struct EndedDialogRule {
    private struct End {
        var time: MonotonicInstant
        var isOwn: Bool
    }

    private struct Dialog {
        var ends: [SocketAddress: End] = [:]
        var branches: Set<String> = []
        /// Sides whose BYE was challenged and may be sent again.
        var challenged: Set<SocketAddress> = []
    }

    private var dialogs: [String: Dialog] = [:]

    mutating func see(_ sighting: SIPSighting, into ledger: inout InvariantLedger) {
        let message = sighting.message
        guard !message.toTag.isEmpty else { return }
        let key = message.dialog
        var dialog = dialogs[key, default: Dialog()]
        defer { dialogs[key] = dialog }
        switch sighting.moment {
        case .sent where message.isRequest && message.method != "ACK":
            let isNew = dialog.branches.insert(message.branch).inserted
            if isNew, let end = dialog.ends[sighting.source] {
                // What came at this very instant has not been read yet.
                let isBlameless = !end.isOwn && end.time == sighting.time
                let isAgain = dialog.challenged.remove(sighting.source) != nil && message.method == "BYE"
                ledger.check(
                    .endedDialog, isBlameless || isAgain, at: sighting.time,
                    "\(message.method) \(message.cSeq) in \(message.callID) after its end")
            } else {
                ledger.check(.endedDialog, true, at: sighting.time, "")
            }
            if message.method == "BYE" {
                dialog.ends[sighting.source] =
                    dialog.ends[sighting.source] ?? End(time: sighting.time, isOwn: true)
            }
        case .delivered where message.isRequest && message.method == "BYE":
            if dialog.ends[sighting.destination] == nil {
                dialog.ends[sighting.destination] = End(time: sighting.time, isOwn: false)
            }
        case .delivered where message.method == "BYE" && (message.status == 401 || message.status == 407):
            dialog.challenged.insert(sighting.destination)
        default: break
        }
    }
}

/// A BYE that has come is answered.
struct ByeAnsweredRule {
    private var answered = OrderedTable<String, Bool>()

    mutating func see(_ sighting: SIPSighting) {
        let message = sighting.message
        guard message.method == "BYE" else { return }
        let key = "\(message.callID) \(message.branch)"
        if sighting.moment == .delivered, message.isRequest {
            if answered[key] == nil { answered[key] = false }
        } else if sighting.moment == .sent, message.isFinal {
            answered[key] = true
        }
    }

    func finish(at now: MonotonicInstant, into ledger: inout InvariantLedger) {
        for (key, isAnswered) in answered.entries {
            ledger.check(.byeAnswered, isAnswered, at: now, "BYE \(key) was never answered")
        }
    }
}
