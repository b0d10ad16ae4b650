/// What an adaptive buffer that stretches time can reach: a target to measure against, not a buffer.
///
/// It knows exact arrival times and plays at 15 % more or less speed at will, without any sound to do it on.
extension JitterTrace {
    /// - Parameter quantile: Share of packets whose delay it waits for.
    package func model(quantile: Double) -> JitterResult {
        var result = JitterResult()
        var delays: [Double] = []
        for phase in Self.phases {
            var run = ModelRun(count: count, quantile: quantile)
            run.play(self, from: packets[0].arrival + phase)
            let judged = max(count - 25, 0)
            result.concealed += 25 * Double(run.concealed) / Double(max(run.ticks, 1))
            result.stretched += 25 * Double(run.stretched) / Double(max(run.ticks, 1))
            let late = (0..<judged).count { run.arrived[$0] && !run.played[$0] }
            result.late += 25 * Double(late) / Double(count)
            result.longestGap = max(result.longestGap, run.longestGap)
            delays += run.delays
        }
        result.setDelays(delays)
        return result
    }
}

/// One phase of the model. Positions and delays are in milliseconds, the histogram's bins 5 ms wide.
private struct ModelRun {
    private static let bins = 400
    private static let window = 500
    private static let speed = 0.15
    private static let slack = 15.0

    let quantile: Double
    let forgetting: Double
    var arrived: [Bool]
    var played: [Bool]
    var delays: [Double] = []
    var ticks = 0
    var concealed = 0
    var stretched = 0
    var longestGap = 0
    private var gap = 0
    private var histogram = [Double](repeating: 0, count: bins)
    /// Bins beyond have never had anything.
    private var usedBins = 5
    private var recent: [Double] = []
    private var recentIndex = 0
    private var base = 0.0
    private var target = 20.0
    private var newest = -1
    /// Frames made up while waiting for a packet.
    private var waited = 0

    init(count: Int, quantile: Double) {
        self.quantile = quantile
        forgetting = 0.99 + (quantile - 0.95) * 0.15
        arrived = [Bool](repeating: false, count: count + 2)
        played = [Bool](repeating: false, count: count + 2)
        histogram[4] = 1
    }

    mutating func play(_ trace: JitterTrace, from start: Double) {
        var now = start
        var next = 0
        var position = Double(trace.packets[0].index) * 20
        while now < trace.end + trace.floor {
            while next < trace.packets.count, trace.packets[next].arrival <= now {
                learn(trace.packets[next])
                next += 1
            }
            ticks += 1
            position = tick(trace, at: now, position)
            now += 20
        }
    }

    private mutating func learn(_ packet: JitterTrace.Packet) {
        arrived[packet.index] = true
        newest = max(newest, packet.index)
        let delay = packet.arrival - Double(packet.index) * 20
        var forgotten = Double.infinity
        if recent.count < Self.window {
            recent.append(delay)
        } else {
            forgotten = recent[recentIndex]
            recent[recentIndex] = delay
        }
        recentIndex = (recentIndex + 1) % Self.window
        if recent.count == 1 || delay <= base {
            base = delay
        } else if forgotten <= base {
            base = recent.min() ?? delay
        }
        let place = min(Int((delay - base) / 5), Self.bins - 1)
        usedBins = max(usedBins, place + 1)
        target = Double(quantileBin(adding: place) + 1) * 5
    }

    /// - Parameter place: The bin of the newest delay.
    private mutating func quantileBin(adding place: Int) -> Int {
        let (used, forgetting, quantile) = (usedBins, forgetting, quantile)
        return histogram.withUnsafeMutableBufferPointer { histogram in
            var total = 0.0
            var index = 0
            while index < used {
                var weight = histogram[index] * forgetting
                if index == place { weight += 1 - forgetting }
                histogram[index] = weight
                total += weight
                index = index &+ 1
            }
            let wanted = quantile * total
            var sum = 0.0
            index = 0
            while index < used {
                sum += histogram[index]
                if sum >= wanted { return index }
                index = index &+ 1
            }
            return Self.bins - 1
        }
    }

    /// - Returns: The position after this tick.
    private mutating func tick(_ trace: JitterTrace, at now: Double, _ start: Double) -> Double {
        var position = start
        var index = Int((position / 20 + 1e-9).rounded(.down))
        var later: Int?
        if index < trace.count, !arrived[index], index < newest {
            later = (index + 1...newest).first { $0 < trace.count && arrived[$0] }
            if let later, waited > 0 {
                // What has been made up while waiting stands for what was lost.
                let covered = min(later - index, waited)
                position += Double(covered) * 20
                index += covered
            }
        }
        guard index <= newest, index < trace.count, arrived[index] else {
            concealed += 1
            gap += 20
            longestGap = max(longestGap, gap)
            if later != nil { return Double(index + 1) * 20 }
            waited += 1
            return position
        }
        waited = 0
        gap = 0
        note(index, trace, now)
        let delay = now - position - base
        var step = 20.0
        if abs(delay - target) > Self.slack {
            step *= delay > target ? 1 + Self.speed : 1 - Self.speed
            stretched += 1
        }
        // A quick step may finish one packet and swallow the next: that one is played, not lost.
        let end = Int(((position + step) / 20 + 1e-9).rounded(.down))
        if end > index + 1 {
            for swallowed in index + 1..<end where swallowed < trace.count && arrived[swallowed] {
                note(swallowed, trace, now)
            }
        }
        return position + step
    }

    private mutating func note(_ index: Int, _ trace: JitterTrace, _ now: Double) {
        guard !played[index] else { return }
        played[index] = true
        delays.append(now - trace.sendTime(index) - trace.floor)
    }
}
