/// A conference: calls, agents, sounds and recordings that hear one another.
///
/// ```swift
/// let room = try await dialer.makeRoom("sales-42")
/// try await room.join(customer, as: "customer")
/// try await room.join(colleague, as: "colleague")
/// try await room.join(supervisor, as: "supervisor", .monitor)
/// for await event in room.events { … }
/// ```
///
/// Each participant hears all the others, as their ``RoomParticipation`` says, mixed at ``rateHertz`` whatever their own rates are.
/// The room lives on one media loop: between legs of that loop it adds no delay, to and from legs of others
/// (``DialerConfiguration/mediaLoops``) less than 20 ms as a rule, 40 ms after a late tick. What drifts between the far ends' clocks is taken up by each
/// leg's jitter buffer.
///
/// A far end that is on hold, from either side, neither hears the room nor is heard there; while we hold it, it hears its hold music. A call that
/// ends leaves by itself. A room ends with ``close()``, when the last call has left it, or with the dialer.
public final class Room: Sendable {
    /// Participants at most; agents that speak, listen or whisper count as one each.
    public static let maximumParticipants = 128

    let board: RoomBoard
    let home: MediaEngine
    let service: DialerService

    init(_ board: RoomBoard, home: MediaEngine, service: DialerService) {
        self.board = board
        self.home = home
        self.service = service
    }

    public var name: String { board.name }
    /// Samples per second at which it mixes: 8,000, 16,000, 24,000 or 48,000.
    public var rateHertz: Int { board.rateHertz }
    /// Every event from the start. Each loop has its own place.
    public var events: RoomEvents { RoomEvents(log: board.log) }
    /// Names, in the order of joining; a call's agent that takes part stands behind its call.
    public var participants: [String] { board.participants }
    public var isClosed: Bool { board.isClosed }

    var id: Int { board.id }

    // MARK: Joining

    /// Brings an answered call in. From the next tick its far end hears the room and is heard; its agent does what
    /// ``RoomParticipation/agent`` says. One room at a time.
    ///
    /// - Parameter name: 1...64 characters, not taken in this room.
    /// - Throws: ``CallError/Code/notAnswered``, ``CallError/Code/ended`` when the call or the room is over,
    ///   ``CallError/Code/invalidRequest`` when the name is not usable, the room is full, or the call is in a room or belongs to another dialer.
    public func join(
        _ call: Call, as name: String, _ participation: RoomParticipation = RoomParticipation()
    ) async throws { try await service.join(call, self, as: name, participation) }

    /// Brings in an agent that belongs to no call: it reads what it hears and writes what it says.
    ///
    /// - Parameter rateHertz: 8,000, 16,000, 24,000 or 48,000; `nil`: the room's.
    /// - Returns: Its side of the audio; over when it leaves.
    /// - Throws: ``CallError/Code/ended``, ``CallError/Code/invalidRequest`` as ``join(_:as:_:)``, or for the rate.
    public func join(
        agentNamed name: String, rateHertz: Int? = nil,
        _ participation: RoomParticipation = RoomParticipation()
    ) async throws -> CallAudio {
        let audio = CallAudio(rateHertz: try Self.checked(rateHertz ?? self.rateHertz))
        let name = try Self.checked(name)
        try await home.ask { engine in
            engine.sit(name, participation, at: .agent(audio), in: self)
        }.get()
        return audio
    }

    /// Plays a sound to the room: music until somebody comes, an announcement. It leaves when it is over.
    ///
    /// - Throws: As ``join(agentNamed:rateHertz:_:)``.
    public func play(
        _ clip: AudioClip, as name: String, _ mode: PlayMode = .once,
        _ participation: RoomParticipation = RoomParticipation()
    ) async throws {
        let samples = try clip.samples(rateHertz: rateHertz)
        let name = try Self.checked(name)
        let rate = rateHertz
        try await home.ask { engine in
            engine.sit(
                name, participation, at: .player, in: self,
                player: AudioPlayer(samples: samples, isRepeating: mode == .repeated, rateHertz: rate))
        }.get()
    }

