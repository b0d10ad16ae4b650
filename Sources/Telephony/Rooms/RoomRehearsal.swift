internal import RTPMedia
internal import SansIO

/// A room of legs without calls: what the benchmark measures a tick of, just as ``MediaEngine`` ticks.
package final class RoomRehearsal {
    private let mix: RoomMix
    private let legs: [RoomAttachment]
    private let wakes = AgentWakes()
    private var now = MonotonicInstant(nanoseconds: 0)

    /// - Parameters:
    ///   - rateHertz: The room's.
    ///   - legRateHertz: Of the legs' frames.
    ///   - participation: Of all of them.
    package init(
        legs count: Int, rateHertz: Int, legRateHertz: Int,
        participation: RoomParticipation = RoomParticipation()
    ) throws {
        let board = RoomBoard(name: "rehearsal", rateHertz: rateHertz, id: 1)
        let mix = RoomMix(board)
        let start = now
        self.mix = mix
        legs = try (0..<count).map { index in
            let seat = try mix.sit("\(index)", as: participation, at: .leg, now: start)
            return try RoomAttachment(.local(mix, seat), room: board, rateHertz: legRateHertz)
        }
    }

    /// Every leg says `sound`, as long as its frame; the room mixes; every leg hears.
    package func tick(_ sound: [Int16]) {
        now = now.advanced(by: .milliseconds(20))
        for leg in legs {
            leg.say(sound)
            leg.put()
        }
        mix.tick(at: now, waking: wakes)
        for leg in legs { leg.take() }
    }

    /// What the leg hears in the last tick.
    package func heard(by leg: Int) -> [Int16] { legs[leg].frames.wideOut }
}

extension RoomAttachment {
    fileprivate func say(_ sound: [Int16]) {
        for index in 0..<min(sound.count, frames.wideIn.count) { frames.wideIn[index] = sound[index] }
    }
}
