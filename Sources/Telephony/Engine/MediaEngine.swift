internal import RTPMedia
internal import SansIO

/// The media of all calls on one loop: their ports, and one frame each way at every 20 ms deadline.
///
/// Joined to signalling by messages alone. One wake-up per tick serves every leg; nothing is allocated for a frame.
actor MediaEngine: LoopEngine {
    nonisolated let driver: any Driver
    private nonisolated let executor: any SerialExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    let observers: [any CallObserver]
    let wantsDatagrams: Bool
    /// `nil` when nobody asks who answered.
    private let makeClassifier: (@Sendable (CallRequest) -> any AnswerClassifier)?

    /// Where codecs come from that are not built in.
    private let codecProviders: [any AudioCodecProvider]
    /// `nil` when no call can be encrypted.
    private let protection: (any MediaProtectionProvider)?

    var client: DriverClientID?
    var ports: PortAllocator
    var generator: SeededGenerator
    var legs: [MediaLeg?] = []
    var freeSlots: [Int] = []
    var slotsByID: [CallID: Int] = [:]
    /// In the order in which they were opened.
    var rooms: [RoomMix] = []
    /// Until the dialer ends.
    var takesRooms = true
    /// Legs of this loop in rooms of any loop.
    var legsInRooms = 0
    /// Legs and rooms that tick.
    var flowing = 0

    var grid = TickGrid(origin: MonotonicInstant(nanoseconds: 0))
    @exclusivity(unchecked) var lateness = LatenessHistogram()
    private var tickLateness = LatenessHistogram()
    // Handed to legs and driver, which do not call back.
    @exclusivity(unchecked) var buffer = OwnedBytes(capacity: 2_048)
    @exclusivity(unchecked) var packet = OwnedBytes(capacity: 2_048)
    /// By ``MediaLeg/buffersIndex``.
    @exclusivity(unchecked) var frames = FrameBuffers.rates.map { FrameBuffers(rateHertz: $0) }
    @exclusivity(unchecked) var heard: [CallEvent.Kind] = []
    let wakes = AgentWakes()

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
        codecProviders = configuration.codecProviders
        protection = configuration.mediaSecurity
        self.ports = PortAllocator(range: ports, quarantine: configuration.portQuarantine)
        generator = driver.makeGenerator(label: "media")
    }

    // MARK: Life

    func open() {
        if client == nil { client = driver.attach(self) }
        takesRooms = true
    }

    /// Lets go of the loop. Every leg must have been stopped.
    func close() {
        closeRooms()
        if let client { driver.detach(client) }
        client = nil
    }

    nonisolated func wake() { assumeIsolated { $0.step() } }

    private func step() {
        guard client != nil else { return }
        let now = driver.now
        while flowing > 0, let deadline = grid.popDue(at: now) {
            tickLateness.record(deadline.duration(to: driver.now))
            tick(at: deadline)
            wakes.resumeAll()
        }
        schedule()
    }

    func schedule() {
        guard let client else { return }
        driver.schedule(client, at: flowing > 0 ? grid.next : nil)
    }

    var statistics: (frames: LatenessHistogram, ticks: LatenessHistogram, skipped: Int, liveLegs: Int) {
        (lateness, tickLateness, grid.skipped, slotsByID.count)
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
            let reason = leg.refusal ?? "nothing that we speak"
            stop(job.id)
            throw CallError(.notAnswered, "the caller's session description: \(reason)")
        }
        startFlowing()
        return answer
    }

    private func makeLeg(_ job: CallJob, route: TrunkRoute) throws(CallError) -> MediaLeg {
        let (rtp, rtcp) = try bindPair(on: route.local)
        let isProtected = route.capabilities.security != .off && protection != nil
        let negotiator = AudioNegotiator(
            capabilities: route.capabilities,
            localRTP: route.advertisedMedia.with(port: rtp.localAddress.port),
            sessionID: generator.next() >> 2,
            keyring: isProtected ? makeKeyring() : nil)
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
                classifier: classifier(of: job), wakes: wakes)
            leg.codecProviders = codecProviders
            leg.protection = protection
            legs[slot] = leg
            slotsByID[job.id] = slot
        }
        leg.keys.mode = route.dtmf
        leg.watch.timeout = route.mediaTimeout
        return leg
    }

    private func classifier(of job: CallJob) -> (any AnswerClassifier)? {
        guard job.call.direction == .outbound, let makeClassifier else { return nil }
        let request = job.plan.request
        return request.answers.map { $0.makeClassifier() } ?? makeClassifier(request)
    }

    private func makeKeyring() -> SRTPKeyring {
        SRTPKeyring(secret: driver.makeSecret(byteCount: SRTPKeyring.byteCount))
    }

    private func renewKeys(of leg: MediaLeg) {
        if leg.negotiator.hasSpentKeys { leg.negotiator.keyring = makeKeyring() }
    }

    func closePorts(of leg: MediaLeg) {
        for bound in [leg.rtp, leg.rtcp] {
            driver.close(bound.id)
        }
        ports.release(leg.rtp.localAddress.port, at: driver.now)
    }

    /// Reads the far end's description and lets audio flow.
    func accept(_ id: CallID, answer: [UInt8]?, isFinal: Bool) {
        guard let leg = leg(id) else { return }
        let wasFlowing = leg.audio != nil
        if !wasFlowing { leg.notBefore = driver.now.advanced(by: .zero - Self.earliness) }
        do throws(MediaLeg.Refusal) {
            try leg.accept(answer: answer, isFinal: isFinal, generator: &generator, at: driver.now)
        } catch {
            let text = error.text
            leg.job.post { $0.mediaRefused(id, text: text, isFinal: isFinal) }
            return
        }
        if !wasFlowing { startFlowing() }
        renewKeys(of: leg)
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
        renewKeys(of: leg)
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
    func hold(_ id: CallID, _ isHeld: Bool) {
        guard let leg = leg(id) else { return }
        leg.holdRemote(isHeld)
        if !isHeld { leg.holdMusic = AudioPlayer() }
    }

    /// What the far end will hear while we hold it.
    func setHoldMusic(_ music: AudioPlayer, on id: CallID) { leg(id)?.holdMusic = music }

    /// Tells a hold of the far end, or its end.
    private func reportHold(of leg: MediaLeg) {
        if let change = leg.takeHoldChange() { report(change, of: leg.job, at: driver.now) }
    }

    func pauseRecording(_ pauses: Bool, of id: CallID) {
        guard let leg = leg(id), leg.recorder?.setPaused(pauses) == true else { return }
        report(pauses ? .recordingPaused : .recordingResumed, of: leg.job, at: driver.now)
    }

    func sendDigits(_ digits: String, on id: CallID) { leg(id)?.sendDigits(digits) }

    func hear(_ transcript: PartialTranscript, on id: CallID) {
        guard let leg = leg(id), let verdict = leg.hear(transcript) else { return }
        report(.classified(verdict), of: leg.job, at: driver.now)
    }

    func play(_ samples: [Int16], isRepeating: Bool, on id: CallID) {
        guard let leg = leg(id) else { return }
        leg.player = AudioPlayer(
            samples: samples, isRepeating: isRepeating, rateHertz: leg.job.call.audio.rateHertz)
    }

    /// Says goodbye, gives the ports back and reports the figures.
    func stop(_ id: CallID) {
        guard let slot = slotsByID[id], let leg = legs[slot] else { return }
        drainPorts(of: leg)
        let now = driver.now
        if let audio = leg.audio {
            // A key that was pressed right before the far end hung up has seen no deadline.
            leg.keys.takeEvents(from: audio, at: now, heard: &heard)
            if !heard.isEmpty { reportHeard(of: leg.job, at: now) }
            audio.makeGoodbye(at: now, wallClock: driver.wallClock, into: &packet)
            transmit(from: leg.controlSocket, to: audio.remoteRTCP, kind: .rtcp, call: id)
            flowing -= 1
        }
        leg.job.call.audio.close()
        leave(leg, .callEnded, at: now)
        for link in leg.taps + leg.feeds { link.close() }
        leg.recorder?.finish()
        closePorts(of: leg)
        slotsByID[id] = nil
        legs[slot] = nil
        freeSlots.append(slot)
        schedule()
        let figures = leg.figures
        leg.job.post { $0.mediaStopped(id, figures) }
    }

    /// The figures of a call that goes on; `nil` without media.
    func figures(of id: CallID) -> MediaStatistics? { leg(id)?.figures.statistics }

    func leg(_ id: CallID) -> MediaLeg? { slotsByID[id].flatMap { legs[$0] } }

    func stopFlowing() {
        flowing -= 1
        schedule()
    }

    func startFlowing() {
        if flowing == 0 {
            let first = driver.now
            if grid.next.nanoseconds == 0 { grid = TickGrid(origin: first) } else { grid.resume(at: first) }
        }
        flowing += 1
        schedule()
    }
}
