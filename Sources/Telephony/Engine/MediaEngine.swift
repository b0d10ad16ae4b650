internal import RTPMedia
internal import SansIO

/// The media of all calls on one loop: their ports, and one frame each way at every 20 ms deadline.
///
/// Joined to signalling by messages alone. One wake-up per tick serves every leg; nothing is allocated for a frame.
actor MediaEngine: LoopEngine {
    nonisolated let driver: any Driver
    private nonisolated let executor: any SerialExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let observers: [any CallObserver]
    private let wantsDatagrams: Bool
    /// `nil` when nobody asks who answered.
    private let makeClassifier: (@Sendable (CallRequest) -> any AnswerClassifier)?

    private var client: DriverClientID?
    private var ports: PortAllocator
    private var generator: SeededGenerator
    private var legs: [MediaLeg?] = []
    private var freeSlots: [Int] = []
    private var slotsByID: [CallID: Int] = [:]
    /// Twice the slot, plus 1 for the RTCP port.
    private var slotsBySocket: [SocketID: Int] = [:]
    /// Legs that tick.
    private var flowing = 0

    private var grid = TickGrid(origin: MonotonicInstant(nanoseconds: 0))
    private var lateness = LatenessHistogram()
    private var buffer = OwnedBytes(capacity: 2_048)
    private var packet = OwnedBytes(capacity: 2_048)
    private var frames = [8_000, 16_000, 24_000, 48_000].map { FrameBuffers(rateHertz: $0) }
    private var heard: [CallEvent.Kind] = []

    /// - Parameter ports: This engine's share of the configured range; `nil`: the system chooses.
    init(
        driver: any Driver, configuration: DialerConfiguration, ports: ClosedRange<UInt16>?,
        observers: [any CallObserver]
    ) {
        self.driver = driver
        executor = driver.serialExecutor
        self.observers = observers
        wantsDatagrams = observers.contains { $0.wantsDatagrams }
        makeClassifier = configuration.classifiesAnswers ? configuration.answerClassifier : nil
        self.ports = PortAllocator(range: ports, quarantine: configuration.portQuarantine)
        generator = driver.makeGenerator(label: "media")
    }

    // MARK: Life

    func open() {
        if client == nil { client = driver.attach(self) }
    }

    /// Lets go of the loop. Every leg must have been stopped.
    func close() {
        if let client { driver.detach(client) }
        client = nil
    }

    nonisolated func wake() { assumeIsolated { $0.step() } }

    private func step() {
        guard let client else { return }
        let now = driver.now
        while let datagram = driver.receive(for: client, into: &buffer) { receive(datagram, at: now) }
        while flowing > 0, let deadline = grid.popDue(at: now) { tick(at: deadline) }
        schedule()
    }

    private func schedule() {
        guard let client else { return }
        driver.schedule(client, at: flowing > 0 ? grid.next : nil)
    }

    var statistics: (lateness: LatenessHistogram, skippedTicks: Int, liveLegs: Int) {
        (lateness, grid.skipped, slotsByID.count)
    }

    // MARK: Messages

    /// Takes ports for a call and makes our offer. For a call that goes on over another trunk, takes others.
    func openLeg(_ job: CallJob, route: TrunkRoute) throws(CallError) -> [UInt8] {
        try makeLeg(job, route: route).negotiator.makeOffer()
    }

    /// Takes ports for a call that was placed to us and answers the caller's offer, or makes ours when it had none.
    ///
    /// - Parameter isEarly: Whether the caller hears us before the answer.
    /// - Throws: ``CallError/Code/notAnswered`` when we do not speak what is offered.
    func answerLeg(
        _ job: CallJob, route: TrunkRoute, offer: [UInt8]?, isEarly: Bool
    ) throws(CallError) -> [UInt8] {
        let leg = try makeLeg(job, route: route)
        leg.isHeardEarly = isEarly
        guard let offer else { return leg.negotiator.makeOffer() }
        guard let answer = leg.answer(to: offer, generator: &generator, at: driver.now) else {
            stop(job.id)
            throw CallError(.notAnswered, "the caller's session description has nothing that we speak")
        }
        startFlowing()
        return answer
    }

    private func makeLeg(_ job: CallJob, route: TrunkRoute) throws(CallError) -> MediaLeg {
        let (rtp, rtcp) = try bindPair(on: route.local)
        let negotiator = AudioNegotiator(
            capabilities: AudioCapabilities(),
            localRTP: route.advertisedMedia.with(port: rtp.localAddress.port),
            sessionID: generator.next() >> 2)
        let slot: Int
        let leg: MediaLeg
        if let known = slotsByID[job.id], let other = legs[known] {
            slot = known
            leg = other
            closePorts(of: leg)
            (leg.rtp, leg.rtcp, leg.negotiator) = (rtp, rtcp, negotiator)
        } else {
            slot = freeSlots.popLast() ?? legs.count
            if slot == legs.count { legs.append(nil) }
            leg = MediaLeg(
                job: job, rtp: rtp, rtcp: rtcp, negotiator: negotiator,
                classifier: job.call.direction == .outbound ? makeClassifier?(job.plan.request) : nil)
            legs[slot] = leg
            slotsByID[job.id] = slot
        }
        slotsBySocket[rtp.id] = slot << 1
        slotsBySocket[rtcp.id] = slot << 1 | 1
        return leg
    }

    private func closePorts(of leg: MediaLeg) {
        for bound in [leg.rtp, leg.rtcp] {
            slotsBySocket[bound.id] = nil
            driver.close(bound.id)
        }
        ports.release(leg.rtp.localAddress.port, at: driver.now)
    }

    /// Reads the far end's description and lets audio flow.
    func accept(_ id: CallID, answer: [UInt8]?, isFinal: Bool) {
        guard let leg = leg(id) else { return }
        let wasFlowing = leg.audio != nil
        do throws(MediaLeg.Refusal) {
            try leg.accept(answer: answer, isFinal: isFinal, generator: &generator, at: driver.now)
        } catch {
            let text = error.text
            leg.job.post { $0.mediaRefused(id, text: text, isFinal: isFinal) }
            return
        }
        if !wasFlowing { startFlowing() }
        reportHold(of: leg)
        leg.job.post { $0.mediaReady(id, isFinal: isFinal) }
    }

    /// Answers a re-INVITE's offer, or makes one when it had none.
    func reanswer(_ id: CallID, offer: [UInt8]?) {
        guard let leg = leg(id) else { return }
        let wasFlowing = leg.audio != nil
        let answer: [UInt8]?
        if let offer {
            answer = leg.answer(to: offer, generator: &generator, at: driver.now)
        } else {
            answer = leg.negotiator.makeOffer(direction: leg.negotiator.offeredDirection)
        }
        if !wasFlowing, leg.audio != nil { startFlowing() }
        reportHold(of: leg)
        leg.job.post { $0.reinviteAnswered(id, body: answer) }
    }

    /// Makes a description that holds the far end, or lets it go, to be offered.
    func offerAgain(_ id: CallID, isHeld: Bool) {
        guard let leg = leg(id) else { return }
        let offer = leg.negotiator.makeOffer(direction: isHeld ? .sendonly : .sendrecv)
        leg.job.post { $0.offerReady(id, offer: offer) }
    }

    /// What we wanted was agreed on, or refused.
    func hold(_ id: CallID, _ isHeld: Bool) { leg(id)?.holdRemote(isHeld) }

    /// Tells a hold of the far end, or its end.
    private func reportHold(of leg: MediaLeg) {
        guard let event = leg.takeHoldChange() else { return }
        let (id, change) = (leg.id, CallEvent(instant: driver.now, kind: event))
        leg.job.post { $0.mediaHeard(id, change) }
    }

    func sendDigits(_ digits: String, on id: CallID) { _ = leg(id)?.audio?.sendDigits(digits) }

    func play(_ samples: [Int16], isRepeating: Bool, on id: CallID) {
        leg(id)?.player = AudioPlayer(samples: samples, isRepeating: isRepeating)
    }

    /// Says goodbye, gives the ports back and reports the figures.
    func stop(_ id: CallID) {
        guard let slot = slotsByID[id], let leg = legs[slot] else { return }
        let now = driver.now
        if let audio = leg.audio {
            audio.makeGoodbye(at: now, wallClock: driver.wallClock, into: &packet)
            transmit(from: leg.rtcp, to: audio.remoteRTCP, kind: .rtcp, call: id)
            flowing -= 1
        }
        leg.job.call.audio.close()
        leg.recorder?.finish()
        closePorts(of: leg)
        slotsByID[id] = nil
        legs[slot] = nil
        freeSlots.append(slot)
        schedule()
        let figures = leg.figures
        leg.job.post { $0.mediaStopped(id, figures) }
    }

    private func leg(_ id: CallID) -> MediaLeg? { slotsByID[id].flatMap { legs[$0] } }

    private func startFlowing() {
        if flowing == 0 {
            let first = driver.now
            if grid.next.nanoseconds == 0 { grid = TickGrid(origin: first) } else { grid.resume(at: first) }
        }
        flowing += 1
        schedule()
    }

    // MARK: Frames

    private func tick(at deadline: MonotonicInstant) {
        for leg in legs {
            guard let leg, let audio = leg.audio else { continue }
            let buffers = Self.bufferIndex(rateHertz: leg.job.call.audio.rateHertz)
            let sends = leg.tick(at: deadline, frames: &frames[buffers], into: &packet, heard: &heard)
            if sends { transmit(from: leg.rtp, to: audio.remoteRTP, kind: .rtp, call: leg.id) }
            lateness.record(deadline.duration(to: driver.now))
            if !heard.isEmpty { reportHeard(of: leg.job, at: deadline) }
            if audio.nextReportDeadline <= deadline {
                audio.makeReport(at: deadline, wallClock: driver.wallClock, into: &packet)
                transmit(from: leg.rtcp, to: audio.remoteRTCP, kind: .rtcp, call: leg.id)
            }
        }
    }

    private static func bufferIndex(rateHertz: Int) -> Int {
        switch rateHertz {
        case 8_000: 0
        case 16_000: 1
        case 24_000: 2
        default: 3
        }
    }

    private func reportHeard(of job: CallJob, at instant: MonotonicInstant) {
        for kind in heard {
            let event = CallEvent(instant: instant, kind: kind)
            job.post { $0.mediaHeard(job.id, event) }
        }
        heard.removeAll(keepingCapacity: true)
    }

    private func receive(_ datagram: ReceivedDatagram, at now: MonotonicInstant) {
        guard let key = slotsBySocket[datagram.socket], let leg = legs[key >> 1] else { return }
        let isRTCP = key & 1 == 1
        if wantsDatagrams {
            observe(
                .received, buffer.bytes, local: (isRTCP ? leg.rtcp : leg.rtp).localAddress,
                remote: datagram.source, kind: isRTCP ? .rtcp : .rtp, call: leg.id)
        }
        guard let audio = leg.audio else {
            leg.earlyDatagrams += 1
            return
        }
        if isRTCP {
            audio.receiveRTCP(buffer.bytes, from: datagram.source, at: now)
        } else {
            audio.receiveRTP(buffer.bytes, from: datagram.source, at: now)
        }
    }

    private func transmit(
        from socket: BoundSocket, to destination: SocketAddress, kind: DatagramKind, call: CallID
    ) {
        guard packet.count > 0 else { return }
        driver.transmit(packet.bytes, from: socket.id, to: destination)
        if wantsDatagrams {
            observe(
                .sent, packet.bytes, local: socket.localAddress, remote: destination, kind: kind, call: call)
        }
    }

    private func observe(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
        kind: DatagramKind, call: CallID
    ) {
        let instant = driver.wallClock
        for observer in observers where observer.wantsDatagrams {
            observer.datagram(
                direction, bytes, local: local, remote: remote, kind: kind, call: call, at: instant)
        }
    }

    // MARK: Ports

    /// An even port and the next one, both bound.
    private func bindPair(on host: SocketAddress) throws(CallError) -> (rtp: BoundSocket, rtcp: BoundSocket) {
        guard let client else { throw CallError(.notRunning, "the media engine is closed") }
        let now = driver.now
        var attempts = ports.isSystemChosen ? 16 : min(ports.availablePairs, 64)
        while attempts > 0 {
            attempts -= 1
            guard ports.isSystemChosen else {
                guard let port = ports.take(at: now) else { break }
                var isBound = false
                defer { if !isBound { ports.release(port, at: now) } }  // Tried again after a while.
                guard let pair = try bindPair(port, on: host, for: client) else { continue }
                isBound = true
                return pair
            }
            // At thousands of calls a second most of the system's ports rest: then a short rest must do.
            let takesResting = attempts < 8
            if let pair = try bindSystemChosen(on: host, for: client, takesResting: takesResting, at: now) {
                return pair
            }
        }
        throw CallError(.socket, "no pair of media ports is free")
    }

    private func bindPair(
        _ port: UInt16, on host: SocketAddress, for client: DriverClientID
    ) throws(CallError) -> (rtp: BoundSocket, rtcp: BoundSocket)? {
        guard let rtp = try bind(host.with(port: port), for: client) else { return nil }
        guard let rtcp = try bind(host.with(port: port + 1), beside: rtp, for: client) else { return nil }
        return (rtp, rtcp)
    }

    /// Lets the system choose one port and takes its neighbour.
    private func bindSystemChosen(
        on host: SocketAddress, for client: DriverClientID, takesResting: Bool, at now: MonotonicInstant
    ) throws(CallError) -> (rtp: BoundSocket, rtcp: BoundSocket)? {
        guard let first = try bind(host.with(port: 0), for: client) else { return nil }
        let port = first.localAddress.port
        guard ports.mayUse(systemChosen: port & ~1, at: now) || takesResting else {
            driver.close(first.id)
            return nil
        }
        guard let second = try bind(host.with(port: port ^ 1), beside: first, for: client) else { return nil }
        return port & 1 == 0 ? (first, second) : (second, first)
    }

    /// - Parameter other: Closed when this fails.
    /// - Returns: `nil` when another process has the port.
    /// - Throws: What no other port would change: no descriptors, no permission, not our address.
    private func bind(
        _ address: SocketAddress, beside other: BoundSocket? = nil, for client: DriverClientID
    ) throws(CallError) -> BoundSocket? {
        do {
            return try driver.bind(address, for: client)
        } catch {
            if let other { driver.close(other.id) }
            guard error.code != .addressInUse else { return nil }
            throw CallError(.socket, "no media port: \(error.message)")
        }
    }
}
