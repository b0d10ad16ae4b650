internal import SansIO

/// The times behind every transaction timer (RFC 3261 §17, table 4).
struct TransactionTimers: Hashable, Sendable {
    /// Round-trip estimate.
    var t1 = Duration.milliseconds(500)
    /// Longest interval between retransmissions of anything but an INVITE.
    var t2 = Duration.seconds(4)
    /// Longest time a message stays in the network.
    var t4 = Duration.seconds(5)
    /// The transport repeats what it loses: nothing is sent twice (no timers A, E and G), and no copies have to be
    /// waited for (timers D, I, J and K are zero).
    var isReliable = false

    /// Timers B, F, H, J, L and M: how long a transaction waits or lingers.
    var timeout: Duration { t1 * 64 }
    /// Timer D: at least 32 s however small T1 is, since the far end may use the default.
    var d: Duration { max(.seconds(32), timeout) }

    /// The interval after `interval` where retransmissions double up to T2 (timers E and G).
    func doubled(_ interval: Duration) -> Duration { min(interval * 2, t2) }

    /// The same times for transactions over `transport`.
    func over(_ transport: SIPTransport) -> Self {
        var times = self
        times.isReliable = transport.isReliable
        return times
    }
}
