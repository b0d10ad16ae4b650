internal import RTPMedia
internal import SansIO

/// Whether the far end of an answered call has fallen silent for good: no RTP and no RTCP, though it may send.
struct MediaWatch: Sendable {
    /// Often enough for a limit of seconds, and next to nothing per frame.
    private static let interval = Duration.seconds(1)

    /// `nil`: it is waited for.
    var timeout: Duration?
    /// Whether the far end ought to be heard: the call is answered, and nobody holds.
    var isExpectingMedia = false {
        didSet { if isExpectingMedia != oldValue { waitingSince = nil } }
    }
    private var waitingSince: MonotonicInstant?
    private var nextCheck = MonotonicInstant(nanoseconds: 0)
    private var hasTold = false

    /// - Returns: The time-out when it has passed, once.
    mutating func check(_ audio: AudioLeg, at now: MonotonicInstant) -> Duration? {
        guard let timeout, now >= nextCheck, !hasTold else { return nil }
        nextCheck = now.advanced(by: Self.interval)
        guard isExpectingMedia else { return nil }
        let since = waitingSince ?? now
        waitingSince = since
        let last = audio.lastHeard.map { max($0, since) } ?? since
        hasTold = last.duration(to: now) >= timeout
        return hasTold ? timeout : nil
    }
}
