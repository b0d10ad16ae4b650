internal import RTPMedia
internal import SansIO

/// The media of one call: its ports, its RTP leg and who listens. Belongs to the media engine's loop.
final class MediaLeg {
    // What each deadline touches comes first and lies together: of thousands of legs little of one is still in the cache when
    // its turn comes. It calls nothing back, so that nothing of it can be in use twice.

    /// `nil` until the far end's description is known.
    private(set) var audio: AudioLeg?
    /// Its place in a room, where agent and far end do not simply hear each other.
    var room: RoomAttachment?
    /// The agent's side.
    private let agent: CallAudio
    private let wakes: AgentWakes
    /// Which of the engine's ``FrameBuffers`` are of its rate.
    let buffersIndex: Int
    let id: CallID
    /// Its ports; others when the call goes over another trunk before anything was negotiated.
    var rtp: BoundSocket
    var rtcp: BoundSocket
    @exclusivity(unchecked) var watch = MediaWatch()
    /// What arrived earlier is not heard.
    var notBefore = MonotonicInstant(nanoseconds: 0)
    private var graph = MediaGraph.earlyMedia
    private var isFinal = false
    /// We hold the far end: it hears the player and nothing else.
    private var holdsRemote = false
    /// The far end takes nothing from us any more, as it did before.
    private var isHeldByRemote = false
    private var isWideband = false
    /// Where a copy of what the far end says goes, and whence more comes for it to hear.
    var taps: [MediaLinkEnd] = []
    var feeds: [MediaLinkEnd] = []
    @exclusivity(unchecked) var recorder: CallRecorder?
    @exclusivity(unchecked) private var processing: HeardProcessing?
    @exclusivity(unchecked) var player = AudioPlayer()
    /// Heard by the far end while we hold it, in place of ``player``.
    @exclusivity(unchecked) var holdMusic = AudioPlayer()
    @exclusivity(unchecked) var keys: MediaKeys
    @exclusivity(unchecked) private var hearing: CalleeHearing

    // What is needed now and then.

    let job: CallJob
    var negotiator: AudioNegotiator
    /// Where codecs come from that are not built in.
    var codecProviders: [any AudioCodecProvider] = []
    /// Encrypts its audio, where that is agreed on.
    var protection: (any MediaProtectionProvider)?
    /// Why the last offer could not be answered.
    private(set) var refusal: String?
    private var codec = ""
    /// Inbound: the caller hears the agent before the answer (183).
    var isHeardEarly = false {
        didSet { graph = isHeardEarly ? .inboundEarlyMedia : .earlyMedia }
    }
    /// Whether the far end has ever taken audio from us: one that never did is not on hold.
    private var hasSent = false
    private var holdChange: CallEvent.Kind?
    /// Whether what was agreed on lets the far end send.
    private var receives = false
    /// Datagrams that came before the far end's description.
    var earlyDatagrams = 0

    init(
        job: CallJob, rtp: BoundSocket, rtcp: BoundSocket, negotiator: AudioNegotiator,
        classifier: (any AnswerClassifier)?, wakes: AgentWakes
    ) {
        self.job = job
        id = job.id
        agent = job.call.audio
        buffersIndex = FrameBuffers.index(rateHertz: agent.rateHertz)
        self.wakes = wakes
        self.rtp = rtp
        self.rtcp = rtcp
        self.negotiator = negotiator
        hearing = CalleeHearing(
            classifier: classifier,
            plans: TonePlan.plans(
                for: job.call.direction == .outbound ? job.plan.request.to : job.call.caller.number))
        processing = HeardProcessing.make(
            job.plan.audioProcessing, rateHertz: job.call.audio.rateHertz)
        keys = MediaKeys(rateHertz: job.call.audio.rateHertz)
        recorder = job.recording.map { CallRecorder($0) }
    }

    /// Where RTCP leaves from.
    var controlSocket: BoundSocket { audio?.isMultiplexed == true ? rtp : rtcp }

    private func updateWatch() {
        watch.isExpectingMedia = isFinal && receives && !holdsRemote && !isHeldByRemote
    }

    /// Why a leg cannot be had, in words for the outcome.
    struct Refusal: Error { var text: String }

    /// Reads the answer to our offer and lets audio flow.
    ///
    /// - Parameter answer: `nil` when the early media's stays valid.
    func accept(
        answer: [UInt8]?, isFinal: Bool, generator: inout SeededGenerator, at now: MonotonicInstant
    ) throws(Refusal) {
        if let answer {
            do {
                try agree(on: try negotiator.accept(answer: answer), generator: &generator, at: now)
            } catch let refusal as Refusal {
                throw refusal
            } catch {
                throw Refusal(text: "the answer's description: \(error)")
            }
        } else if audio == nil {
            throw Refusal(text: "the answer has no session description")
        }
        if isFinal, !self.isFinal {
            self.isFinal = true
            graph = .conversation
            hearing.callAnswered()
        }
        updateWatch()
    }

