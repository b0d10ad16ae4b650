internal import RTPMedia
internal import SansIO

/// A room on its loop: seats, the mixer, and one frame for every listener at each tick.
///
/// Within a tick legs of the same loop have put their frames before and take theirs afterwards, so that the room adds no delay.
final class RoomMix {
    /// Ticks for which another speaker has to be the loudest one.
    private static let speakerTicks = 15

    let board: RoomBoard
    private(set) var seats: [RoomSeat?] = []
    private(set) var count = 0
    /// Whether the engine ticks for it.
    var isFlowing = false
    private var hadCall = false
    private var mixer: ConferenceMixer
    private var narrow = [Int16](repeating: 0, count: 160)
    private var heard: [Int16]

    var recorder: RoomRecorder?

    private var activeSpeaker: Int?
    private var nextSpeaker: Int?
    private var nextSpeakerTicks = 0

    init(_ board: RoomBoard) {
        self.board = board
        let samples = board.rateHertz / 50
        mixer = ConferenceMixer(frameSamples: samples, slots: 4)
        heard = [Int16](repeating: 0, count: samples)
    }

    /// Calls were there, and the last one has left.
    var isAbandoned: Bool { hadCall && !seats.contains { $0?.call != nil } }

    func seat(named name: String) -> RoomSeat? { seats.lazy.compactMap { $0 }.first { $0.name == name } }

    /// Seats of one call: its far end's and its agent's.
    func seats(of call: CallID) -> [RoomSeat] { seats.compactMap { $0 }.filter { $0.call == call } }

    // MARK: Who is there

    /// - Throws: ``CallError/Code/invalidRequest`` when the name is taken or the room is full.
    func sit(
        _ name: String, as participation: RoomParticipation, at endpoint: RoomSeat.Endpoint,
        call: CallID? = nil, isAgent: Bool = false, now: MonotonicInstant
    ) throws(CallError) -> RoomSeat {
        guard seat(named: name) == nil else {
            throw CallError(.invalidRequest, "this name is taken in the room")
        }
        guard count < Room.maximumParticipants else {
            throw CallError(.invalidRequest, "the room is full: \(Room.maximumParticipants) participants")
        }
        let slot = seats.firstIndex { $0 == nil } ?? seats.count
        let seat = try RoomSeat(
            name: name, slot: slot, endpoint: endpoint, call: call, isAgent: isAgent,
            participation: participation, rateHertz: board.rateHertz)
        if slot == seats.count { seats.append(nil) }
        seats[slot] = seat
        count += 1
        if call != nil { hadCall = true }
        mixer.grow(to: max(4, seats.count))
        rewire()
        recorder?.sit(slot, name: name)
        board.note(.joined(name), at: now)
        return seat
    }

    func rise(_ seat: RoomSeat, _ why: RoomEvent.Departure, at now: MonotonicInstant) {
        guard seats[seat.slot] === seat else { return }
        seats[seat.slot] = nil
        count -= 1
        if case .link(let link) = seat.endpoint { link.close(why) }
        if case .agent(let audio) = seat.endpoint, seat.call == nil { audio.close() }
        recorder?.rise(seat.slot)
        if seat.activity.isVoice { board.note(.silent(seat.name), at: now) }
        if activeSpeaker == seat.slot { setActiveSpeaker(nil, at: now) }
        if nextSpeaker == seat.slot { nextSpeaker = nil }
        rewire()
        board.note(.left(seat.name, why), at: now)
        // The agent of a call goes with it.
        if let call = seat.call, !seat.isAgent {
            for other in seats(of: call) { rise(other, why, at: now) }
        }
    }

    func update(_ seat: RoomSeat, to participation: RoomParticipation) {
        seat.participation = participation
        seat.updateGain()
        rewire()
    }

    /// Who hears whom. Once for every change, so that a tick only adds.
    func rewire() {
        for seat in seats { if let seat { seat.reach = isHeardByAll(seat) ? .everyone : .named } }
        for listener in seats {
            guard let listener else { continue }
            listener.named = seats.compactMap { speaker in
                guard let speaker, speaker !== listener else { return nil }
                if listener.participation.isDeaf, !listener.isAgent {
                    // Its own agent alone.
                    return speaker.isAgent && speaker.call == listener.call ? speaker.slot : nil
                }
                return speaker.reach == .named && speaks(speaker, to: listener) ? speaker.slot : nil
            }
        }
    }

    private func isHeardByAll(_ seat: RoomSeat) -> Bool {
        guard !seat.isAgent else { return seat.participation.agent == .speaks && !seat.participation.isMuted }
        return !seat.participation.isMuted && seat.participation.audience == nil
    }

    /// Of a speaker whom not everybody hears.
    private func speaks(_ speaker: RoomSeat, to listener: RoomSeat) -> Bool {
        let isSameCall = speaker.call != nil && speaker.call == listener.call
        if speaker.isAgent { return isSameCall && speaker.participation.agent != .listens }
        // A far end's own agent hears it in any case.
        if isSameCall { return true }
        return !speaker.participation.isMuted
            && speaker.participation.audience?.contains(listener.name) == true
    }

    // MARK: Ticks

    /// Takes everybody's frame and makes those of the listeners that do not ask by themselves.
    ///
    /// - Parameter wakes: Who wakes the agents.
    func tick(at now: MonotonicInstant, waking wakes: AgentWakes) {
        mixer.begin()
        var loudest: (slot: Int, energy: Double)?
        for seat in seats {
            guard let seat else { continue }
            if let departure = seat.fetch(waking: wakes) {
                rise(seat, departure, at: now)
                continue
            }
            recorder?.hear(seat)
            switch seat.speak(into: &mixer, narrow: &narrow) {
            case .started: board.note(.speaking(seat.name), at: now)
            case .stopped: board.note(.silent(seat.name), at: now)
            case nil: break
            }
            if seat.activity.isVoice, seat.reach == .everyone, seat.activity.energy > loudest?.energy ?? 0 {
                loudest = (seat.slot, seat.activity.energy)
            }
        }
        follow(loudest?.slot, at: now)
        for seat in seats {
            guard let seat, seat.isServedByRoom else { continue }
            hear(seat, into: &heard)
            seat.deliver(heard, waking: wakes)
        }
        record()
    }

    private func record() {
        guard let recorder else { return }
        mixer.mix(for: nil, into: &heard)
        recorder.append(mix: heard)
    }

    /// The frame of one listener.
    func hear(_ listener: RoomSeat, into frame: inout [Int16]) {
        if listener.participation.isDeaf, !listener.isAgent {
            mixer.mix(only: listener.named, into: &frame)
        } else {
            mixer.mix(for: listener.slot, hearing: listener.named, into: &frame)
        }
    }

    private func follow(_ loudest: Int?, at now: MonotonicInstant) {
        guard loudest != activeSpeaker else {
            nextSpeaker = nil
            return
        }
        if loudest != nextSpeaker || nextSpeakerTicks == 0 {
            (nextSpeaker, nextSpeakerTicks) = (loudest, 1)
            // Whoever speaks first need not wait.
            if activeSpeaker != nil { return }
        }
        nextSpeakerTicks += 1
        guard activeSpeaker == nil || nextSpeakerTicks >= Self.speakerTicks else { return }
        setActiveSpeaker(loudest, at: now)
    }

    private func setActiveSpeaker(_ slot: Int?, at now: MonotonicInstant) {
        activeSpeaker = slot
        nextSpeaker = nil
        nextSpeakerTicks = 0
        board.note(.activeSpeaker(slot.flatMap { seats[$0]?.name }), at: now)
    }
}
