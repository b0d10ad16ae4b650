internal import RTPMedia
internal import SansIO

/// The media of one call: its ports, its RTP leg and who listens. Belongs to the media engine's loop.
final class MediaLeg {
    let job: CallJob
    /// Its ports; others when the call goes over another trunk before anything was negotiated.
    var rtp: BoundSocket
    var rtcp: BoundSocket
    var negotiator: AudioNegotiator
    /// `nil` until the far end's description is known.
    private(set) var audio: AudioLeg?
    private var codec = ""
    private var graph = MediaGraph.earlyMedia
    private var isFinal = false
    private var hearing: CalleeHearing
    var recorder: CallRecorder?
    var player = AudioPlayer()
    /// Inbound: the caller hears the agent before the answer (183).
    var isHeardEarly = false {
        didSet { graph = isHeardEarly ? .inboundEarlyMedia : .earlyMedia }
    }
    /// We hold the far end: it hears the player and nothing else.
    private var holdsRemote = false
    /// The far end takes nothing from us any more, as it did before.
    private var isHeldByRemote = false
    private var holdChange: CallEvent.Kind?
    /// Datagrams that came before the far end's description.
    var earlyDatagrams = 0

    init(
        job: CallJob, rtp: BoundSocket, rtcp: BoundSocket, negotiator: AudioNegotiator,
        classifier: (any AnswerClassifier)?
    ) {
        self.job = job
        self.rtp = rtp
        self.rtcp = rtcp
        self.negotiator = negotiator
        hearing = CalleeHearing(
            classifier: classifier,
            plans: TonePlan.plans(
                for: job.call.direction == .outbound ? job.plan.request.to : job.call.caller.number))
        recorder = job.recording.map { CallRecorder(track: $0) }
    }

    var id: CallID { job.id }

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
            return nil
        }
    }

    private func agree(
        on negotiated: NegotiatedAudio, generator: inout SeededGenerator, at now: MonotonicInstant
    ) throws(Refusal) {
        codec = negotiated.codec.rawValue
        do {
            if let audio {
                noteHold(negotiated)
                try audio.renegotiate(negotiated)
            } else {
                sends = negotiated.direction.sends
                let configuration = AudioLeg.Configuration(
                    negotiated: negotiated, rateHertz: job.call.audio.rateHertz,
                    canonicalName: generator.token(digits: 24))
                audio = try AudioLeg(configuration: configuration, generator: &generator, at: now)
            }
        } catch {
            throw Refusal(text: "no audio leg: \(error)")
        }
    }

    /// Whether the far end has ever taken audio from us: one that never did is not on hold.
    private var sends = false

    private func noteHold(_ negotiated: NegotiatedAudio) {
        let isHeld = sends && !negotiated.direction.sends
        sends = sends || negotiated.direction.sends
        guard isHeld != isHeldByRemote, isFinal else { return }
        isHeldByRemote = isHeld
        holdChange = isHeld ? .heldByRemote : .resumedByRemote
    }

    func takeHoldChange() -> CallEvent.Kind? { holdChange.take() }

    func holdRemote(_ isHeld: Bool) {
        holdsRemote = isHeld
        negotiator.offeredDirection = isHeld ? .sendonly : .sendrecv
    }

    /// What goes where while somebody holds.
    private var routes: MediaGraph {
        guard holdsRemote || isHeldByRemote else { return graph }
        var routes = graph
        if holdsRemote {
            routes.toCallee.remove(.agent)
            routes.toAgent = []
        }
        if isHeldByRemote { routes.toCallee = [] }
        return routes
    }

    /// Moves one frame each way at a 20 ms deadline.
    ///
    /// - Parameter heard: Receives what happened in it, as a rule nothing.
    /// - Returns: Whether `packet` is to be sent.
    func tick(
        at now: MonotonicInstant, frames: inout FrameBuffers, into packet: inout OwnedBytes,
        heard: inout [CallEvent.Kind]
    ) -> Bool {
        guard let audio else { return false }
        receiveFrame(from: audio, narrow: &frames.narrowIn, wide: &frames.wideIn, at: now, heard: &heard)
        let sends = sendFrame(
            to: audio, wide: &frames.wideOut, narrow: &frames.narrowOut, at: now, into: &packet, heard: &heard
        )
        if !graph.toRecorder.isEmpty {
            recorder?.append(agent: frames.narrowOut.span, callee: frames.narrowIn.span)
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
        if routes.toAgent.contains(.callee) { job.call.audio.deliver(wideFrame.span) }
        hearing.listen(to: narrowFrame.span, heard: &heard)
        while let digit = audio.takeDigit() { heard.append(.digit(digit)) }
    }

    private func sendFrame(
        to audio: AudioLeg, wide: inout [Int16], narrow: inout [Int16], at now: MonotonicInstant,
        into packet: inout OwnedBytes, heard: inout [CallEvent.Kind]
    ) -> Bool {
        var wideFrame = wide.mutableSpan
        var narrowFrame = narrow.mutableSpan
        let call = job.call.audio
        // Speech waits for the end of the keys: what counts as sent has been sent.
        let routes = routes
        if routes.toCallee.contains(.agent), !audio.isSendingDigits {
            let taken = call.takeFrame(into: &wideFrame)
            if taken == 0, graph.toCallee.contains(.player) { player.fill(&wideFrame) }
        } else {
            // Before the answer silence opens the path through address translators.
            for index in 0..<wideFrame.count { wideFrame[index] = 0 }
            if routes.toCallee.contains(.player), holdsRemote { player.fill(&wideFrame) }
        }
        if graph.toCallee.contains(.agent) {
            for mark in call.takeReachedMarks() { heard.append(.mark(mark)) }
        }
        return audio.pushFrame(wideFrame.span, narrow: &narrowFrame, at: now, into: &packet)
    }

    var figures: MediaFigures {
        MediaFigures(
            statistics: audio.map { MediaStatistics($0.statistics, codec: codec, early: earlyDatagrams) },
            droppedInputSamples: job.call.audio.droppedInputSamples,
            isRecorded: recorder?.hasAudio == true)
    }
}

/// The frames of one tick, reused for every leg of one rate.
struct FrameBuffers {
    var narrowIn: [Int16]
    var wideIn: [Int16]
    var wideOut: [Int16]
    var narrowOut: [Int16]

    /// - Parameter rateHertz: Rate of the wide frames.
    init(rateHertz: Int) {
        narrowIn = [Int16](repeating: 0, count: 160)
        narrowOut = narrowIn
        wideIn = [Int16](repeating: 0, count: rateHertz / 50)
        wideOut = wideIn
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
        packetsRejected = leg.packetsRejected + early
    }
}
