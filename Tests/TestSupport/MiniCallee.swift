internal import RTPMedia
public import SIPCore
public import SansIO

/// A callee's host for tests: a user agent and, once it has answered, one audio leg that sends a tone.
public actor MiniCallee: DriverClient {
    /// What it does with every call.
    public struct Script: Sendable {
        public enum Answer: Sendable {
            /// Not even 100.
            case mute
            /// 180 and nothing more.
            case ring
            case refuse(Int, reason: String? = nil)
            case answer
            /// 183 with a description, then, after the delay or ``MiniCallee/answerNow()``, 200 without one.
            case earlyMedia(Duration)
            /// 200 with a description that nobody can speak.
            case unspeakable
        }

        public var answer: Answer
        /// After the answer.
        public var hangsUpAfter: Duration?
        /// Keys that it presses after the answer.
        public var digits: String
        public var configuration = UserAgent.Configuration()
        /// Frames after the answer, or the early media, before its tone begins.
        public var silentFrames = 0
        /// Whether it takes and sends telephone events; else its keys are in the sound.
        public var telephoneEvents = true

        public init(answer: Answer = .answer, hangsUpAfter: Duration? = nil, digits: String = "") {
            self.answer = answer
            self.hangsUpAfter = hangsUpAfter
            self.digits = digits
        }
    }

    /// What came to it.
    public struct Heard: Sendable {
        public var requests: [ReceivedRequest] = []
        public var callIDs: [String] = []
        public var cancelled = 0
        public var ended = 0
        public var packets = 0
        public var digits = ""
        /// Keys found in the sound.
        public var soundDigits = ""
        /// Bodies of INFO requests.
        public var infos: [String] = []
        public var loudFrames = 0
        /// Of `loudFrames`, up to a 200 that followed early media.
        public var loudFramesBeforeAnswer = 0
        public var quietFrames = 0
        /// Final responses to re-INVITEs, as text.
        public var reinviteAnswers: [String] = []

        public init() {}
    }

    final class Talk {
        var session: InviteSessionID
        var rtp: BoundSocket
        var leg: AudioLeg
        var nextFrame: MonotonicInstant
        var framesSent = 0
        var hangUpAt: MonotonicInstant?
        var detector = DTMFDetector()
        var keys = DTMFGenerator()
        /// Call-ID, and From and To as a re-INVITE of ours has them.
        var dialog = (callID: "", from: "", to: "", remote: SocketAddress.loopback(port: 0))

        init(session: InviteSessionID, rtp: BoundSocket, leg: AudioLeg, at now: MonotonicInstant) {
            self.session = session
            self.rtp = rtp
            self.leg = leg
            nextFrame = now
        }

        /// Puts keys in the place of a frame.
        func press(_ frame: inout [Int16]) {
            var span = frame.mutableSpan
            keys.fill(&span)
        }
    }

    public nonisolated let driver: any Driver
    private nonisolated let executor: any SerialExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private let script: Script
    private let host: SocketAddress
    private var client: DriverClientID?
    var socket: BoundSocket?
    private var userAgent: UserAgent
    private var effects = UserAgentEffects()
    var buffer = OwnedBytes(capacity: 65_536)
    private var packet = OwnedBytes(capacity: 2_048)
    private var generator: SeededGenerator
    var talks: [Talk] = []
    private var delayed: [(at: MonotonicInstant, session: InviteSessionID)] = []
    public internal(set) var heard = Heard()
    var nextReinvite = 1

    /// - Parameter host: Address that it binds, port 0.
    public init(
        driver: any Driver, script: Script = Script(), host: SocketAddress = .loopback(port: 0)
    ) {
        self.host = host
        self.driver = driver
        executor = driver.serialExecutor
        self.script = script
        generator = driver.makeGenerator(label: "callee")
        userAgent = UserAgent(
            configuration: script.configuration, generator: driver.makeGenerator(label: "callee agent"))
    }

    /// - Returns: Its SIP address.
    public func open() throws -> SocketAddress {
        let client = driver.attach(self)
        self.client = client
        let bound = try driver.bind(host, for: client)
        socket = bound
        return bound.localAddress
    }

    public func close() {
        if let client { driver.detach(client) }
        client = nil
    }

    /// Answers the calls that hear early media.
    public func answerNow() {
        for index in delayed.indices { delayed[index].at = driver.now }
        step()
    }

    public nonisolated func wake() { assumeIsolated { $0.step() } }

    private func step() {
        guard let client else { return }
        let now = driver.now
        while let datagram = driver.receive(for: client, into: &buffer) {
            if datagram.socket == socket?.id, takeReinviteAnswer(from: datagram.source) {
                continue
            } else if datagram.socket == socket?.id {
                guard case .mute = script.answer else {
                    userAgent.receive(
                        buffer.bytes, from: datagram.source, on: datagram.socket, at: now, into: &effects)
                    continue
                }
            } else if let talk = talks.first(where: { $0.rtp.id == datagram.socket }) {
                talk.leg.receiveRTP(buffer.bytes, from: datagram.source, at: now)
                heard.packets += 1
            }
        }
        if let deadline = userAgent.nextDeadline, deadline <= now { userAgent.fire(at: now, into: &effects) }
        settle(at: now)
        delayed.removeAll { item in
            guard item.at <= now else { return false }
            heard.loudFramesBeforeAnswer = heard.loudFrames
            respond(item.session, 200, sdp: nil, at: now)
            return true
        }
        for talk in talks { tick(talk, at: now) }
        settle(at: now)
        let deadlines =
            [userAgent.nextDeadline] + talks.map(\.nextFrame) + delayed.map(\.at) + talks.map(\.hangUpAt)
        driver.schedule(client, at: deadlines.compactMap { $0 }.min())
    }

    private func settle(at now: MonotonicInstant) {
        while !effects.sends.isEmpty || !effects.events.isEmpty {
            let bytes = effects.bytes
            for send in effects.sends {
                driver.transmit(
                    bytes.span.bytes.extracting(send.range), from: send.socket, to: send.destination)
            }
            let events = effects.events
            effects.removeAll()
            for event in events { handle(event, at: now) }
        }
    }

    private func handle(_ event: UserAgentEvent, at now: MonotonicInstant) {
        switch event {
        case .incoming(let session, let request):
            heard.requests.append(request)
            heard.callIDs.append(request.callID)
            take(session, request, at: now)
        case .requestReceived(let id, _, let request) where request.method == "INFO":
            heard.infos.append(String(decoding: request.body?.bytes ?? [], as: UTF8.self))
            userAgent.respond(toRequest: id, status: 200, at: now, into: &effects)
        case .cancelled(let session):
            heard.cancelled += 1
            talks.removeAll { $0.session == session }
        case .ended(let session, _):
            heard.ended += 1
            for talk in talks where talk.session == session { driver.close(talk.rtp.id) }
            talks.removeAll { $0.session == session }
        default: break
        }
    }

    private func take(_ session: InviteSessionID, _ request: ReceivedRequest, at now: MonotonicInstant) {
        switch script.answer {
        case .mute: break
        case .ring: respond(session, 180, sdp: nil, at: now)
        case .refuse(let status, let reason):
            let headers = reason.map { [SIPHeaderField(name: "Reason", value: $0)] } ?? []
            userAgent.respond(to: session, status: status, headers: headers, at: now, into: &effects)
        case .unspeakable:
            let sdp =
                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n"
            respond(session, 200, sdp: Array(sdp.utf8), at: now)
        case .answer:
            respond(session, 180, sdp: nil, at: now)
            respond(session, 200, sdp: startTalk(session, request, at: now), at: now)
        case .earlyMedia(let delay):
            respond(session, 183, sdp: startTalk(session, request, at: now), at: now)
            delayed.append((now.advanced(by: delay), session))
        }
    }

    private func respond(_ session: InviteSessionID, _ status: Int, sdp: [UInt8]?, at now: MonotonicInstant) {
        userAgent.respond(
            to: session, status: status, body: sdp.map { SIPBody(contentType: "application/sdp", bytes: $0) },
            contact: "<sip:callee@\(socket!.localAddress)>", at: now, into: &effects)
        let message = String(decoding: effects.bytes, as: UTF8.self)
        if let talk = talks.first(where: { $0.session == session }),
            let to = message.split(separator: "\r\n").last(where: { $0.hasPrefix("To: ") })
        {
            talk.dialog.from = String(to.dropFirst(4))
        }
    }

    private func startTalk(
        _ session: InviteSessionID, _ request: ReceivedRequest, at now: MonotonicInstant
    ) -> [UInt8]? {
        guard let client, let offer = request.body?.bytes,
            let rtp = try? driver.bind(host, for: client)
        else { return nil }
        var negotiator = AudioNegotiator(
            capabilities: AudioCapabilities(telephoneEvents: script.telephoneEvents),
            localRTP: rtp.localAddress, sessionID: 1)
        guard let (answer, negotiated) = try? negotiator.answer(to: offer),
            let leg = try? AudioLeg(
                configuration: .init(negotiated: negotiated, rateHertz: 8_000, canonicalName: "callee"),
                generator: &generator, at: now)
        else { return nil }
        let talk = Talk(session: session, rtp: rtp, leg: leg, at: now)
        talk.hangUpAt = script.hangsUpAfter.map { now.advanced(by: $0) }
        talk.dialog = (request.callID, "", request.from, request.source)
        if !script.digits.isEmpty, !leg.sendDigits(script.digits) { _ = talk.keys.send(script.digits) }
        talks.append(talk)
        return answer
    }

    private func tick(_ talk: Talk, at now: MonotonicInstant) {
        // However late it is: what was to be said before it hangs up is said.
        let end = talk.hangUpAt ?? now.advanced(by: .milliseconds(1))
        while talk.nextFrame <= now, talk.nextFrame < end {
            talk.nextFrame = talk.nextFrame.advanced(by: .milliseconds(20))
            var narrow = [Int16](repeating: 0, count: 160)
            var wide = narrow
            pull(talk.leg, &narrow, &wide, at: now)
            if narrow.contains(where: { abs(Int($0)) > 1_000 }) {
                heard.loudFrames += 1
            } else {
                heard.quietFrames += 1
            }
            while let digit = talk.leg.takeDigit() { heard.digits.append(digit) }
            if let digit = talk.detector.process(narrow.span) { heard.soundDigits.append(digit) }
            // A square wave of 500 Hz: loud, and easily told from silence.
            let loudness: Int16 = talk.framesSent < script.silentFrames ? 0 : 8_000
            var tone = (0..<160).map { $0 % 16 < 8 ? loudness : -loudness }
            talk.framesSent += 1
            talk.press(&tone)
            var sends = push(talk.leg, tone, &narrow, at: now)
            while sends {
                driver.transmit(packet.bytes, from: talk.rtp.id, to: talk.leg.remoteRTP)
                sends = talk.leg.takePacket(into: &packet)
            }
        }
        if let hangUpAt = talk.hangUpAt, hangUpAt <= now {
            talk.hangUpAt = nil
            userAgent.end(talk.session, reason: "Q.850;cause=16;text=\"bye\"", at: now, into: &effects)
        }
    }

    private func pull(
        _ leg: AudioLeg, _ narrow: inout [Int16], _ wide: inout [Int16], at now: MonotonicInstant
    ) {
        var narrow = narrow.mutableSpan
        var wide = wide.mutableSpan
        _ = leg.pullFrame(narrow: &narrow, wide: &wide, at: now)
        // The caller's arrays were written through the spans.
    }

    private func push(_ leg: AudioLeg, _ frame: [Int16], _ narrow: inout [Int16], at now: MonotonicInstant)
        -> Bool
    {
        var narrow = narrow.mutableSpan
        return leg.pushFrame(frame.span, narrow: &narrow, at: now, into: &packet)
    }
}
