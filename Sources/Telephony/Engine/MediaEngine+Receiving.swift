internal import RTPMedia
internal import SansIO

/// What comes to the ports of a leg. They wake nobody: each deadline begins with taking what has come, so that one wake-up
/// serves every leg however many packets there are. Nothing is late by that, since audio is played on deadlines, and the
/// jitter buffer learns from the instants at which the packets reached the machine.
extension MediaEngine {
    /// Datagrams of one port that are taken at one deadline; a flood towards one call costs the others no more.
    private static let datagramsPerTick = 256
    /// Deadlines from one look at an RTCP port to the next: 100 ms.
    private static let reportTicks: Int64 = 5

    /// Takes what has come for `leg` until now.
    func drain(_ leg: MediaLeg, at deadline: MonotonicInstant) {
        drain(leg, isRTCP: false)
        let tick = deadline.nanoseconds / TickGrid.interval.nanoseconds
        if (tick &+ Int64(leg.rtp.localAddress.port >> 1)) % Self.reportTicks == 0 {
            drain(leg, isRTCP: true)
        }
    }

    /// What came so long before the far end's description is heard: it may send as soon as it has answered, and what is older
    /// would only be played late.
    static let earliness = Duration.milliseconds(300)

    /// Takes what is left at both ports before a leg ends.
    func drainPorts(of leg: MediaLeg) {
        drain(leg, isRTCP: false)
        drain(leg, isRTCP: true)
    }

    private func drain(_ leg: MediaLeg, isRTCP: Bool) {
        let socket = (isRTCP ? leg.rtcp : leg.rtp).id
        var left = Self.datagramsPerTick
        while left > 0, let datagram = driver.poll(socket, into: &buffer) {
            receive(datagram, of: leg, isRTCP: isRTCP)
            left -= 1
        }
    }

    private func receive(_ datagram: ReceivedDatagram, of leg: MediaLeg, isRTCP: Bool) {
        if wantsDatagrams {
            observe(
                .received, buffer.bytes, local: (isRTCP ? leg.rtcp : leg.rtp).localAddress,
                remote: datagram.source, kind: isRTCP ? .rtcp : .rtp, call: leg.id,
                at: driver.wallClock.advanced(by: driver.now.duration(to: datagram.arrival)))
        }
        guard let audio = leg.audio, datagram.arrival >= leg.notBefore else {
            leg.earlyDatagrams += 1
            return
        }
        if isRTCP {
            audio.receiveRTCP(buffer.bytes, from: datagram.source, at: datagram.arrival)
        } else {
            audio.receiveRTP(buffer.bytes, from: datagram.source, at: datagram.arrival)
        }
    }
}
