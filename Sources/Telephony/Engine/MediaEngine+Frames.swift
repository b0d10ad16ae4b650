internal import RTPMedia
internal import SansIO

/// One frame each way of every leg at a deadline.
extension MediaEngine {
    /// Legs that are in no room are served one by one. Those in rooms are heard first, then the rooms mix, then they hear: so
    /// that a room on the same loop adds no delay.
    func tick(at deadline: MonotonicInstant) {
        for leg in legs {
            guard let leg, let audio = leg.audio else { continue }
            drain(leg, at: deadline)
            guard let room = leg.room else {
                let index = leg.buffersIndex
                leg.listen(at: deadline, frames: &frames[index], heard: &heard)
                let sends = leg.say(at: deadline, frames: &frames[index], into: &packet, heard: &heard)
                finishTick(of: leg, audio, sends: sends, at: deadline)
                continue
            }
            leg.listen(at: deadline, frames: &room.frames, heard: &heard)
            if !leg.isOnHold { room.put() }
            if !heard.isEmpty { reportHeard(of: leg.job, at: deadline) }
        }
        guard !rooms.isEmpty || legsInRooms > 0 else { return }
        tickRooms(at: deadline)
    }

    /// Rooms mix, and legs in rooms hear.
    private func tickRooms(at deadline: MonotonicInstant) {
        for mix in rooms {
            mix.tick(at: deadline, waking: wakes)
            settle(mix)
        }
        for leg in legs {
            guard let leg, let audio = leg.audio, let room = leg.room else { continue }
            if !leg.isOnHold { room.take() }
            let sends = leg.say(at: deadline, frames: &room.frames, into: &packet, heard: &heard)
            finishTick(of: leg, audio, sends: sends, at: deadline)
            if room.isOver { detach(leg, from: room.room, at: deadline) }
        }
    }

    private func finishTick(of leg: MediaLeg, _ audio: AudioLeg, sends: Bool, at deadline: MonotonicInstant) {
        var isDue = sends
        while isDue {
            transmit(from: leg.rtp, to: audio.remoteRTP, kind: .rtp, call: leg.id)
            isDue = audio.takePacket(into: &packet)
        }
        lateness.record(deadline.duration(to: driver.now))
        if !heard.isEmpty { reportHeard(of: leg.job, at: deadline) }
        if audio.nextReportDeadline <= deadline {
            audio.makeReport(at: deadline, wallClock: driver.wallClock, into: &packet)
            transmit(from: leg.controlSocket, to: audio.remoteRTCP, kind: .rtcp, call: leg.id)
        }
        if let silence = leg.watch.check(audio, at: deadline) { reportSilence(of: leg.job, for: silence) }
    }

    func reportHeard(of job: CallJob, at instant: MonotonicInstant) {
        for kind in heard { report(kind, of: job, at: instant) }
        heard.removeAll(keepingCapacity: true)
    }

    /// Tells signalling what was heard in a call's media, or has become of it.
    func report(_ kind: CallEvent.Kind, of job: CallJob, at instant: MonotonicInstant) {
        let event = CallEvent(instant: instant, kind: kind)
        job.post { $0.mediaHeard(job.id, event) }
    }

    private func reportSilence(of job: CallJob, for timeout: Duration) {
        let text = "no media from the far end for \(timeout.nanoseconds / 1_000_000_000) s"
        job.post { $0.mediaTimedOut(job.id, text: text) }
    }

    func transmit(
        from socket: BoundSocket, to destination: SocketAddress, kind: DatagramKind, call: CallID
    ) {
        guard packet.count > 0 else { return }
        driver.transmit(packet.bytes, from: socket.id, to: destination)
        if wantsDatagrams {
            observe(
                .sent, packet.bytes, local: socket.localAddress, remote: destination, kind: kind, call: call,
                at: driver.wallClock)
        }
    }

    func observe(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
        kind: DatagramKind, call: CallID, at instant: WallClockInstant
    ) {
        for observer in observers where observer.wantsDatagrams {
            observer.datagram(
                direction, bytes, local: local, remote: remote, kind: kind, call: call, at: instant)
        }
    }
}
