internal import RTPMedia
internal import SIPCore
internal import SansIO

// Ports, legs and the shared 20 ms grid.
extension LoopbackPeer {
    /// The address that a caller reaches us at, port 0.
    func localHost(toReach caller: SocketAddress) -> SocketAddress {
        let bound = (socket?.localAddress ?? configuration.address).with(port: 0)
        return bound.isUnspecified ? driver.sourceAddress(toReach: caller) ?? bound : bound
    }

    /// Takes ports and agrees on audio, once per call.
    ///
    /// - Returns: False when there are no ports or nothing in common.
    func openMedia(of call: PeerCall, at now: MonotonicInstant) -> Bool {
        if call.description != nil { return true }
        guard let client, let ports = driver.bindMediaPorts(on: call.negotiator.localRTP, for: client) else {
            return false
        }
        call.ports = ports
        slotsBySocket[ports.rtp.id] = call.slot << 1
        slotsBySocket[ports.rtcp.id] = call.slot << 1 | 1
        call.negotiator.localRTP = call.negotiator.localRTP.with(port: ports.rtp.localAddress.port)
        guard let offer = call.offer else {
            call.description = call.negotiator.makeOffer()
            return true
        }
        guard let (answer, negotiated) = try? call.negotiator.answer(to: offer) else { return false }
        guard configuration.media == .full else {
            call.description = Self.inactive(answer)
            return true
        }
        call.description = answer
        return startLeg(of: call, negotiated, at: now)
    }

    /// The same description with its stream put on hold from both sides (RFC 3264 §6.1).
    private static func inactive(_ description: [UInt8]) -> [UInt8] {
        let lines = String(decoding: description, as: UTF8.self).split(separator: "\r\n")
        let kept = lines.filter { !["a=sendrecv", "a=sendonly", "a=recvonly"].contains($0) } + ["a=inactive"]
        return Array((kept.joined(separator: "\r\n") + "\r\n").utf8)
    }

    /// What a callee does; without media it takes the time of what it would say or wait for.
    func steps(of script: CalleeScript, attempt: Int) -> [CalleeScript.Step] {
        let steps = script.steps(attempt: attempt)
        guard configuration.media == .signallingOnly else { return steps }
        return steps.compactMap { step in
            switch step {
            case .say(let text): .wait(.milliseconds(60 * text.utf8.count))
            case .beep(_, let duration), .tone(_, let duration): .wait(duration)
            case .play(let name): .wait(.microseconds(125 * (script.sounds[name]?.count ?? 0)))
            case .waitForVoice, .waitForSilence, .waitForKey: .wait(.seconds(1))
            case .press: nil
            case .ring, .earlyMedia, .answer, .reject, .wait, .hangUp: step
            }
        }
    }

    /// The ACK brought the answer to the offer in our 200.
    func acceptLateAnswer(_ answer: [UInt8], of call: PeerCall, at now: MonotonicInstant) {
        guard call.leg == nil, let negotiated = try? call.negotiator.accept(answer: answer),
            startLeg(of: call, negotiated, at: now)
        else {
            // Nothing in common after all: only a BYE is left (RFC 3261 §13.2.2.4).
            return perform(.hangUp, of: call, at: now)
        }
    }

    private func startLeg(of call: PeerCall, _ negotiated: NegotiatedAudio, at now: MonotonicInstant) -> Bool
    {
        var configuration = AudioLeg.Configuration(
            negotiated: negotiated, rateHertz: 8_000, canonicalName: generator.token(digits: 16))
        configuration.codecProviders = self.configuration.codecProviders
        configuration.protection = self.configuration.mediaSecurity
        guard let leg = try? AudioLeg(configuration: configuration, generator: &generator, at: now) else {
            return false
        }
        call.leg = leg
        if flowing == 0 { grid.resume(at: now) }
        flowing += 1
        return true
    }

