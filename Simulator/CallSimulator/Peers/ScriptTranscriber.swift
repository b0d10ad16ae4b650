public import AgentBridge
public import Telephony

/// Gives an agent the words of a simulated callee: not recognition but the callee's own script, and it says so.
///
/// A turn's words are those that the callee has begun and that no earlier turn has taken. Two calls to one number at the
/// same time share their words; the later call has them.
public struct ScriptTranscriber: Transcriber {
    private let peers: [PeerLog]

    /// - Parameter peers: Hosts at which the callees live; the first that has words for a number is taken.
    public init(_ peers: LoopbackPeer...) { self.init(peers) }

    public init(_ peers: [LoopbackPeer]) { self.peers = peers.map(\.log) }

    public var source: TranscriptEntry.Source { .calleeScript }
    public var needsAudio: Bool { false }

    public func transcribe(_ segment: VoiceSegment) async throws -> String? {
        for peer in peers {
            let words = peer.takeWords(of: Self.number(segment.callee))
            if !words.isEmpty { return words.joined(separator: " ") }
        }
        return nil
    }

    private static func number(_ callee: String) -> String {
        callee.lowercased().hasPrefix("sip") ? LoopbackPeer.user(of: callee) : callee
    }
}
