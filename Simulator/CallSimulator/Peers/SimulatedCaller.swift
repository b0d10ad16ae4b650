public import RTPMedia
public import SIPCore
public import SansIO

/// A host that calls: places calls to a dialer, or to any other SIP address, over any driver.
///
/// It speaks real SIP and RTP with the library's machines, so that it calls live on loopback and in a simulated world. Each
/// call follows a ``Script`` and comes back as a ``Report``. Any number of calls at once.
public actor SimulatedCaller: DriverClient {
    enum Plan { case hold, resume, refer }

    /// A call under way.
    final class Line {
        let script: Script
        let startedAt: MonotonicInstant
        var session: InviteSessionID?
        var negotiator: AudioNegotiator
        let ports: (rtp: BoundSocket, rtcp: BoundSocket)
        var leg: AudioLeg?
        var nextFrame: MonotonicInstant?
        /// When it gives up or hangs up.
        var endsAt: MonotonicInstant?
        var isEndedByUs = false
        /// What is to be done after the answer, in order.
        var plans: [(at: MonotonicInstant, what: Plan)] = []
        var referral: ReceivedReferral?
        var wantedDirection = MediaDirection.sendrecv
        var report = Report()
        let continuation: CheckedContinuation<Report, Never>

        init(
            script: Script, at now: MonotonicInstant, negotiator: AudioNegotiator,
            ports: (rtp: BoundSocket, rtcp: BoundSocket),
            continuation: CheckedContinuation<Report, Never>
        ) {
            self.script = script
            startedAt = now
            self.negotiator = negotiator
            self.ports = ports
            self.continuation = continuation
        }
    }

    nonisolated let driver: any Driver
    private nonisolated let executor: any SerialExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    let address: SocketAddress
    private let capabilities: AudioCapabilities
    private let mediaSecurity: (any MediaProtectionProvider)?
    private var client: DriverClientID?
    private var socket: BoundSocket?
    var userAgent: UserAgent
    var effects = UserAgentEffects()
    private var generator: SeededGenerator
    private var buffer = OwnedBytes(capacity: 65_536)
    private var packet = OwnedBytes(capacity: 2_048)
    private var lines: [Line] = []
    /// Requests of ours in calls, that wait for their answers.
    var requests: [SIPRequestID: InviteSessionID] = [:]

    /// - Parameters:
    ///   - address: Its own; port 0 lets the driver choose.
    ///   - userAgent: Timers and limits of its SIP.
    ///   - capabilities: What it speaks.
    ///   - mediaSecurity: Encrypts as ``AudioCapabilities/security`` says, with this provider's suites.
    public init(
        driver: any Driver, address: SocketAddress = .loopback(port: 0),
        userAgent: UserAgent.Configuration = UserAgent.Configuration(),
        capabilities: AudioCapabilities = AudioCapabilities(),
        mediaSecurity: (any MediaProtectionProvider)? = nil
    ) {
        self.driver = driver
        self.capabilities = capabilities
        self.mediaSecurity = mediaSecurity
        executor = driver.serialExecutor
        self.address = address
        var userAgent = userAgent
        userAgent.methods += [.refer, .notify, .info]
        self.userAgent = UserAgent(
            configuration: userAgent, generator: driver.makeGenerator(label: "caller user agent"))
        generator = driver.makeGenerator(label: "caller")
    }

    // MARK: Life

    /// Takes its socket.
    ///
    /// - Returns: The address that it calls from.
    /// - Throws: ``DriverError`` when the address cannot be had.
    @discardableResult
    public func start() throws(DriverError) -> SocketAddress {
        if let socket { return socket.localAddress }
        let client = self.client ?? driver.attach(self)
        self.client = client
        let bound = try driver.bind(address, for: client)
        socket = bound
        return bound.localAddress
    }

    /// Lets go of its sockets; calls that still run are lost.
    public func stop() {
        for line in lines { conclude(line, .lost) }
        if let client { driver.detach(client) }
        client = nil
        socket = nil
    }

    /// Calls that have not ended.
    public var liveCalls: Int { lines.count }

    /// Counters of its SIP side.
    public var statistics: UserAgent.Statistics { userAgent.statistics }

    // MARK: Calling

    /// Places one call and returns when it is over.
    public func call(_ target: SocketAddress, _ script: Script = Script()) async -> Report {
        await withCheckedContinuation { continuation in
            begin(script, target, continuation)
            finishStep()
        }
    }

    private func begin(
        _ script: Script, _ target: SocketAddress, _ continuation: CheckedContinuation<Report, Never>
    ) {
        let now = driver.now
        guard let socket, let client, let ports = driver.bindMediaPorts(on: socket.localAddress, for: client)
        else {
            return continuation.resume(returning: Report())
        }
        let negotiator = AudioNegotiator.ofPeer(
            capabilities, mediaSecurity, on: driver, localRTP: ports.rtp.localAddress,
            sessionID: generator.next() >> 2)
        let line = Line(
            script: script, at: now, negotiator: negotiator, ports: ports, continuation: continuation)
        let offer = script.offersLate ? nil : script.offer ?? line.negotiator.makeOffer()
        let invite = OutgoingInvite(
            requestURI: "sip:\(script.number)@\(target)", from: script.from,
            to: "<sip:\(script.number)@\(target)>",
            contact: script.contact ?? "<sip:caller@\(socket.localAddress)>",
            sentBy: "\(socket.localAddress)",
            body: offer.map { SIPBody(contentType: "application/sdp", bytes: $0) }, headers: script.headers,
            credentials: script.credentials, destination: target, socket: socket.id,
            options: InviteOptions(reliability: script.reliability))
        lines.append(line)
        guard let started = try? userAgent.invite(invite, at: now, into: &effects) else {
            return conclude(line, .lost)
        }
        line.session = started.session
        line.endsAt = script.givesUpAfter.map { now.advanced(by: $0) }
    }

    // MARK: Steps

    public nonisolated func wake() { assumeIsolated { $0.step() } }

    private func step() {
        guard let client else { return }
        let now = driver.now
        while let datagram = driver.receive(for: client, into: &buffer) {
            if datagram.socket == socket?.id {
                userAgent.receive(
                    buffer.bytes, from: datagram.source, on: datagram.socket, at: now, into: &effects)
            } else if let line = lines.first(where: { $0.ports.rtp.id == datagram.socket }) {
                line.report.packetsReceived += 1
                line.leg?.receiveRTP(buffer.bytes, from: datagram.source, at: now)
            }
        }
        if let deadline = userAgent.nextDeadline, deadline <= now { userAgent.fire(at: now, into: &effects) }
        settle(at: now)
        for line in lines {
            if let end = line.endsAt, end <= now { hangUp(line, at: now) }
            while let plan = line.plans.first, plan.at <= now {
                line.plans.removeFirst()
                carryOut(plan.what, of: line, at: now)
            }
            tick(line, at: now)
        }
        finishStep()
    }

    private func finishStep() {
        settle(at: driver.now)
        guard let client else { return }
        var next = userAgent.nextDeadline
        for line in lines {
            for deadline in [line.endsAt, line.nextFrame, line.plans.first?.at] {
                next = .earlier(next, deadline)
            }
        }
        driver.schedule(client, at: next)
    }

    private func settle(at now: MonotonicInstant) {
        while !effects.sends.isEmpty || !effects.events.isEmpty {
            let bytes = effects.bytes
            for send in effects.sends {
                driver.transmit(
                    bytes.span.bytes.extracting(send.range), from: send.socket, to: send.destination)
            }
            let events = effects.events
            effects.removeAll()
            for event in events { handle(event, at: now) }
        }
    }

    private func line(_ session: InviteSessionID) -> Line? { lines.first { $0.session == session } }

    private func handle(_ event: UserAgentEvent, at now: MonotonicInstant) {
        switch event {
        case .provisional(let session, let response):
            guard let line = line(session) else { return }
            if !line.report.provisional.contains(response.status) {
                line.report.provisional.append(response.status)
            }
            if let body = response.body, PeerCall.isSDP(body) { accept(body.bytes, of: line, at: now) }
        case .answered(let session, let response):
            guard let line = line(session) else { return }
            note(response, of: line, at: now)
            line.report.wasAnswered = true
            if let body = response.body, PeerCall.isSDP(body) { accept(body.bytes, of: line, at: now) }
            if line.leg != nil, !line.script.digits.isEmpty { _ = line.leg?.sendDigits(line.script.digits) }
            line.endsAt = line.script.hangsUpAfter.map { now.advanced(by: $0) }
            plan(line, at: now)
        case .offered(let session, let offer):
            guard let line = line(session) else { return }
            let answer = answer(offer.body, of: line, at: now)
            userAgent.answer(
                offerIn: session, status: answer == nil ? 488 : 200, body: answer, at: now, into: &effects)
        case .reinvited(let session, let request):
            guard let line = line(session) else { return }
            let answer: SIPBody? =
                request.body.map { self.answer($0, of: line, at: now) }
                ?? SIPBody(contentType: "application/sdp", bytes: line.negotiator.makeOffer())
            userAgent.respond(
                to: session, status: answer == nil ? 488 : 200, body: answer, at: now, into: &effects)
        case .offerAnswered(let session, let response):
            guard let line = line(session) else { return }
            line.report.holds.append(line.wantedDirection == .sendonly ? "held" : "resumed")
            if let body = response.body, PeerCall.isSDP(body) { accept(body.bytes, of: line, at: now) }
        case .offerRefused(let session, _): line(session)?.report.holds.append("refused")
        case .requestReceived(let id, let session, let request):
            serve(request, id, of: session.flatMap { line($0) }, at: now)
        case .requestAnswered(let id, let response):
            guard let line = requests.removeValue(forKey: id).flatMap({ line($0) }) else { return }
            if line.referral != nil {
                refer(line, at: now) { $0.notifyAnswered(status: response.status, at: now, into: &$1) }
            } else {
                line.report.requestStatuses.append(response.status)
            }
        case .requestFailed(let id, _):
            guard let line = requests.removeValue(forKey: id).flatMap({ line($0) }) else { return }
            refer(line, at: now) { $0.notifyAnswered(status: nil, at: now, into: &$1) }
        case .failed(let session, let failure):
            guard let line = line(session) else { return }
            switch failure {
            case .rejected(let response), .credentialsRefused(let response):
                note(response, of: line, at: now)
                conclude(line, line.isEndedByUs ? .gaveUp : .rejected)
            default: conclude(line, line.isEndedByUs ? .gaveUp : .lost)
            }
        case .ended(let session, let end):
            guard let line = line(session) else { return }
            switch end {
            case .byUs: conclude(line, line.report.wasAnswered ? .callerHungUp : .gaveUp)
            case .byRemote: conclude(line, .calleeHungUp)
            case .lost: conclude(line, line.isEndedByUs ? .callerHungUp : .lost)
            }
        default: break
        }
    }

    private func note(_ response: ReceivedResponse, of line: Line, at now: MonotonicInstant) {
        line.report.status = response.status
        line.report.headers = response.headers
        line.report.setupMilliseconds = Int(line.startedAt.duration(to: now).nanoseconds / 1_000_000)
    }

    private func hangUp(_ line: Line, at now: MonotonicInstant) {
        line.endsAt = nil
        line.isEndedByUs = true
        if let session = line.session { userAgent.end(session, at: now, into: &effects) }
    }

    private func conclude(_ line: Line, _ end: Report.End) {
        guard let index = lines.firstIndex(where: { $0 === line }) else { return }
        lines.remove(at: index)
        for socket in [line.ports.rtp.id, line.ports.rtcp.id] { driver.close(socket) }
        line.report.end = end
        line.continuation.resume(returning: line.report)
    }

    // MARK: Media

    /// Reads the callee's description: the answer to ours.
    private func accept(_ description: [UInt8], of line: Line, at now: MonotonicInstant) {
        guard let negotiated = try? line.negotiator.accept(answer: description) else { return }
        if let leg = line.leg {
            try? leg.renegotiate(negotiated)
            return
        }
        startLeg(of: line, negotiated, at: now)
    }

    func startLeg(of line: Line, _ negotiated: NegotiatedAudio, at now: MonotonicInstant) {
        var configuration = AudioLeg.Configuration(
            negotiated: negotiated, rateHertz: 8_000, canonicalName: generator.token(digits: 16))
        configuration.protection = mediaSecurity
        line.leg = try? AudioLeg(configuration: configuration, generator: &generator, at: now)
        line.nextFrame = now.advanced(by: .milliseconds(20))
    }

    private func tick(_ line: Line, at now: MonotonicInstant) {
        while let due = line.nextFrame, due <= now, let leg = line.leg {
            line.nextFrame = due.advanced(by: .milliseconds(20))
            var heard = [Int16](repeating: 0, count: 160)
            var spare = heard
            // A square wave of 500 Hz: loud, and easily told from silence.
            let tone = (0..<160).map { Int16($0 % 16 < 8 ? 8_000 : -8_000) }
            var sends = exchange(leg, tone, heard: &heard, spare: &spare, at: due)
            while sends {
                driver.transmit(packet.bytes, from: line.ports.rtp.id, to: leg.remoteRTP)
                sends = leg.takePacket(into: &packet)
            }
            if heard.contains(where: { $0.magnitude > 1_000 }) {
                if line.report.wasAnswered {
                    line.report.loudFrames += 1
                } else {
                    line.report.loudFramesEarly += 1
                }
            }
            while let digit = leg.takeDigit() { line.report.digits.append(digit) }
        }
    }

    /// - Returns: Whether `packet` is to be sent.
    private func exchange(
        _ leg: AudioLeg, _ tone: [Int16], heard: inout [Int16], spare: inout [Int16],
        at now: MonotonicInstant
    ) -> Bool {
        var heardFrame = heard.mutableSpan
        var spareFrame = spare.mutableSpan
        _ = leg.pullFrame(narrow: &heardFrame, wide: &spareFrame, at: now)
        return leg.pushFrame(tone.span, narrow: &spareFrame, at: now, into: &packet)
    }
}