    /// Answers the offer of a re-INVITE.
    ///
    /// - Returns: Our answer; `nil` when it is not compatible.
    func answer(
        to offer: [UInt8], generator: inout SeededGenerator, at now: MonotonicInstant
    ) -> [UInt8]? {
        let before = negotiator
        do {
            let (answer, negotiated) = try negotiator.answer(to: offer)
            try agree(on: negotiated, generator: &generator, at: now)
            return answer
        } catch {
            negotiator = before
            refusal = (error as? Refusal)?.text ?? "\(error)"
            return nil
        }
    }

    private func agree(
        on negotiated: NegotiatedAudio, generator: inout SeededGenerator, at now: MonotonicInstant
    ) throws(Refusal) {
        codec = negotiated.codec.rawValue
        isWideband = negotiated.codec != .pcmu && negotiated.codec != .pcma
        do {
            if let audio {
                noteHold(negotiated)
                try audio.renegotiate(negotiated)
            } else {
                hasSent = negotiated.direction.sends
                var configuration = AudioLeg.Configuration(
                    negotiated: negotiated, rateHertz: job.call.audio.rateHertz,
                    canonicalName: generator.token(digits: 24))
                configuration.codecProviders = codecProviders
                configuration.protection = protection
                audio = try AudioLeg(configuration: configuration, generator: &generator, at: now)
            }
        } catch {
            throw Refusal(text: "no audio leg: \(error)")
        }
        receives = negotiated.direction.receives
        updateWatch()
    }

    private func noteHold(_ negotiated: NegotiatedAudio) {
        let isHeld = hasSent && !negotiated.direction.sends
        hasSent = hasSent || negotiated.direction.sends
        guard isHeld != isHeldByRemote, isFinal else { return }
        isHeldByRemote = isHeld
        holdChange = isHeld ? .heldByRemote : .resumedByRemote
    }

    func hear(_ transcript: PartialTranscript) -> AnswerVerdict? { hearing.hear(transcript) }

    func takeHoldChange() -> CallEvent.Kind? { holdChange.take() }

    func holdRemote(_ isHeld: Bool) {
        holdsRemote = isHeld
        updateWatch()
        negotiator.offeredDirection = isHeld ? .sendonly : .sendrecv
    }

    /// Whether the call has been answered, and so may be joined with others.
    var isAnswered: Bool { isFinal && audio != nil }

    /// Whether either side holds the other.
    var isOnHold: Bool { holdsRemote || isHeldByRemote }

    /// What goes where while somebody holds.
    private var routes: MediaGraph {
        guard isOnHold else { return graph }
        var routes = graph
        if holdsRemote {
            routes.toCallee.remove(.agent)
            routes.toAgent = []
        }
        if isHeldByRemote { routes.toCallee = [] }
        return routes
    }

    /// Takes the inbound frame of a 20 ms deadline. Once, before ``say(at:frames:into:heard:)`` with the same frames.
    ///
    /// - Parameter heard: Receives what happened in it, as a rule nothing.
    func listen(at now: MonotonicInstant, frames: inout FrameBuffers, heard: inout [CallEvent.Kind]) {
        guard let audio else { return }
        receiveFrame(from: audio, narrow: &frames.narrowIn, wide: &frames.wideIn, at: now, heard: &heard)
        for tap in taps { tap.put(frames.wideIn) }
    }

    /// Makes the outbound frame of the deadline, and records both.
    ///
    /// - Returns: Whether `packet` is to be sent.
    func say(
        at now: MonotonicInstant, frames: inout FrameBuffers, into packet: inout OwnedBytes,
        heard: inout [CallEvent.Kind]
    ) -> Bool {
        guard let audio else { return false }
        // In a room the frame is there already.
        let reached = room == nil || isOnHold ? fillFrame(for: audio, wide: &frames.wideOut) : nil
        if graph.toCallee.contains(.agent) {
            for mark in reached ?? agent.takeReachedMarks() { heard.append(.mark(mark)) }
        }
        if !isOnHold { for feed in feeds { feed.add(to: &frames.wideOut) } }
        finishFrame(&frames.wideOut)
        let sends = Self.send(frames.wideOut, to: audio, narrow: &frames.narrowOut, at: now, into: &packet)
        if !graph.toRecorder.isEmpty {
            recorder?.append(frames, isWideband: isWideband, sendsDigits: audio.isSendingDigits)
        }
        return sends
    }

