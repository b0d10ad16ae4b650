internal import RTPMedia
internal import SansIO

/// How two calls are bridged.
public struct BridgeOptions: Hashable, Sendable {
    /// What the agent of the call that is bridged hears and says meanwhile.
    public var agent: RoomAgentMode
    /// The same for the agent of the other call.
    public var otherAgent: RoomAgentMode
    /// Whether telephone keys that one far end presses are pressed for the other one.
    public var relaysKeys: Bool
    /// Whether a quiet side is brought to the level of a loud one (``RoomParticipation/controlsLevel``).
    public var controlsLevel: Bool

    public init(
        agent: RoomAgentMode = .detached, otherAgent: RoomAgentMode = .detached, relaysKeys: Bool = true,
        controlsLevel: Bool = false
    ) {
        self.agent = agent
        self.otherAgent = otherAgent
        self.relaysKeys = relaysKeys
        self.controlsLevel = controlsLevel
    }
}

extension Call {
    /// Connects the far ends of two answered calls: each hears the other. Returns when either has left, because its call is over,
    /// or when the task is cancelled; then a call that is left is its agent's again.
    ///
    /// Inbound and outbound calls alike, of any rates and media loops. Both agents are detached unless `options` say otherwise: what
    /// they say waits. A side that is on hold is silent for the other. Frames pass within the tick they come in, or from one
    /// media loop to another within 20 ms as a rule.
    ///
    /// - Throws: ``CallError/Code/notAnswered``, ``CallError/Code/ended`` when a call was over before, ``CallError/Code/invalidRequest``
    ///   when one is in a room or bridge already, or belongs to another dialer.
    public func bridge(with other: Call, _ options: BridgeOptions = BridgeOptions()) async throws {
        guard other !== self else { throw CallError(.invalidRequest, "a call cannot be bridged with itself") }
        let room = try await control.makeBridge(for: self)
        let start = now
        do {
            try await room.join(
                self, as: "\(id)",
                RoomParticipation(controlsLevel: options.controlsLevel, agent: options.agent))
            try await room.join(
                other, as: "\(other.id)",
                RoomParticipation(controlsLevel: options.controlsLevel, agent: options.otherAgent))
        } catch {
            await room.close()
            throw error
        }
        await withTaskGroup(of: BridgeTask.self) { group in
            group.addTask { await self.waitForEnd(of: room) }
            if options.relaysKeys {
                group.addTask { await self.relayKeys(to: other, since: start) }
                group.addTask { await other.relayKeys(to: self, since: start) }
            }
            // The bridge's end is told by the room alone: one call's events may end before.
            for await task in group where task == .roomWatch { break }
            group.cancelAll()
        }
        await room.close()
    }

    /// What runs while two calls are bridged.
    private enum BridgeTask { case roomWatch, keyRelay }

    /// Until a far end has left or the task is cancelled.
    private func waitForEnd(of room: Room) async -> BridgeTask {
        for await event in room.events {
            if case .left(let name, _) = event.kind, !name.hasSuffix(".agent") { break }
        }
        return .roomWatch
    }

    /// Until this call's events end or the task is cancelled.
    private func relayKeys(to other: Call, since start: MonotonicInstant) async -> BridgeTask {
        for await event in events where event.instant >= start {
            if case .digit(let key) = event.kind { try? other.sendDigits("\(key)") }
        }
        return .keyRelay
    }

    /// Lets the far end of another call hear this call's far end as well, one way, beside what it hears anyway: a monitor, an announcer.
    ///
    /// Both have to be answered; the agents go on as before. On hold from either side, nothing passes. Arrives within 20 ms as a rule.
    ///
    /// - Parameters:
    ///   - other: A call of the same dialer, with 16 such links at most, as this one.
    ///   - gainDecibels: -90...24.
    /// - Throws: ``CallError/Code/notAnswered``, ``CallError/Code/ended``, ``CallError/Code/invalidRequest``.
    @discardableResult
    public func send(to other: Call, gainDecibels: Double = 0) async throws -> MediaLink {
        guard other !== self else { throw CallError(.invalidRequest, "a call cannot be sent to itself") }
        let link = MediaLink(channel: AudioChannel(frameSamples: other.audio.frameSamples))
        try await control.link(self, to: other, link, gain: Mixer.gain(decibels: gainDecibels))
        return link
    }
}
