import RTPMedia

/// `media.mixer.*`: one frame of a whole conference at 16 kHz, every party in and out.
let mixerSuite = Suite(name: "media.mixer") {
    try [3, 10, 100].flatMap { count in
        try [AudioLevel.dBFS(-30), .dBFS(-3)].map { level in
            var mixer = ConferenceMixer(frameSamples: 320, slots: count)
            let sound = soundFrame(samples: 320)
            let frames = (0..<count).map { party in
                sound.map { Int16(Double($0) / 10_000 * level.amplitude / Double(party % 7 + 1)) }
            }
            var heard = [Int16](repeating: 0, count: 320)
            let isLoud = level > .dBFS(-10)
            let figure = measure(
                "media.mixer.\(count)\(isLoud ? ".loud" : "")",
                note: "\(count) parties in and out, 320 samples\(isLoud ? ", limited" : "")"
            ) {
                mixer.begin()
                for slot in 0..<count {
                    let frame = frames[slot]
                    mixer.add(frame.span, as: slot)
                }
                for slot in 0..<count {
                    var span = heard.mutableSpan
                    mixer.mix(for: slot, into: &span)
                }
            }
            try BenchmarkFault.check(heard.contains { $0 != 0 }, "nobody was heard")
            return try figure.mustNotAllocate()
        }
    }
}
