public import SansIO

/// A REFER that we have sent in a session, and the subscription that comes with it (RFC 3515, RFC 4488).
///
///     pending ──2xx──► accepted ──NOTIFY──► accepted
///        │ └──NOTIFY──────▲ └── sipfrag ≥200, Subscription-State: terminated, time ──► over
///        └──≥300, silence ──────────────────────────────────────────────────────────────▲
///
/// The owner sends the REFER with ``headers`` and gives back what comes of it; NOTIFYs of the session that
/// ``accepts(_:)`` are this machine's. It ends with exactly one ``Event/ended(_:)``.
public struct SentReferral: Sendable {
    public enum State: Hashable, Sendable, CaseIterable {
        /// The REFER waits for its answer. A NOTIFY may come before that.
        case pending
        /// The far end is trying; NOTIFYs tell how it goes.
        case accepted
        case over
    }

    public enum Result: Hashable, Sendable {
        /// The call to the target was answered with this final status: 200 when the transfer is done.
        case finished(status: Int, reason: String)
        /// The REFER was refused.
        case refused(ReceivedResponse)
        /// The REFER was accepted without a subscription (RFC 4488): what becomes of it will not be told.
        case unobserved
        /// The subscription has ended without a final status; `reason` is that of Subscription-State.
        case abandoned(reason: String?)
        /// No answer to the REFER, no NOTIFY in time, or none with a final status before the longest wait was over.
        case timedOut
        /// The REFER could not be sent.
        case failed(RequestFailure)
        /// The session has ended before.
        case sessionEnded
    }

    @nonexhaustive
    public enum Event: Hashable, Sendable {
        case accepted
        /// 1xx of the call to the target.
        case progressed(status: Int, reason: String)
        case ended(Result)
    }

    /// Nothing is sent but the REFER and the answers to NOTIFYs, which ``receive(notify:at:into:)`` returns.
    public enum Send: Hashable, Sendable {}
    public typealias Output = Effects<Send, Event>

    public let target: ReferTarget
    public private(set) var state = State.pending
    /// CSeq number of the REFER: the `id` of its subscription (RFC 3515 §2.4.6). `nil`: any id is taken for ours.
    public var cSeq: UInt32?
    private let referredBy: String?
    private let wantsSubscription: Bool
    private let firstWait: Duration
    private var expiry: MonotonicInstant?
    private var limit: MonotonicInstant

    /// - Parameters:
    ///   - referredBy: Value of Referred-By (RFC 3892): who asks, `<sip:alice@example.com>`.
    ///   - wantsSubscription: `false` asks for none (RFC 4488); the far end may insist on it.
    ///   - firstNotify: How long after the 2xx the first NOTIFY may take (RFC 6665 §4.1.2.4, timer N).
    ///   - limit: How long the whole may take.
    public init(
        to target: ReferTarget, referredBy: String? = nil, wantsSubscription: Bool = true,
        firstNotify: Duration = .seconds(32), limit: Duration = .seconds(180), at now: MonotonicInstant
    ) {
        self.target = target
        self.referredBy = referredBy
        self.wantsSubscription = wantsSubscription
        firstWait = firstNotify
        self.limit = now.advanced(by: limit)
    }

    /// Header fields for the REFER.
    public var headers: [SIPHeaderField] {
        var fields = [SIPHeaderField(name: "Refer-To", value: target.headerValue)]
        if let referredBy { fields.append(SIPHeaderField(name: "Referred-By", value: referredBy)) }
        if !wantsSubscription {
            fields.append(SIPHeaderField(name: "Refer-Sub", value: "false"))
            fields.append(SIPHeaderField(name: "Supported", value: "norefersub"))
        }
        return fields
    }

    /// The earliest instant at which ``fire(at:into:)`` has work to do; `nil` once over.
    public var nextDeadline: MonotonicInstant? {
        guard state != .over else { return nil }
        return min(limit, expiry ?? limit)
    }

    /// Whether a NOTIFY of the session belongs to this REFER.
    public func accepts(_ notify: ReceivedRequest) -> Bool {
        guard notify.method == "NOTIFY", let event = notify.headers.first(.event) else { return false }
        let parts = event.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        guard parts.first?.lowercased() == "refer" else { return false }
        guard let id = parts.dropFirst().first(where: { $0.lowercased().hasPrefix("id=") }) else {
            return true
        }
        return cSeq == nil || UInt32(id.dropFirst(3)) == cSeq
    }

    /// The answer to the REFER.
    public mutating func receive(
        _ response: ReceivedResponse, at now: MonotonicInstant, into out: inout Output
    ) {
        guard state == .pending else {
            // A NOTIFY was quicker: only a refusal says something new.
            if state == .accepted, response.status >= 300 { end(.refused(response), into: &out) }
            return
        }
        guard (200..<300).contains(response.status) else { return end(.refused(response), into: &out) }
        let declined = response.headers.first { $0.name.lowercased() == "refer-sub" }?.value
        accept(into: &out)
        if !wantsSubscription, declined?.lowercased().hasPrefix("false") == true {
            return end(.unobserved, into: &out)
        }
        expiry = now.advanced(by: firstWait)
    }

    /// The REFER came to nothing.
    public mutating func receive(_ failure: RequestFailure, into out: inout Output) {
        switch failure {
        case .timedOut: end(.timedOut, into: &out)
        case .credentialsRefused, .transportFailed: end(.failed(failure), into: &out)
        }
    }

    /// The session of the REFER is over, and the subscription in it.
    public mutating func sessionEnded(into out: inout Output) { end(.sessionEnded, into: &out) }

    /// A NOTIFY that ``accepts(_:)``.
    ///
    /// - Returns: The status to answer it with.
    public mutating func receive(
        notify: ReceivedRequest, at now: MonotonicInstant, into out: inout Output
    ) -> Int {
        guard state != .over else { return 481 }
        guard let subscription = notify.headers.first(.subscriptionState) else { return 400 }
        if state == .pending { accept(into: &out) }
        let parts = subscription.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        let isTerminated = parts.first?.lowercased() == "terminated"
        func parameter(_ name: String) -> String? {
            parts.dropFirst().first { $0.lowercased().hasPrefix(name + "=") }.map {
                String($0.dropFirst(name.count + 1))
            }
        }
        if let fragment = SIPFragment.status(of: notify.body) {
            if fragment.status >= 200 {
                end(.finished(status: fragment.status, reason: fragment.reason), into: &out)
                return 200
            }
            out.emit(.progressed(status: fragment.status, reason: fragment.reason))
        }
        if isTerminated {
            end(.abandoned(reason: parameter("reason")), into: &out)
        } else {
            let seconds = parameter("expires").flatMap { UInt32($0) }
            expiry = seconds.map { now.advanced(by: .seconds(Int64($0)) + firstWait) }
        }
        return 200
    }

    public mutating func fire(at now: MonotonicInstant, into out: inout Output) {
        guard let deadline = nextDeadline, deadline <= now else { return }
        end(.timedOut, into: &out)
    }

    private mutating func accept(into out: inout Output) {
        state = .accepted
        out.emit(.accepted)
    }

    private mutating func end(_ result: Result, into out: inout Output) {
        guard state != .over else { return }
        state = .over
        out.emit(.ended(result))
    }
}
