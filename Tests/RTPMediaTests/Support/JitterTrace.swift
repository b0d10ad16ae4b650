import RTPMedia
import SansIO
import TestSupport

/// A recorded run of packets through a network, and its replay through a jitter buffer.
struct JitterTrace {
    struct Packet {
        var index: Int
        var send: Double
        var arrival: Double
    }

    struct Result {
        /// Shares of all frames or packets, in percent.
        var concealed = 0.0
        var lost = 0.0
        /// Milliseconds above the network's least delay.
        var meanDelay = 0.0
        var longestGap = 0
        var misordered = 0
    }

    private var packets: [Packet] = []
    private var count = 0
    private var end = 0.0
    private var floor = Double.infinity

    init?(named name: String) throws {
        guard let url = try TestData.url("traces/\(name).csv") else { return nil }
        for row in try TestData.rows(url) {
            guard let index = row["seq"].flatMap(Int.init), let send = row["send_ms"].flatMap(Double.init)
            else { continue }
            count += 1
            end = send
            guard let arrival = row["arrive_ms"].flatMap(Double.init) else { continue }
            packets.append(Packet(index: index, send: send, arrival: arrival))
            floor = min(floor, arrival - send)
        }
        packets.sort { ($0.arrival, $0.index) < ($1.arrival, $1.index) }
    }

    /// Replays it at four phases of the receiver's tick against the first arrival, and averages.
    func replay(_ make: () -> some JitterBuffer & ~Copyable) -> Result {
        var result = Result(lost: 100 * Double(count - packets.count) / Double(count))
        var payload = OwnedBytes(capacity: 256)
        var delays = 0.0
        var played = 0
        for phase in [0.0, 5, 10, 15] {
            var buffer = make()
            var next = 0
            var ticks = 0
            var concealed = 0
            var gap = 0
            var last = -1
            var debt = 0
            var now = packets[0].arrival + phase
            while now < end + floor {
                while next < packets.count, packets[next].arrival <= now {
                    let packet = packets[next]
                    let content = [UInt32(packet.index)]
                    buffer.put(
                        content.span.bytes, tag: 0,
                        sequence: SequenceNumber(UInt16(truncatingIfNeeded: packet.index)),
                        timestamp: RTPTimestamp(UInt32(packet.index * 160)), samples: 160)
                    next += 1
                }
                ticks += 1
                var index: Int?
                if debt >= 160 {
                    debt -= 160
                } else {
                    switch buffer.take(160, into: &payload) {
                    case .packet:
                        index = payload.bytes.withUnsafeBytes { Int($0.loadUnaligned(as: UInt32.self)) }
                    case .missing(let samples): debt += samples - 160
                    case .empty: break
                    }
                }
                buffer.finishFrame(remaining: max(debt, 0))
                if let index {
                    if index <= last { result.misordered += 1 }
                    last = index
                    gap = 0
                    played += 1
                    delays += now - Double(index) * 20 - floor
                } else if last >= 0 {
                    concealed += 1
                    gap += 20
                    result.longestGap = max(result.longestGap, gap)
                }
                now += 20
            }
            result.concealed += 25 * Double(concealed) / Double(ticks)
        }
        result.meanDelay = delays / Double(max(played, 1))
        return result
    }
}
