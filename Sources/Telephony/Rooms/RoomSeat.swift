internal import RTPMedia

/// One participant of a room, on the room's loop.
final class RoomSeat {
    /// Where its audio comes from and goes to.
    enum Endpoint {
        /// A leg on the room's own loop: it puts and takes by itself.
        case leg
        /// A leg on another loop.
        case link(RoomLink)
        /// An agent: the one of a call, or one that stands alone.
        case agent(CallAudio)
        case player
    }

    let name: String
    /// In the mixer.
    let slot: Int
    let endpoint: Endpoint
    /// The call whose far end or agent it is.
    let call: CallID?
    /// Whether it is the agent of ``call``.
    let isAgent: Bool
    var participation: RoomParticipation
    var player = AudioPlayer()

    /// What it says in this tick, at the room's rate; silence unless ``hasFrame``.
    private(set) var frame: [Int16]
    private(set) var hasFrame = false
    /// Whether everybody hears it, or those alone that name its slot in ``named``.
    var reach = ConferenceMixer.Reach.everyone
    /// Slots that it hears beside those heard by everybody; of a deaf one: all that it hears.
    var named: [Int] = []

    private(set) var activity = VoiceActivity()
    /// Brings a talker to the common level, where it is to.
    private var level = AutomaticLevelControl(.conference)
    /// In 1/4096.
    private var gain: Int32 = 4_096
    private let toRoom: RateConverter?
    private let fromRoom: RateConverter?
    /// At the agent's rate.
    private var agentFrame: [Int16] = []

    /// - Parameter rateHertz: The room's.
    init(
        name: String, slot: Int, endpoint: Endpoint, call: CallID?, isAgent: Bool,
        participation: RoomParticipation, rateHertz: Int
    ) throws(CallError) {
        self.name = name
        self.slot = slot
        self.endpoint = endpoint
        self.call = call
        self.isAgent = isAgent
        self.participation = participation
        frame = [Int16](repeating: 0, count: rateHertz / 50)
        if case .agent(let audio) = endpoint {
            toRoom = try RateConverter.make(from: audio.rateHertz, to: rateHertz)
            fromRoom = try RateConverter.make(from: rateHertz, to: audio.rateHertz)
            agentFrame = [Int16](repeating: 0, count: audio.frameSamples)
        } else {
            toRoom = nil
            fromRoom = nil
        }
        updateGain()
    }

    /// Whether it can speak at all, as a person or an agent does.
    var isSpeaker: Bool { if case .player = endpoint { false } else { true } }

    func updateGain() { gain = Mixer.gain(decibels: participation.gainDecibels) }

    // MARK: What it says

    /// The leg's frame of this tick, brought to the room's rate.
    func put(_ samples: [Int16], through converter: RateConverter?) {
        if let converter { converter.convert(samples, into: &frame) } else { frame.copy(samples) }
        hasFrame = true
    }

    /// Takes the frame of this tick from an endpoint that does not put by itself.
    ///
    /// - Parameter wakes: Who wakes the agents.
    /// - Returns: Why it is no longer there; `nil` as a rule.
    func fetch(waking wakes: AgentWakes) -> RoomEvent.Departure? {
        switch endpoint {
        case .leg: return nil
        case .link(let link):
            if let departure = link.closedBy { return departure }
            hasFrame = Self.take(from: link.toRoom, into: &frame)
            return nil
        case .agent(let audio):
            guard !isAgent || participation.agent != .listens else { return nil }
            fetch(from: audio, waking: wakes)
            return nil
        case .player:
            guard !player.isFinished else { return .finished }
            Self.play(&player, into: &frame)
            hasFrame = true
            return nil
        }
    }

    private func fetch(from audio: CallAudio, waking wakes: AgentWakes) {
        guard let toRoom else {
            hasFrame = Self.take(from: audio, into: &frame, waking: wakes)
            return
        }
        hasFrame = Self.take(from: audio, into: &agentFrame, waking: wakes)
        // The filter is fed with the silence too.
        toRoom.convert(agentFrame, into: &frame)
    }

    private static func take(from channel: AudioChannel, into frame: inout [Int16]) -> Bool {
        var span = frame.mutableSpan
        return channel.take(into: &span) == span.count
    }

