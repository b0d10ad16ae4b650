public import SansIO

/// A REFER that we were sent in a session: the decision about it, and the NOTIFYs that tell how it goes (RFC 3515).
///
///     asked ──accept──► trying ──final status, time──► over
///        └──refuse──────────────────────────────────────▲
///
/// One NOTIFY is under way at any time, so that they arrive in order; of provisional statuses the latest waits, a
/// final one always comes. The owner carries out what it sends and gives back the answers to the NOTIFYs.
public struct ReceivedReferral: Sendable {
    public enum State: Hashable, Sendable, CaseIterable {
        /// Waits for the application's word.
        case asked
        /// Taken on; the sender is being told.
        case trying
        case over
    }

    public enum Send: Hashable, Sendable {
        /// The answer to the REFER.
        case respond(status: Int, headers: [SIPHeaderField])
        /// A NOTIFY in the session.
        case notify(headers: [SIPHeaderField], body: SIPBody)
    }

    @nonexhaustive
    public enum Event: Hashable, Sendable {
        /// The sender hears no more: it has said so, its NOTIFYs are not answered, or the time is over. The call to the
        /// target may go on.
        case unsubscribed
    }
    public typealias Output = Effects<Send, Event>

    /// Why a REFER is none, and the status it is answered with.
    public enum Fault: Error, Hashable, Sendable {
        /// Not exactly one Refer-To, or not one that can be read: 400 (RFC 3515 §2.4.2).
        case malformed
        public var status: Int { 400 }
    }

    public let target: ReferTarget
    /// Value of Referred-By (RFC 3892): who asks, by its own word.
    public let referredBy: String?
    /// The sender asks not to be told (RFC 4488).
    public let declinesSubscription: Bool
    public private(set) var state = State.asked
    private let id: UInt32
    private let lifetime: Duration
    private var expiry: MonotonicInstant?
    private var isNotifying = false
    private var isSubscribed = false
    /// What is to be told once the NOTIFY under way is answered.
    private var pending: (status: Int, reason: String?)?

    /// Reads a REFER.
    ///
    /// - Parameter lifetime: How long the sender is told at most.
    public init(
        _ request: ReceivedRequest, lifetime: Duration = .seconds(180)
    ) throws(Fault) {
        let targets = request.headers.filter { SIPHeaderName($0.name) == .referTo }
        guard targets.count == 1, let target = ReferTarget(targets[0].value) else { throw .malformed }
        self.target = target
        referredBy = request.headers.first(.referredBy)
        declinesSubscription =
            request.headers.first { $0.name.lowercased() == "refer-sub" }?.value.lowercased()
            .hasPrefix("false") == true
        id = request.cSeqNumber
        self.lifetime = lifetime
    }

    /// The earliest instant at which ``fire(at:into:)`` has work to do.
    public var nextDeadline: MonotonicInstant? { expiry }

    /// Takes it on: 202 and a first NOTIFY of 100, or 200 alone to a sender that asks not to be told (RFC 4488 §4).
    public mutating func accept(at now: MonotonicInstant, into out: inout Output) {
        guard state == .asked else { return }
        if declinesSubscription {
            state = .over
            return out.send(
                .respond(status: 200, headers: [SIPHeaderField(name: "Refer-Sub", value: "false")]))
        }
        state = .trying
        isSubscribed = true
        expiry = now.advanced(by: lifetime)
        out.send(.respond(status: 202, headers: []))
        notify(100, nil, at: now, into: &out)
    }

    /// Refuses it: 603, or another status of 300 and above.
    public mutating func refuse(status: Int = 603, into out: inout Output) {
        guard state == .asked else { return }
        state = .over
        out.send(.respond(status: max(300, min(status, 699)), headers: []))
    }

    /// The call to the target was answered with `status`, provisional or final.
    public mutating func progress(
        status: Int, reason: String? = nil, at now: MonotonicInstant, into out: inout Output
    ) {
        guard state == .trying, (100...699).contains(status) else { return }
        if status >= 200 { state = .over }
        notify(status, reason, at: now, into: &out)
    }

    /// The answer to the NOTIFY under way, `nil` for none.
    public mutating func notifyAnswered(
        status: Int?, at now: MonotonicInstant, into out: inout Output
    ) {
        guard isNotifying else { return }
        isNotifying = false
        // Anything but a 2xx ends the subscription (RFC 6665 §4.2.2); a Retry-After would outlast most transfers.
        guard let status, (200..<300).contains(status) else { return unsubscribe(into: &out) }
        if let next = pending.take() {
            notify(next.status, next.reason, at: now, into: &out)
        } else if state == .over {
            expiry = nil
            isSubscribed = false
        }
    }

    /// The session of the REFER is over, and the subscription in it.
    public mutating func sessionEnded(into out: inout Output) {
        if state == .asked { state = .over }
        unsubscribe(into: &out)
    }

    public mutating func fire(at now: MonotonicInstant, into out: inout Output) {
        guard let expiry, expiry <= now else { return }
        if !isNotifying, state == .trying {
            out.send(
                .notify(headers: headers("terminated;reason=timeout"), body: SIPFragment.body(status: 100)))
        }
        unsubscribe(into: &out)
    }

    private mutating func unsubscribe(into out: inout Output) {
        expiry = nil
        pending = nil
        isNotifying = false
        guard isSubscribed else { return }
        isSubscribed = false
        out.emit(.unsubscribed)
    }

    private mutating func notify(
        _ status: Int, _ reason: String?, at now: MonotonicInstant, into out: inout Output
    ) {
        guard isSubscribed else { return }
        guard !isNotifying else {
            pending = (status, reason)
            return
        }
        isNotifying = true
        let left = expiry.map { max(0, now.duration(to: $0).components.seconds) } ?? 0
        let subscription = status >= 200 ? "terminated;reason=noresource" : "active;expires=\(left)"
        out.send(
            .notify(headers: headers(subscription), body: SIPFragment.body(status: status, reason: reason)))
    }

    private func headers(_ subscription: String) -> [SIPHeaderField] {
        [
            SIPHeaderField(name: "Event", value: "refer;id=\(id)"),
            SIPHeaderField(name: "Subscription-State", value: subscription),
        ]
    }
}
