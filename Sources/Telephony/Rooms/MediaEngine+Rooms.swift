internal import RTPMedia
internal import SansIO

/// Rooms that live on this loop, and legs of this loop in rooms of any loop.
extension MediaEngine {
    /// Rooms of one loop at most.
    private static let roomLimit = 2_000

    /// A call's far end that has left a room; its leg may be on another loop.
    struct Departed: Sendable {
        var call: CallID
        var media: MediaEngine
    }

    private func mix(_ room: Int) -> RoomMix? { rooms.first { $0.board.id == room } }

    // MARK: Rooms

    func open(_ room: Room) -> Result<Void, CallError> {
        guard client != nil, takesRooms else {
            return .failure(CallError(.notRunning, "Dialer.run() is not running"))
        }
        guard rooms.count < Self.roomLimit else {
            return .failure(CallError(.tooManyCalls, "the limit of rooms is reached"))
        }
        rooms.append(RoomMix(room.board))
        return .success(())
    }

    /// - Returns: Calls to be let go on other loops.
    func closeRoom(_ room: Int) -> [Departed] {
        guard let mix = mix(room) else { return [] }
        let now = driver.now
        var departed: [Departed] = []
        for case let seat? in mix.seats {
            if let gone = rise(seat, of: mix, .roomClosed, at: now) { departed.append(gone) }
        }
        mix.recorder?.finish()
        rooms.removeAll { $0 === mix }
        settle(mix)
        mix.board.note(.closed, at: now)
        return departed
    }

    /// The dialer ends: no rooms any more. Again: nothing.
    func closeRooms() {
        takesRooms = false
        for mix in rooms { _ = closeRoom(mix.board.id) }
    }

    /// Ticks while somebody is there; closes a room that its last call has left.
    func settle(_ mix: RoomMix) {
        if mix.isFlowing != (mix.count > 0) {
            mix.isFlowing.toggle()
            if mix.isFlowing { startFlowing() } else { stopFlowing() }
        }
        if mix.isAbandoned, !mix.board.isClosed { _ = closeRoom(mix.board.id) }
    }

    // MARK: Recording

    /// - Parameter makeTrack: Makes a track and lets its writer run.
    func record(
        _ room: Int, _ settings: RecordingSettings,
        makeTrack: @escaping @Sendable (_ suffix: String) -> RecordingTrack
    ) -> Result<Void, CallError> {
        guard let mix = mix(room) else { return .failure(Self.isClosed) }
        guard mix.recorder == nil else {
            return .failure(CallError(.invalidRequest, "the room is recorded already"))
        }
        let recorder = RoomRecorder(settings, rateHertz: mix.board.rateHertz, makeTrack: makeTrack)
        for case let seat? in mix.seats { recorder.sit(seat.slot, name: seat.name) }
        mix.recorder = recorder
        return .success(())
    }

    func pauseRecording(_ pauses: Bool, ofRoom room: Int) {
        guard let mix = mix(room), mix.recorder?.setPaused(pauses) == true else { return }
        mix.board.note(pauses ? .recordingPaused : .recordingResumed, at: driver.now)
    }

    // MARK: Seats

    /// Somebody who belongs to no call.
    func sit(
        _ name: String, _ participation: RoomParticipation, at endpoint: RoomSeat.Endpoint, in room: Room,
        player: AudioPlayer = AudioPlayer()
    ) -> Result<Void, CallError> {
        guard let mix = mix(room.id) else { return .failure(Self.isClosed) }
        return Result { () throws(CallError) in
            let seat = try mix.sit(name, as: participation, at: endpoint, now: driver.now)
            seat.player = player
            settle(mix)
        }
    }

    /// A call whose leg is on this loop, in a room of this loop.
    func enter(
        _ id: CallID, _ room: Room, as name: String, _ participation: RoomParticipation
    ) -> Result<Void, CallError> {
        Result { () throws(CallError) in
            let leg = try freeLeg(id)
            guard let mix = mix(room.id) else { throw Self.isClosed }
            let rate = leg.job.call.audio.rateHertz
            let seat = try sit(leg.job, name, participation, at: .leg, of: mix)
            do throws(CallError) {
                attach(leg, try RoomAttachment(.local(mix, seat), room: room.board, rateHertz: rate))
            } catch {
                mix.rise(seat, .left, at: driver.now)
                throw error
            }
            settle(mix)
        }
    }

    /// The half of a call's joining that its own loop does, for a room on another one.
    func attach(_ id: CallID, to room: Room, _ link: RoomLink) -> Result<Void, CallError> {
        Result { () throws(CallError) in
            let leg = try freeLeg(id)
            let rate = leg.job.call.audio.rateHertz
            attach(leg, try RoomAttachment(.link(link), room: room.board, rateHertz: rate))
        }
    }