    func reanswer(_ request: ReceivedRequest, of session: InviteSessionID, at now: MonotonicInstant) {
        guard let call = calls.first(where: { $0?.session == session }) ?? nil else {
            return respond(to: session, 481, at: now)
        }
        guard let body = request.body, PeerCall.isSDP(body) else {
            return respond(to: session, 200, body: call.negotiator.makeOffer(), at: now)
        }
        let before = call.negotiator
        if configuration.media == .signallingOnly {
            let answer = try? call.negotiator.answer(to: body.bytes).0
            return respond(
                to: session, answer == nil ? 488 : 200, body: answer.map(Self.inactive), at: now)
        }
        guard let (answer, negotiated) = try? call.negotiator.answer(to: body.bytes),
            let leg = call.leg, (try? leg.renegotiate(negotiated)) != nil
        else {
            call.negotiator = before
            return respond(to: session, 488, at: now)
        }
        respond(to: session, 200, body: answer, at: now)
    }

    /// Says goodbye in RTCP and gives the ports back. The leg stays for its figures.
    func closeMedia(of call: PeerCall, at now: MonotonicInstant) {
        guard let ports = call.ports else { return }
        if let leg = call.leg {
            leg.makeGoodbye(at: now, wallClock: driver.wallClock, into: &packet)
            if packet.count > 0 {
                driver.transmit(packet.bytes, from: Self.control(ports, of: leg), to: leg.remoteRTCP)
            }
            flowing -= 1
        }
        for socket in [ports.rtp.id, ports.rtcp.id] {
            slotsBySocket[socket] = nil
            driver.close(socket)
        }
        call.ports = nil
    }

    func receiveMedia(_ bytes: RawSpan, _ datagram: ReceivedDatagram, at now: MonotonicInstant) {
        guard let key = slotsBySocket[datagram.socket], let leg = calls[key >> 1]?.leg else { return }
        if key & 1 == 1 {
            leg.receiveRTCP(bytes, from: datagram.source, at: now)
        } else {
            leg.receiveRTP(bytes, from: datagram.source, at: now)
        }
    }

    /// One frame each way for every call.
    func tick(at deadline: MonotonicInstant) {
        for slot in calls.indices {
            guard let call = calls[slot], let leg = call.leg, let ports = call.ports else { continue }
            actions.removeAll(keepingCapacity: true)
            var sends = call.tick(frames: &frames, into: &packet, actions: &actions, at: deadline)
            while sends {
                driver.transmit(packet.bytes, from: ports.rtp.id, to: leg.remoteRTP)
                sends = leg.takePacket(into: &packet)
            }
            if leg.nextReportDeadline <= deadline {
                leg.makeReport(at: deadline, wallClock: driver.wallClock, into: &packet)
                if packet.count > 0 {
                    driver.transmit(packet.bytes, from: Self.control(ports, of: leg), to: leg.remoteRTCP)
                }
            }
            if call.callee.saidWords.count != call.loggedWords {
                call.loggedWords = call.callee.saidWords.count
                log.update(slot: slot, words: call.callee.saidWords)
            }
            for action in actions { perform(action, of: call, at: deadline) }
        }
    }

    /// Through which RTCP goes out (RFC 5761).
    private static func control(_ ports: (rtp: BoundSocket, rtcp: BoundSocket), of leg: AudioLeg) -> SocketID
    {
        (leg.isMultiplexed ? ports.rtp : ports.rtcp).id
    }
}

/// Absolute deadlines every 20 ms; a wake-up more than five late skips ahead.
struct PeerGrid: Sendable {
    private static let interval: Int64 = 20_000_000
    private(set) var next = MonotonicInstant(nanoseconds: 0)

    /// Starts again after a time without media.
    mutating func resume(at now: MonotonicInstant) { next = now.advanced(by: .nanoseconds(Self.interval)) }

    mutating func popDue(at now: MonotonicInstant) -> MonotonicInstant? {
        guard next <= now else { return nil }
        let behind = next.duration(to: now).nanoseconds / Self.interval
        if behind > 5 { next = next.advanced(by: .nanoseconds((behind - 5) * Self.interval)) }
        defer { next = next.advanced(by: .nanoseconds(Self.interval)) }
        return next
    }
}