    private func receiveFrame(
        from audio: AudioLeg, narrow: inout [Int16], wide: inout [Int16], at now: MonotonicInstant,
        heard: inout [CallEvent.Kind]
    ) {
        var narrowFrame = narrow.mutableSpan
        var wideFrame = wide.mutableSpan
        _ = audio.pullFrame(narrow: &narrowFrame, wide: &wideFrame, at: now)
        // Keys are looked for in the sound as it came.
        keys.listen(
            to: narrowFrame.span, from: audio, isAnswered: isFinal, at: now, heard: &heard)
        processing?.process(narrow: &narrowFrame, wide: &wideFrame)
        // In a room the agent hears what the room says that it hears.
        if room == nil, routes.toAgent.contains(.callee) {
            agent.deliver(wideFrame.span, waking: wakes)
        }
        hearing.listen(to: narrowFrame.span, heard: &heard)
    }

    /// What the far end hears of agent and player.
    ///
    /// - Returns: The agent's marks that have been reached; `nil` when it was not asked for any.
    private func fillFrame(for audio: AudioLeg, wide: inout [Int16]) -> [MarkEvent]? {
        var wideFrame = wide.mutableSpan
        // Speech waits for the end of the keys: what counts as sent has been sent.
        let routes = routes
        if routes.toCallee.contains(.agent), room == nil, !audio.isSendingDigits,
            !keys.isSending
        {
            let (taken, reached) = agent.takeFrameAndMarks(into: &wideFrame, waking: wakes)
            if taken == 0, graph.toCallee.contains(.player) { player.fill(&wideFrame) }
            return reached
        }
        // Before the answer silence opens the path through address translators.
        for index in 0..<wideFrame.count { wideFrame[index] = 0 }
        guard routes.toCallee.contains(.player), holdsRemote else { return nil }
        if holdMusic.isFinished { player.fill(&wideFrame) } else { holdMusic.fill(&wideFrame) }
        return nil
    }

    /// Puts keys in the place of the rest, and remembers what goes out for the echo that may come back.
    private func finishFrame(_ wide: inout [Int16]) {
        var wideFrame = wide.mutableSpan
        if !isHeldByRemote { keys.fill(&wideFrame) }
        processing?.noteSent(wideFrame.span)
    }

    private static func send(
        _ wide: [Int16], to audio: AudioLeg, narrow: inout [Int16], at now: MonotonicInstant,
        into packet: inout OwnedBytes
    ) -> Bool {
        var narrowFrame = narrow.mutableSpan
        return audio.pushFrame(wide.span, narrow: &narrowFrame, at: now, into: &packet)
    }

    /// Sends telephone keys in the way of the trunk.
    func sendDigits(_ digits: String) {
        guard let audio else { return }
        switch keys.carrier(in: audio) {
        case .events: _ = audio.sendDigits(digits)
        case .sound: _ = keys.send(digits)
        case .info:
            let id = id
            job.post { $0.sendInfoDigits(digits, of: id) }
        case nil: break
        }
    }

    var figures: MediaFigures {
        MediaFigures(
            statistics: audio.map { MediaStatistics($0.statistics, codec: codec, early: earlyDatagrams) },
            droppedInputSamples: agent.droppedInputSamples,
            recordings: recorder.flatMap { $0.hasAudio ? $0.paths : nil } ?? [],
            recordingPauses: recorder?.pauses ?? [])
    }
}

extension MediaStatistics {
    init(_ leg: AudioLegStatistics, codec: String, early: Int) {
        self.init()
        self.codec = codec
        packetsSent = leg.packetsSent
        packetsReceived = leg.packetsReceived
        octetsSent = leg.octetsSent
        octetsReceived = leg.octetsReceived
        packetsLost = leg.packetsLost
        framesConcealed = leg.framesConcealed
        framesPlayed = leg.framesPlayed
        jitterMilliseconds = leg.jitterMilliseconds
        remoteFractionLost = leg.remoteFractionLost
        roundTripMilliseconds = leg.roundTripMilliseconds
        var rejections = leg.rejections
        rejections.early += early
        packetsRejected = rejections.total
        self.rejections = rejections.total > 0 ? rejections : nil
        packetsDiscarded = leg.packetsDiscarded
        inboundQuality = leg.inboundQuality
        outboundQuality = leg.outboundQuality
        cryptoSuite = leg.cryptoSuite?.rawValue
    }
}
