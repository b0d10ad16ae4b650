internal import RTPMedia
internal import SansIO

/// Rooms, bridges and links between calls.
extension DialerService {
    func makeRoom(_ name: String, rateHertz: Int) async throws(CallError) -> Room {
        let name = try Room.checked(name)
        return try await open(name, rateHertz: try Room.checked(rateHertz), on: nextMedia())
    }

    private func open(_ name: String, rateHertz: Int, on home: MediaEngine) async throws(CallError) -> Room {
        let board = RoomBoard(name: name, rateHertz: rateHertz, id: nextRoomID())
        let room = Room(board, home: home, service: self)
        try await home.ask { $0.open(room) }.get()
        return room
    }

    func makeBridge(for call: Call) async throws(CallError) -> Room {
        let job = try job(of: call)
        return try await open("bridge", rateHertz: call.audio.rateHertz, on: job.media)
    }

    func join(
        _ call: Call, _ room: Room, as name: String, _ participation: RoomParticipation
    ) async throws(CallError) {
        let name = try Room.checked(name)
        let job = try job(of: call)
        let id = job.id
        guard job.media !== room.home else {
            return try await room.home.ask { $0.enter(id, room, as: name, participation) }.get()
        }
        let link = RoomLink(frameSamples: room.rateHertz / 50, media: job.media)
        try await job.media.ask { $0.attach(id, to: room, link) }.get()
        let seated = await room.home.ask { $0.sit(job, in: room, as: name, participation, link) }
        guard case .failure(let error) = seated else { return }
        link.close(.left)
        await job.media.ask { $0.letGo(id, of: room) }
        throw error
    }

    func link(_ call: Call, to other: Call, _ link: MediaLink, gain: Int32) async throws(CallError) {
        let (speaker, listener) = (try job(of: call), try job(of: other))
        let (channel, rate) = (link.channel, other.audio.rateHertz)
        do throws(CallError) {
            try await listener.media.ask { $0.feed(listener.id, from: channel) }.get()
            try await speaker.media.ask {
                $0.tap(speaker.id, into: channel, rateHertz: rate, gain: gain)
            }.get()
        } catch {
            channel.close()
            throw error
        }
    }

    func pauseRecording(_ pauses: Bool, of id: CallID) async {
        await registry.job(id)?.media.ask { $0.pauseRecording(pauses, of: id) }
    }

    func record(_ room: Room, _ policy: RecordingPolicy) async throws(CallError) -> String {
        let encoders = configuration.recordingEncoders
        try policy.check(encoders)
        guard let settings = policy.settings else {
            throw CallError(.invalidRequest, "nothing is to be recorded")
        }
        let (names, wanted) = (roomRecordingNames, "room-" + CallID(room.name).fileName)
        let name = await names.reserve(wanted, settings, through: room.home.driver)
        let work = work
        try await room.home.ask { engine in
            engine.record(room.id, settings) { suffix in
                let track = RecordingTrack(settings, name: name + suffix, channels: 1, encoders: encoders)
                let report: @Sendable (String) -> Void = { [weak room] text in
                    guard let room else { return }
                    room.board.note(.recordingFailed(text), at: room.home.driver.now)
                }
                // At the dialer's end nobody writes any more.
                if !work.put(.record(track, report)) { track.finish() }
                return track
            }
        }.get()
        return settings.path(of: name)
    }

    func setHoldMusic(_ samples: [Int16], on call: Call) {
        guard let job = registry.job(call.id) else { return }
        let rate = call.audio.rateHertz
        let music = samples.isEmpty ? holdMusic(rateHertz: rate) : samples
        let player = AudioPlayer(samples: music, isRepeating: true, rateHertz: rate)
        job.media.post { $0.setHoldMusic(player, on: job.id) }
    }

    /// A running call of ours.
    private func job(of call: Call) throws(CallError) -> CallJob {
        guard call.control === self else {
            throw CallError(.invalidRequest, "the call belongs to another dialer")
        }
        guard let job = registry.job(call.id) else { throw CallError(.ended, "the call is over") }
        return job
    }
}
