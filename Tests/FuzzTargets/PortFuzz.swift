import SIPCore
import SansIO

/// A user agent in a call whose port gets whatever the bytes say, cut into datagrams by their own length octets.
enum PortFuzz {
    static func run(_ bytes: [UInt8]) {
        var configuration = UserAgent.Configuration()
        configuration.maximumSessions = 16
        configuration.maximumTransactions = 64
        var agent = UserAgent(configuration: configuration, generator: SeededGenerator(seed: 7))
        var effects = UserAgentEffects()
        var now = MonotonicInstant(nanoseconds: 1_000_000_000)
        let peer = SocketAddress(ipv4: 0xC000_0202, port: 5_060)
        let invite = OutgoingInvite(
            requestURI: "sip:b@192.0.2.2", from: "<sip:a@192.0.2.1>", to: "<sip:b@192.0.2.2>",
            contact: "<sip:a@192.0.2.1>", sentBy: "192.0.2.1:5060", callID: "fuzzed-call",
            destination: peer, socket: SocketID(rawValue: 1))
        _ = try? agent.invite(invite, at: now, into: &effects)
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + 1 + Int(bytes[start]) * 4)
            effects.removeAll()
            let datagram = bytes.span.bytes.extracting(start + 1..<max(start + 1, end))
            agent.receive(datagram, from: peer, on: SocketID(rawValue: 1), at: now, into: &effects)
            promise(effects.sends.count <= 4, "a datagram is answered by a few at most")
            promise(
                effects.bytes.count <= 4 * (datagram.byteCount + 4_096), "garbage is not amplified")
            now = now.advanced(by: .milliseconds(50))
            effects.removeAll()
            agent.fire(at: now, into: &effects)
            start = max(end, start + 1)
        }
        promise(agent.statistics.liveSessions <= 16, "sessions are bounded")
    }
}