    private static func take(
        from audio: CallAudio, into frame: inout [Int16], waking wakes: AgentWakes
    ) -> Bool {
        var span = frame.mutableSpan
        return audio.takeFrame(into: &span, waking: wakes) > 0
    }

    private static func play(_ player: inout AudioPlayer, into frame: inout [Int16]) {
        var span = frame.mutableSpan
        player.fill(&span)
    }

    /// Says the frame to the others, and listens whether it is voice.
    ///
    /// - Parameter narrow: Scratch, 160 samples.
    func speak(into mixer: inout ConferenceMixer, narrow: inout [Int16]) -> VoiceActivity.Event? {
        defer { hasFrame = false }
        let event = isSpeaker ? listen(narrow: &narrow) : nil
        guard hasFrame else { return event }
        if participation.controlsLevel, isSpeaker {
            Self.control(&frame, with: &level, isSpeech: activity.isLoud)
        }
        mixer.add(frame, as: slot, gain: gain, reach: reach)
        return event
    }

    private func listen(narrow: inout [Int16]) -> VoiceActivity.Event? {
        Self.narrow(hasFrame ? frame : [], into: &narrow)
        return Self.listen(to: narrow, with: &activity)
    }

    private static func listen(to narrow: [Int16], with activity: inout VoiceActivity) -> VoiceActivity.Event?
    {
        activity.process(narrow.span)
    }

    private static func control(
        _ frame: inout [Int16], with level: inout AutomaticLevelControl, isSpeech: Bool
    ) {
        var span = frame.mutableSpan
        level.process(&span, isSpeech: isSpeech)
    }

    /// 8 kHz by means of neighbours: enough to tell voice from silence.
    ///
    /// - Parameter frame: Empty: silence.
    private static func narrow(_ frame: [Int16], into narrow: inout [Int16]) {
        let frame = frame.span
        var narrow = narrow.mutableSpan
        let step = frame.count / narrow.count
        guard step > 0 else {
            for index in 0..<narrow.count { narrow[index] = 0 }
            return
        }
        for index in 0..<narrow.count {
            var sum: Int32 = 0
            for offset in 0..<step { sum &+= Int32(frame[index &* step &+ offset]) }
            narrow[index] = Int16(truncatingIfNeeded: sum / Int32(step))
        }
    }

    // MARK: What it hears

    /// Whether the room makes a frame for it, or its leg asks for one.
    var isServedByRoom: Bool {
        switch endpoint {
        case .link, .agent: true
        case .leg, .player: false
        }
    }

    /// Hands it what it hears.
    ///
    /// - Parameter wakes: Who wakes the agents.
    func deliver(_ heard: [Int16], waking wakes: AgentWakes) {
        switch endpoint {
        case .link(let link): link.fromRoom.put(heard.span)
        case .agent(let audio):
            if let fromRoom {
                fromRoom.convert(heard, into: &agentFrame)
                Self.deliver(agentFrame, to: audio, waking: wakes)
            } else {
                Self.deliver(heard, to: audio, waking: wakes)
            }
        case .leg, .player: break
        }
    }

    private static func deliver(_ frame: [Int16], to audio: CallAudio, waking wakes: AgentWakes) {
        audio.deliver(frame.span, waking: wakes)
    }
}

extension AutomaticLevelControl.Configuration {
    /// The level of a room: a little lower than that of a single call, since several add up.
    fileprivate static var conference: Self {
        var configuration = Self()
        configuration.target = .dBFS(-20)
        configuration.maximumGainDecibels = 18
        configuration.maximumCutDecibels = 12
        return configuration
    }
}

extension ConferenceMixer {
    mutating func add(_ frame: [Int16], as slot: Int, gain: Int32, reach: Reach) {
        add(frame.span, as: slot, gain: gain, reach: reach)
    }

    mutating func mix(for slot: Int?, hearing named: [Int] = [], into frame: inout [Int16]) {
        var span = frame.mutableSpan
        mix(for: slot, hearing: named, into: &span)
    }

    mutating func mix(only slots: [Int], into frame: inout [Int16]) {
        var span = frame.mutableSpan
        mix(only: slots, into: &span)
    }
}
