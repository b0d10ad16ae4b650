public import Foundation
internal import SansIO

/// A recorded run of packets of 20 ms through a network.
public struct JitterTrace: Sendable {
    public struct Packet: Sendable {
        public var index: Int
        /// Milliseconds, of the sender's and of the receiver's clock.
        public var send: Double
        public var arrival: Double
    }

    public var name: String
    /// What arrived, in the order of arrival.
    public private(set) var packets: [Packet] = []
    /// Packets sent, lost ones included, and when the last one was.
    public private(set) var count = 0
    public private(set) var end = 0.0
    private var sendTimes: [Double] = []
    /// Least delay of the network in milliseconds.
    public private(set) var floor = Double.infinity

    /// Percent of the packets that never arrived; as everywhere, the last 25 are left out.
    public var lost: Double {
        let arrived = packets.count { $0.index < count - 25 }
        return 100 * Double(max(count - 25, 0) - arrived) / Double(count)
    }

    /// - Parameter url: Columns `seq,send_ms,arrive_ms` in the order of sending; no arrival is a loss.
    public init(_ url: URL) throws {
        name = url.deletingPathExtension().lastPathComponent
        for line in try String(contentsOf: url, encoding: .utf8).split(whereSeparator: \.isNewline)
            .dropFirst()
        {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count >= 3, let index = Int(fields[0]), let send = Double(fields[1]) else {
                continue
            }
            count = max(count, index + 1)
            end = send
            sendTimes += repeatElement(send, count: max(count - sendTimes.count, 0))
            guard let arrival = Double(fields[2]) else { continue }
            packets.append(Packet(index: index, send: send, arrival: arrival))
            floor = min(floor, arrival - send)
        }
        packets.sort { ($0.arrival, $0.index) < ($1.arrival, $1.index) }
    }

    /// A trace of the test data; `nil` when that is absent.
    public init?(named name: String) throws {
        guard let url = try TestData.url("traces/\(name).csv") else { return nil }
        if let known = Self.known.withLock({ $0[name] }) {
            self = known
            return
        }
        try self.init(url)
        let trace = self
        Self.known.withLock { $0[name] = trace }
    }

    /// Reading one takes longer than replaying it.
    private static let known = Locked<[String: JitterTrace]>([:])

    /// When a packet was sent, in milliseconds; 0 for one that is not in the trace.
    public func sendTime(_ index: Int) -> Double { sendTimes.indices.contains(index) ? sendTimes[index] : 0 }
}
