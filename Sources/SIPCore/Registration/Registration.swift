public import SansIO

/// Keeps one address of record bound to us (RFC 3261 §10.2): registers, refreshes, tries again, unregisters.
///
///     idle ──start──► registering ──2xx──► registered ──refresh──► registering
///                       │    ▲               │
///                       │    └─retry─ waiting│stop
///                       ├──failure──► ──┘    ▼
///                       └──refusal──► refused    unregistering ──► idle
///
/// It sends nothing itself: its sends are requests for ``UserAgent/request(_:at:into:)``, of which at most one is open
/// at any time, and what comes of it is given back by ``receive(_:at:into:)-(ReceivedResponse,_,_)`` and its sibling.
/// Challenges are the user agent's. When it is let go for good, ``UserAgent/endSeries(callID:)`` frees what the user
/// agent keeps for ``callID``.
public struct Registration: Sendable {
    public typealias Output = Effects<OutgoingRequest, Event>

    /// Changes take effect with the next REGISTER.
    public var configuration: Configuration
    /// The same for every REGISTER of this registration (RFC 3261 §10.2.4).
    public let callID: String
    public private(set) var state = State.idle
    /// The binding that holds; `nil` when none does.
    public private(set) var binding: Binding?

    private enum Timer: Int, CaseIterable, Sendable { case next, expiry }

    private var timers = TimerTable<Timer>()
    private var generator: SeededGenerator
    /// Whether a binding is wanted once the open request is through.
    private var isWanted = false
    /// What a 423 has called the least.
    private var leastExpires = Duration.zero
    private var tooBriefCount = 0
    private var failureCount = 0
    /// A registrar's first hop has refused RFC 5626 (439).
    private var isOutboundRefused = false

    public init(configuration: Configuration, generator: SeededGenerator) {
        self.configuration = configuration
        self.generator = generator
        callID = self.generator.token(digits: 32)
    }

    /// The earliest instant at which ``fire(at:into:)`` has work to do; `nil` when none is pending.
    public var nextDeadline: MonotonicInstant? { timers.next }

    // MARK: Commands

    /// Asks for the binding, at once; without effect while it is being asked for or held.
    public mutating func start(at now: MonotonicInstant, into out: inout Output) {
        isWanted = true
        switch state {
        case .idle, .refused:
            failureCount = 0
            sendRegister(into: &out)
        case .registering, .registered, .waiting, .unregistering: break
        }
    }

    /// Registers anew at once, as when our address or the connection has changed; without effect unless it is held
    /// or a failure is being waited out.
    public mutating func refresh(at now: MonotonicInstant, into out: inout Output) {
        switch state {
        case .registered, .waiting: sendRegister(into: &out)
        case .idle, .registering, .unregistering, .refused: break
        }
    }

    /// Takes the binding back (RFC 3261 §10.2.2); ends with ``Event/unregistered(_:)``.
    public mutating func stop(at now: MonotonicInstant, into out: inout Output) {
        guard isWanted || state == .registered || state == .waiting else { return }
        isWanted = false
        switch state {
        case .registered, .waiting, .refused: leave(nil, into: &out)
        case .registering, .unregistering: break  // Once the open request is through.
        case .idle: break
        }
    }

    // MARK: Answers

    /// The final response to the open request; ignored when none is open.
    public mutating func receive(
        _ response: ReceivedResponse, at now: MonotonicInstant, into out: inout Output
    ) {
        switch (state, response.status) {
        case (.registering, 200..<300): bound(by: response, at: now, into: &out)
        case (.registering, 423) where isWanted && lengthen(response): sendRegister(into: &out)
        case (.registering, 439) where configuration.outbound != nil && !isOutboundRefused:
            isOutboundRefused = true
            sendRegister(into: &out)
        case (.registering, 300..<400):
            let contacts = response.headers.list(.contact)
            fail(.redirected(response, contacts: contacts), isRefusal: true, at: now, into: &out)
        case (.registering, _):
            fail(
                .refused(response), isRefusal: !Self.mayPass(response.status),
                retryAfter: response.headers.number(.retryAfter), at: now, into: &out)
        case (.unregistering, 200..<300): left(nil, into: &out)
        case (.unregistering, _): left(.refused(response), into: &out)
        case (.idle, _), (.registered, _), (.waiting, _), (.refused, _): break
        }
    }

