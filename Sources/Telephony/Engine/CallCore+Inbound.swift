internal import SIPCore
internal import SansIO

/// The part of a call that somebody places to us, up to its answer; from there on both directions are alike.
///
///     preparing ─agent ready→ ringing / earlyMedia ─we answer→ answering ─ACK, media→ answered
///         │                        │                               │
///         │   CANCEL, ring timeout, hang-up: a final response      │ BYE, no ACK
///         └───────────► ended ◄────┴───────────────────────────────┘
extension CallCore {
    /// What is particular to an inbound call.
    struct Inbound: Hashable, Sendable {
        var alerting: IncomingAcceptance.Alerting
        /// Counted from the INVITE; `nil`: when the handler says so.
        var answersAfter: Duration?
        /// When the INVITE came.
        var received: Now
        /// The INVITE has no offer and its provisional responses are reliable: the first of them has ours, and the PRACK
        /// the answer (RFC 3262 §5). It waits for the media, then.
        var offersEarly = false
    }

    /// Our offer goes out before the 200.
    var offersEarly: Bool {
        configuration.inbound.map { $0.offersEarly && $0.alerting != .silent } ?? false
    }

    var direction: CallDirection { configuration.inbound == nil ? .outbound : .inbound }

    /// An INVITE waits for our final response.
    var owesFinalResponse: Bool {
        configuration.inbound != nil && (state == .preparing || state.awaitsAnswer)
    }

    /// The call was accepted: the caller is told that it rings, while the agent prepares.
    mutating func accepted(at now: Now, into out: inout Output) {
        guard state == .preparing, let inbound = configuration.inbound else { return }
        begin = inbound.received
        outcome.timings.dialed = inbound.received.wall
        admitted(at: now)
        timers.set(.ring, to: inbound.received.monotonic.advanced(by: configuration.ringTimeout))
        if inbound.alerting == .ringing, !inbound.offersEarly { ring(at: now, into: &out) }
    }

    private mutating func ring(at now: Now, into out: inout Output) {
        outcome.timings.ringing = wall(at: now)
        out.emit(.ringing(status: 180))
        out.send(.respond(status: 180))
    }

    /// The agent is ready and the media has its ports.
    ///
    /// - Returns: Whether the caller still waits.
    @discardableResult
    mutating func prepared(at now: Now, into out: inout Output) -> Bool {
        guard state == .preparing, let inbound = configuration.inbound else { return false }
        state = .ringing
        mediaIsOpen = true
        timers.stop(.prepare)
        if inbound.alerting == .earlyMedia {
            state = .earlyMedia
            out.emit(.earlyMedia)
            out.send(.respond(status: 183))
        }
        if inbound.alerting == .ringing, inbound.offersEarly { ring(at: now, into: &out) }
        guard let delay = inbound.answersAfter else { return true }
        let due = inbound.received.monotonic.advanced(by: delay)
        if due <= now.monotonic {
            answer(at: now, into: &out)
        } else {
            timers.set(.answer, to: due)
        }
        return true
    }

    /// Sends the 200, once.
    mutating func answer(at now: Now, into out: inout Output) {
        guard configuration.inbound != nil, state == .ringing || state == .earlyMedia else { return }
        state = .answering
        timers.stop(.ring)
        timers.stop(.answer)
        lastStatus = 200
        outcome.timings.answered = wall(at: now)
        timers.set(.duration, to: now.monotonic.advanced(by: configuration.maximumDuration))
        out.send(.respond(status: 200))
    }

    /// PRACK came; after an offer in the response it carries the answer.
    mutating func acknowledged(provisionalAnswer answer: [UInt8]?, into out: inout Output) {
        guard offersEarly, state == .ringing || state == .earlyMedia || state == .answering, let answer else {
            return
        }
        out.send(.negotiate(answer: answer, isFinal: false))
    }

    /// The ACK for our 200 came; after a late offer it carries the answer.
    mutating func acknowledged(answer: [UInt8]?, into out: inout Output) {
        guard configuration.inbound != nil, state == .answering, !isAcknowledged else { return }
        isAcknowledged = true
        out.send(.negotiate(answer: answer, isFinal: true))
    }

    /// CANCEL: the caller gave up before we had answered.
    mutating func callerGaveUp(at now: Now, into out: inout Output) {
        guard owesFinalResponse else { return }
        finish(
            CallConclusion(
                .cancelled, CallCause(sipStatus: 487, text: "the caller gave up"), endedBy: .caller),
            at: now, into: &out)
    }

    /// Our final response to a caller whose call comes to nothing.
    static func refusal(for disposition: CallDisposition) -> Int {
        switch disposition {
        case .mediaRefused: 488
        case .failed: 500
        default: 480
        }
    }
}