    /// Takes a participant out: a call goes on with its agent. Does nothing for a name that is not there.
    public func leave(_ name: String) async {
        let departure = await home.ask { $0.leave(self.id, name) }
        // A leg on another loop is free again once that loop knows.
        if let departure { await departure.media.ask { $0.letGo(departure.call, of: self) } }
    }

    // MARK: How they take part

    /// Changes how somebody takes part, from the next tick on. Whether its agent takes part cannot change while it is in the room
    /// between ``RoomAgentMode/detached`` and the others.
    ///
    /// - Throws: ``CallError/Code/invalidRequest`` when nobody has this name, or for such a change.
    public func update(
        _ name: String, _ change: @escaping @Sendable (inout RoomParticipation) -> Void
    ) async throws {
        try await home.ask { $0.update(name, in: self.id, change) }.get()
    }

    /// - Throws: As ``update(_:_:)``.
    public func mute(_ name: String) async throws { try await update(name) { $0.isMuted = true } }
    /// - Throws: As ``update(_:_:)``.
    public func unmute(_ name: String) async throws { try await update(name) { $0.isMuted = false } }
    /// - Throws: As ``update(_:_:)``.
    public func deafen(_ name: String) async throws { try await update(name) { $0.isDeaf = true } }
    /// - Throws: As ``update(_:_:)``.
    public func undeafen(_ name: String) async throws { try await update(name) { $0.isDeaf = false } }
    /// - Parameter decibels: -90...24.
    /// - Throws: As ``update(_:_:)``.
    public func setGain(_ decibels: Double, of name: String) async throws {
        try await update(name) { $0.gainDecibels = decibels }
    }

    // MARK: Recording

    /// Records from here on: everybody in one file, named after the room, and with ``RecordingSettings/Layout/separate`` each participant in
    /// one of its own. Written as calls' recordings are, until the room is closed.
    ///
    /// In everybody's file is who is heard by all: what is whispered stands in the whisperer's own file alone, and a muted one is silent
    /// in its own. Calls' own recordings (``CallRequest/recording``) have what their two sides hear, and pauses of their own
    /// (``Call/pauseRecording()``).
    ///
    /// - Returns: Path of the file with everybody. It is made with the first audio. Where a file of the name is there already, it gets a number.
    /// - Throws: ``CallError/Code/invalidRequest`` when the room is recorded already, for ``RecordingPolicy/off`` and for a format without
    ///   encoder; ``CallError/Code/ended``.
    @discardableResult
    public func record(_ policy: RecordingPolicy) async throws -> String {
        try await service.record(self, policy)
    }

    /// Silences the room's recording from here on; its time goes on. Returns once the recorder has stopped listening.
    public func pauseRecording() async { await home.ask { $0.pauseRecording(true, ofRoom: self.id) } }

    /// Ends ``pauseRecording()``.
    public func resumeRecording() async { await home.ask { $0.pauseRecording(false, ofRoom: self.id) } }

    // MARK: The end

    /// Lets everybody go: calls go on with their agents, other agents' audio ends. Again: nothing.
    public func close() async {
        for departure in await home.ask({ $0.closeRoom(self.id) }) {
            await departure.media.ask { $0.letGo(departure.call, of: self) }
        }
    }

    // MARK: Checks

    static func checked(_ name: String) throws(CallError) -> String {
        guard (1...64).contains(name.count), name.utf8.count <= 256 else {
            throw CallError(.invalidRequest, "a participant's name has 1 to 64 characters")
        }
        return name
    }

    static func checked(_ rateHertz: Int) throws(CallError) -> Int {
        guard [8_000, 16_000, 24_000, 48_000].contains(rateHertz) else {
            throw CallError(.invalidRequest, "the rate is 8,000, 16,000, 24,000 or 48,000 Hz")
        }
        return rateHertz
    }
}