    /// The open request came to nothing; ignored when none is open.
    public mutating func receive(
        _ failure: RequestFailure, at now: MonotonicInstant, into out: inout Output
    ) {
        switch failure {
        case .timedOut: end(.timedOut, isRefusal: false, at: now, into: &out)
        case .transportFailed: end(.transportFailed, isRefusal: false, at: now, into: &out)
        case .credentialsRefused(let response):
            end(.credentialsRefused(response), isRefusal: true, at: now, into: &out)
        }
    }

    /// The user agent has refused to send the open request; ignored when none is open.
    public mutating func receive(
        _ error: UserAgentError, at now: MonotonicInstant, into out: inout Output
    ) {
        end(.notSent(error), isRefusal: error != .tooManyRequests, at: now, into: &out)
    }

    private mutating func end(
        _ failure: Failure, isRefusal: Bool, at now: MonotonicInstant, into out: inout Output
    ) {
        switch state {
        case .registering: fail(failure, isRefusal: isRefusal, at: now, into: &out)
        case .unregistering: left(failure, into: &out)
        case .idle, .registered, .waiting, .refused: break
        }
    }

    // MARK: Time

    /// Does what is due at `now`: refreshes, tries again, notices that a binding has run out.
    public mutating func fire(at now: MonotonicInstant, into out: inout Output) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .next:
                sendRegister(into: &out)
            case .expiry:
                binding = nil
                if state != .unregistering { out.emit(.lost) }
            }
        }
    }

    // MARK: Steps

    private mutating func sendRegister(into out: inout Output) {
        state = .registering
        timers.stop(.next)
        out.send(request(expires: expires))
    }

    private mutating func bound(
        by response: ReceivedResponse, at now: MonotonicInstant, into out: inout Output
    ) {
        tooBriefCount = 0
        let granted = RegistrarAnswer(response.headers, asked: expires).expires(of: ownContact)
        guard let granted, granted > .zero else {
            return fail(.notBound(response), isRefusal: false, at: now, into: &out)
        }
        failureCount = 0
        let binding = Binding(
            expires: granted, serviceRoutes: response.headers.list(.serviceRoute),
            flowTimer: RegistrarAnswer.flowTimer(in: response.headers),
            isOutbound: usedOutbound != nil
                && response.headers.list(.require).contains { $0.lowercased() == "outbound" })
        let isNew = self.binding == nil
        self.binding = binding
        timers.set(.expiry, to: now.advanced(by: granted))
        guard isWanted else { return leave(nil, into: &out) }
        out.emit(isNew ? .registered(binding) : .refreshed(binding))
        state = .registered
        timers.set(.next, to: now.advanced(by: refreshDelay(granted)))
    }

    /// Nine tenths at most: early enough that a transaction lost on the way can be repeated before the end, and not
    /// at the same time as everybody else's.
    private mutating func refreshDelay(_ granted: Duration) -> Duration {
        // 64*T1 for a REGISTER that is lost and one more for the next; short bindings give half of theirs.
        let fraction = granted <= .seconds(120) ? 0.5 : 0.8
        return Self.scaled(granted, by: fraction + 0.1 * generator.nextUnit())
    }

    private mutating func fail(
        _ failure: Failure, isRefusal: Bool, retryAfter: UInt32? = nil, at now: MonotonicInstant,
        into out: inout Output
    ) {
        failureCount += 1
        guard isWanted else { return leave(failure, into: &out) }
        guard let wait = isRefusal ? configuration.refusalRetry : backOff(retryAfter) else {
            state = .refused
            return out.emit(.failed(failure, retryAfter: nil))
        }
        state = .waiting
        timers.set(.next, to: now.advanced(by: wait))
        out.emit(.failed(failure, retryAfter: wait))
    }

    /// RFC 5626 §4.5, but never before Retry-After (RFC 3261 §20.33), to which up to a tenth is added.
    private mutating func backOff(_ retryAfter: UInt32?) -> Duration {
        if let retryAfter, retryAfter > 0 {
            let asked = Duration.seconds(Int64(min(retryAfter, 86_400)))
            return Self.scaled(asked, by: 1 + 0.1 * generator.nextUnit())
        }
        let doublings = min(max(0, failureCount - 1), 16)
        let longest = max(configuration.longestRetry, configuration.shortestRetry)
        let wait = min(configuration.shortestRetry * (1 << doublings), longest)
        return max(.milliseconds(1), Self.scaled(wait, by: 0.5 + 0.5 * generator.nextUnit()))
    }

    private static func scaled(_ duration: Duration, by factor: Double) -> Duration {
        .nanoseconds(Int64(Double(duration.nanoseconds) * factor))
    }

    /// 423 (RFC 3261 §10.2.8): asks for more, as long as that leads somewhere.
    private mutating func lengthen(_ response: ReceivedResponse) -> Bool {
        guard let least = response.headers.number(.minExpires), tooBriefCount < 3 else { return false }
        let asked = Duration.seconds(Int64(least))
        guard asked > expires, asked <= .seconds(86_400 * 7) else { return false }
        tooBriefCount += 1
        leastExpires = asked
        return true
    }

    /// Nothing is wanted any more: takes back what holds.
    private mutating func leave(_ failure: Failure?, into out: inout Output) {
        timers.stop(.next)
        guard binding != nil else { return left(failure, into: &out) }
        state = .unregistering
        out.send(request(expires: .zero))
    }

    private mutating func left(_ failure: Failure?, into out: inout Output) {
        timers.stopAll()
        binding = nil
        state = .idle
        out.emit(.unregistered(failure))
        if isWanted { sendRegister(into: &out) }  // Started again meanwhile.
    }

    /// Refusals that say nothing about us: another time it may go well.
    private static func mayPass(_ status: Int) -> Bool {
        switch status {
        case 408, 423, 429, 430, 480, 486, 487, 491, 500..<600: true
        default: false
        }
    }

    // MARK: Requests

    private var expires: Duration { max(.seconds(1), configuration.expires, leastExpires) }
    private var usedOutbound: Outbound? { isOutboundRefused ? nil : configuration.outbound }

    private var ownContact: RegistrarAnswer.Contact {
        RegistrarAnswer.Contact(
            uri: configuration.contact, instance: usedOutbound?.instance, flow: usedOutbound?.flow)
    }

    private func request(expires: Duration) -> OutgoingRequest {
        let seconds = "\(max(0, min(expires.components.seconds, 4_294_967_295)))"
        var contact = "<\(configuration.contact)>"
        if let outbound = usedOutbound {
            contact += ";reg-id=\(outbound.flow);+sip.instance=\"<\(outbound.instance)>\""
        }
        contact += ";expires=\(seconds)"
        let supported = usedOutbound == nil ? "path" : "path, outbound"
        return OutgoingRequest(
            method: .register, requestURI: configuration.registrar, from: configuration.addressOfRecord,
            to: configuration.addressOfRecord, contact: contact, sentBy: configuration.sentBy,
            callID: callID, isSeries: true, routes: configuration.routes,
            headers: [
                SIPHeaderField(name: "Expires", value: seconds),
                SIPHeaderField(name: "Supported", value: supported),
            ] + configuration.headers, credentials: configuration.credentials,
            destination: configuration.destination, socket: configuration.socket,
            transport: configuration.transport, timeout: configuration.timeout)
    }
}