    /// The other half, on the room's loop.
    func sit(
        _ job: CallJob, in room: Room, as name: String, _ participation: RoomParticipation, _ link: RoomLink
    ) -> Result<Void, CallError> {
        guard let mix = mix(room.id) else { return .failure(Self.isClosed) }
        guard link.closedBy == nil else { return .failure(CallError(.ended, "the call is over")) }
        return Result { () throws(CallError) in
            _ = try sit(job, name, participation, at: .link(link), of: mix)
            settle(mix)
        }
    }

    private func sit(
        _ job: CallJob, _ name: String, _ participation: RoomParticipation, at endpoint: RoomSeat.Endpoint,
        of mix: RoomMix
    ) throws(CallError) -> RoomSeat {
        let now = driver.now
        let seat = try mix.sit(name, as: participation, at: endpoint, call: job.id, now: now)
        guard participation.agent != .detached else { return seat }
        do throws(CallError) {
            _ = try mix.sit(
                name + ".agent", as: RoomParticipation(agent: participation.agent),
                at: .agent(job.call.audio), call: job.id, isAgent: true, now: now)
        } catch {
            mix.rise(seat, .left, at: now)
            throw error
        }
        return seat
    }

    private func freeLeg(_ id: CallID) throws(CallError) -> MediaLeg {
        guard let leg = leg(id) else { throw CallError(.ended, "the call is over") }
        guard leg.isAnswered else { throw CallError(.notAnswered, "the call is not answered") }
        if let room = leg.room, room.isOver { detach(leg, from: room.room, at: driver.now) }
        guard leg.room == nil else { throw CallError(.invalidRequest, "the call is in a room already") }
        return leg
    }

    func update(
        _ name: String, in room: Int, _ change: (inout RoomParticipation) -> Void
    ) -> Result<Void, CallError> {
        guard let mix = mix(room), let seat = mix.seat(named: name) else {
            return .failure(CallError(.invalidRequest, "nobody in the room has this name"))
        }
        var wanted = seat.participation
        change(&wanted)
        if wanted.agent != seat.participation.agent {
            guard let call = seat.call, !seat.isAgent,
                let agent = mix.seats(of: call).first(where: \.isAgent), wanted.agent != .detached
            else {
                return .failure(
                    CallError(.invalidRequest, "an agent cannot be detached or attached within a room"))
            }
            var other = agent.participation
            other.agent = wanted.agent
            mix.update(agent, to: other)
        }
        mix.update(seat, to: wanted)
        return .success(())
    }

    /// - Returns: A call to be let go on another loop.
    func leave(_ room: Int, _ name: String) -> Departed? {
        guard let mix = mix(room), let seat = mix.seat(named: name) else { return nil }
        defer { settle(mix) }
        return rise(seat, of: mix, .left, at: driver.now)
    }

    private func rise(
        _ seat: RoomSeat, of mix: RoomMix, _ why: RoomEvent.Departure, at now: MonotonicInstant
    ) -> Departed? {
        mix.rise(seat, why, at: now)
        guard let call = seat.call, !seat.isAgent else { return nil }
        switch seat.endpoint {
        case .leg:
            if let leg = leg(call) { detach(leg, from: mix.board, at: now) }
            return nil
        case .link(let link): return Departed(call: call, media: link.media)
        case .agent, .player: return nil
        }
    }

    // MARK: Legs

    private func attach(_ leg: MediaLeg, _ attachment: RoomAttachment) {
        leg.room = attachment
        legsInRooms += 1
        report(.joinedRoom(attachment.room.name), of: leg.job, at: driver.now)
    }

    /// The leg is its agent's again.
    func detach(_ leg: MediaLeg, from room: RoomBoard, at now: MonotonicInstant) {
        guard leg.room?.room === room else { return }
        leg.room = nil
        legsInRooms -= 1
        report(.leftRoom(room.name), of: leg.job, at: now)
    }

    /// The room on another loop has let the call go.
    func letGo(_ id: CallID, of room: Room) {
        guard let leg = leg(id), leg.room?.isOver == true else { return }
        detach(leg, from: room.board, at: driver.now)
    }

    /// The call ends.
    func leave(_ leg: MediaLeg, _ why: RoomEvent.Departure, at now: MonotonicInstant) {
        guard let attachment = leg.room else { return }
        attachment.leave(why, at: now)
        detach(leg, from: attachment.room, at: now)
        if case .local(let mix, _) = attachment.path { settle(mix) }
    }

    private static var isClosed: CallError { CallError(.ended, "the room is closed") }
}
