private import Foundation
package import RTPMedia
internal import SansIO

/// What a jitter buffer made of a trace, averaged over four phases of the receiver's tick.
package struct JitterResult: Sendable {
    /// Shares of all ticks or packets, in percent.
    package var concealed = 0.0
    package var late = 0.0
    package var stretched = 0.0
    /// Milliseconds above the network's least delay.
    package var meanDelay = 0.0
    package var p95Delay = 0.0
    package var longestGap = 0
    /// Packets that were played twice or out of order, in all phases.
    package var misordered = 0

    package init() {}

    /// Fills in what is known of the delays of all packets played.
    package mutating func setDelays(_ delays: [Double]) {
        let sorted = delays.sorted()
        guard !sorted.isEmpty else { return }
        meanDelay = delays.reduce(0, +) / Double(delays.count)
        p95Delay = sorted[Int(Double(sorted.count) * 0.95)]
    }
}

extension JitterTrace {
    /// Phases of the receiver's tick after the first arrival, in milliseconds.
    package static let phases = [0.0, 5, 10, 15]

    /// Replays it: every 20 ms, what has arrived is put, then exactly one frame is played.
    ///
    /// Speech is stretched as a leg does it, on speech-like sound. Ticks before the buffer plays its first packet are
    /// not concealed, since nothing has been heard yet; an unmodified buffer that has no such state counts them.
    package func replay(_ make: () -> some JitterBuffer & ~Copyable) -> JitterResult {
        var result = JitterResult()
        var delays: [Double] = []
        delays.reserveCapacity(packets.count * Self.phases.count)
        for phase in Self.phases {
            var run = Run(trace: self, start: packets[0].arrival + phase)
            var buffer = make()
            run.play(&buffer)
            let packetsJudged = max(count - 25, 0)
            let arrived = packets.count { $0.index < packetsJudged }
            let played = run.seen[..<packetsJudged].count { $0 }
            result.concealed += 25 * Double(run.concealed) / Double(max(run.ticks, 1))
            result.stretched += 25 * Double(run.stretched) / Double(max(run.ticks, 1))
            result.late += 25 * Double(arrived - played) / Double(count)
            result.longestGap = max(result.longestGap, run.longestGap)
            result.misordered += run.misordered
            delays += run.delays
        }
        result.setDelays(delays)
        return result
    }

    /// One phase.
    private struct Run: ~Copyable {
        let trace: JitterTrace
        var now: Double
        var ticks = 0
        var concealed = 0
        var stretched = 0
        var gap = 0
        var longestGap = 0
        var misordered = 0
        var seen: [Bool]
        var delays: [Double] = []
        private var last = -1
        private var queue = SampleQueue(capacity: 4_096)
        private var scaler = TimeScaler()
        private var payload = OwnedBytes(capacity: 2_048)

        init(trace: JitterTrace, start: Double) {
            self.trace = trace
            now = start
            seen = [Bool](repeating: false, count: trace.count)
        }

        mutating func play(_ buffer: inout some JitterBuffer & ~Copyable) {
            var next = 0
            while now < trace.end + trace.floor {
                while next < trace.packets.count, trace.packets[next].arrival <= now {
                    put(trace.packets[next], into: &buffer)
                    next += 1
                }
                tick(&buffer)
                now += 20
            }
        }

        private func instant(_ milliseconds: Double) -> MonotonicInstant {
            MonotonicInstant(nanoseconds: Int64(milliseconds * 1_000_000))
        }

        private func put(_ packet: Packet, into buffer: inout some JitterBuffer & ~Copyable) {
            let content = [UInt32(packet.index)]
            buffer.put(
                content.span.bytes, tag: 0,
                sequence: SequenceNumber(UInt16(truncatingIfNeeded: packet.index)),
                timestamp: RTPTimestamp(UInt32(truncatingIfNeeded: packet.index * 160)), samples: 160,
                at: instant(packet.arrival))
        }

        private mutating func tick(_ buffer: inout some JitterBuffer & ~Copyable) {
            ticks += 1
            let adjustment = buffer.beginFrame(at: instant(now))
            var isComplete = fill(from: &buffer)
            if isComplete {
                let change = scaler.apply(adjustment, to: &queue)
                if change != 0 { stretched += 1 }
                if change < 0 { isComplete = fill(from: &buffer) }
            }
            buffer.finishFrame(remaining: max(queue.count - AudioFrame.narrowSamples, 0))
            if isComplete {
                gap = 0
            } else if last >= 0 {
                concealed += 1
                gap += 20
                longestGap = max(longestGap, gap)
            }
            var frame = [Int16](repeating: 0, count: AudioFrame.narrowSamples)
            var span = frame.mutableSpan
            queue.takeFirst(into: &span)
            scaler.remember(frame.span)
        }

        private mutating func fill(from buffer: inout some JitterBuffer & ~Copyable) -> Bool {
            var isComplete = true
            while queue.count < AudioFrame.narrowSamples {
                switch buffer.take(AudioFrame.narrowSamples - queue.count, into: &payload) {
                case .packet(_, let offset):
                    let index = payload.bytes.withUnsafeBytes { Int($0.loadUnaligned(as: UInt32.self)) }
                    note(index)
                    append(SpeechLike.samples(ofPacket: index, skipping: max(-offset, 0)))
                case .missing(let samples):
                    append([Int16](repeating: 0, count: min(samples, 1_024))[...])
                    isComplete = false
                case .empty:
                    append([Int16](repeating: 0, count: AudioFrame.narrowSamples - queue.count)[...])
                    isComplete = false
                }
            }
            return isComplete
        }

        /// A packet is played when its first sample is, behind those still in the queue.
        private mutating func note(_ index: Int) {
            if index <= last { misordered += 1 }
            last = index
            guard seen.indices.contains(index), !seen[index] else { return }
            seen[index] = true
            let queued = Double(queue.count) / 8
            delays.append(now + queued - Double(trace.sendTime(index)) - trace.floor)
        }

        private mutating func append(_ samples: ArraySlice<Int16>) {
            queue.append(upTo: samples.count) { span in
                for index in 0..<min(span.count, samples.count) {
                    span[index] = samples[samples.startIndex + index]
                }
                return min(span.count, samples.count)
            }
        }
    }
}

/// A voice of gliding pitch that speaks in phrases with pauses, at 8,000 Hz.
package enum SpeechLike {
    private static let packets = 1_000
    private static let sound: [Int16] = {
        var generator = SeededGenerator(seed: 11)
        var angle = 0.0
        return (0..<packets * 160).map { index in
            let time = Double(index) / 8_000
            let hertz = 150 + 45 * sin(2 * .pi * 0.7 * time) + 20 * sin(2 * .pi * 2.9 * time)
            angle += 2 * .pi * hertz / 8_000
            let isPause = time.truncatingRemainder(dividingBy: 3.1) > 2.2
            let loudness = isPause ? 0 : 0.3 + 0.7 * abs(sin(2 * .pi * 1.7 * time))
            var value = 0.0
            for harmonic in 1...10 { value += sin(Double(harmonic) * angle) / Double(harmonic) }
            let noise = Double(generator.next() % 200) / 10 - 10
            return Int16(4_000 * loudness * value + noise)
        }
    }()

    /// What one packet of 20 ms holds.
    package static func samples(ofPacket index: Int, skipping skipped: Int = 0) -> ArraySlice<Int16> {
        let start = (index % packets) * 160
        return sound[(start + min(skipped, 160))..<(start + 160)]
    }
}
