import Telephony

/// `media.room.*`: one tick of a whole room, every leg's frame in and out, without the legs' own work.
let roomSuite = Suite(name: "media.room") {
    try [
        (name: "3", legs: 3, legRate: 16_000), ("3.8k", 3, 8_000), ("100", 100, 16_000),
        ("100.8k", 100, 8_000),
    ].map { name, count, legRate in
        let room = try RoomRehearsal(legs: count, rateHertz: 16_000, legRateHertz: legRate)
        let sound = soundFrame(samples: legRate / 50)
        // Until nobody starts to speak any more: that is an event, which is kept.
        for _ in 0..<100 { room.tick(sound) }
        let figure = measure(
            "media.room.\(name)", note: "\(count) legs of \(legRate) Hz in and out of a room at 16,000 Hz"
        ) { room.tick(sound) }
        try BenchmarkFault.check(room.heard(by: 0).contains { $0 != 0 }, "nobody was heard")
        try BenchmarkFault.check(figure.allocations == 0, "\(figure.allocations) allocations in a tick")
        return figure
    }
}
