internal import SansIO

/// Who else is in the session, by SSRC: how many there are decides how often we report (RFC 3550 §6.3.3 to §6.3.5).
///
/// In a call it is one, or for a while two when a source is replaced. Whoever makes up more is not counted: at most
/// ``limit`` are known, so that a BYE of ours may always leave at once: up to 50 members it may (§6.3.7).
struct RTCPMembership: Sendable {
    static let limit = 8

    private struct Member: Sendable {
        var source: UInt32
        var lastHeard: MonotonicInstant
        /// Of its RTP; `nil` when none has come.
        var lastAudio: MonotonicInstant?
    }

    private var others: [Member] = []

    init() { others.reserveCapacity(Self.limit) }

    /// Members known, ourselves included.
    var count: Int { others.count + 1 }

    func contains(_ source: UInt32) -> Bool { others.contains { $0.source == source } }

    /// RTCP or RTP of a source has come.
    mutating func heard(_ source: UInt32, audioAt audio: MonotonicInstant? = nil, at now: MonotonicInstant) {
        for index in others.indices where others[index].source == source {
            others[index].lastHeard = max(others[index].lastHeard, now)
            if let audio { others[index].lastAudio = audio }
            return
        }
        guard others.count < Self.limit else { return }
        others.append(Member(source: source, lastHeard: now, lastAudio: audio))
    }

    /// A BYE has come.
    ///
    /// - Returns: Whether it was a member.
    mutating func left(_ source: UInt32) -> Bool {
        for index in others.indices where others[index].source == source {
            others.remove(at: index)
            return true
        }
        return false
    }

    /// Forgets who has been silent for five intervals.
    ///
    /// - Returns: Whether anybody was.
    mutating func expire(interval: Duration, at now: MonotonicInstant) -> Bool {
        let count = others.count
        others.removeAll { $0.lastHeard.duration(to: now) > interval * 5 }
        return others.count < count
    }

    /// Members whose RTP came within the last two intervals.
    func senders(interval: Duration, at now: MonotonicInstant) -> Int {
        others.count { $0.lastAudio.map { $0.duration(to: now) <= interval * 2 } ?? false }
    }
}
