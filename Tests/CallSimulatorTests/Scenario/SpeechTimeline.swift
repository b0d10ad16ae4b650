internal import CallSimulator
internal import SansIO
internal import Telephony

/// When whom sent speech in a scenario's call, read from its datagrams. Times are since dialing.
struct SpeechTimeline {
    struct Packet {
        var sent: Duration
        /// `nil` when it was lost.
        var delivered: Duration?
    }

    /// Packets of G.711 with something to be heard in them.
    private(set) var caller: [Packet] = []
    private(set) var callee: [Packet] = []

    init(_ report: ScenarioReport) {
        let records = report.trace.records
        guard let first = records.first(where: { $0.event == .sent }) else { return }
        var arrivals: [Int: MonotonicInstant] = [:]
        for record in records where record.event == .delivered && arrivals[record.datagram] == nil {
            arrivals[record.datagram] = record.time
        }
        for record in records where record.event == .sent && Self.isSpeech(record.bytes) {
            let packet = Packet(
                sent: first.time.duration(to: record.time),
                delivered: arrivals[record.datagram].map { first.time.duration(to: $0) })
            if record.source.host == first.source.host {
                caller.append(packet)
            } else {
                callee.append(packet)
            }
        }
    }

    /// µ-law or A-law over RTP, and a tenth of its samples above -40 dBFS.
    private static func isSpeech(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 12, bytes[0] == 0x80 else { return false }
        let loud: Int
        switch bytes[1] & 0x7F {
        case 0: loud = bytes.dropFirst(12).count { (~$0 >> 4) & 7 >= 2 }
        case 8: loud = bytes.dropFirst(12).count { (($0 ^ 0x55) >> 4) & 7 >= 2 }
        default: return false
        }
        return loud * 10 >= bytes.count - 12
    }

    /// The first packet of ours with speech that left at `time` or later.
    func firstSpoken(from time: Duration) -> Duration? { caller.first { $0.sent >= time }?.sent }

    /// The end of the callee's last sound before `time`, as it came to us: 20 ms behind its last packet's arrival.
    func lastHeard(before time: Duration) -> Duration? {
        callee.last { $0.sent < time && $0.delivered != nil }?.delivered.map { $0 + .milliseconds(20) }
    }

    /// How much speech of ours left from `time` on.
    func spoken(from time: Duration) -> Duration { .milliseconds(20 * caller.count { $0.sent >= time }) }
}
