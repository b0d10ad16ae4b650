internal import SansIO

/// A callee that answers one call and then breaks a rule on purpose. Only for canaries.
///
/// It speaks SIP in its own few words, since the library's machines refuse to do what it does.
final class RogueCallee: DriverClient, @unchecked Sendable {
    // @unchecked: belongs to the loop of its world.

    enum Fault: Hashable, Sendable {
        /// The control: it keeps to all rules.
        case none
        case rtpBeforeAnswer, rtpAfterEnd, sequenceJump, stampDrift
        case requestAfterEnd, fallingCSeq, silentToBye, socketLeft
    }

    /// What it does next.
    private enum Plan { case answer, requests, media, afterEnd }

    private let driver: any Driver
    private let fault: Fault
    private let address: SocketAddress
    private var client: DriverClientID?
    private var signalling: BoundSocket?
    private var media: BoundSocket?
    private var buffer = OwnedBytes(capacity: 65_536)
    private var plans: [(at: MonotonicInstant, plan: Plan)] = []
    private var caller = SocketAddress(ipv4: 0, port: 0)
    private var callerMedia = SocketAddress(ipv4: 0, port: 0)
    /// Header lines of the INVITE.
    private var invite: [String] = []
    private var isOver = false
    private var sequence: UInt16 = 1_000
    private var stamp: UInt32 = 160_000

    init(driver: any Driver, address: SocketAddress, fault: Fault) {
        self.driver = driver
        self.address = address
        self.fault = fault
    }

    func start() throws {
        let client = driver.attach(self)
        self.client = client
        signalling = try driver.bind(address, for: client)
        media = try driver.bind(address.with(port: 40_000), for: client)
    }

    func stop() {
        guard let client, fault != .socketLeft else { return }
        driver.detach(client)
    }

    nonisolated func wake() {
        guard let client else { return }
        let now = driver.now
        while let datagram = driver.receive(for: client, into: &buffer) {
            guard datagram.socket == signalling?.id else { continue }
            let text = Self.text(of: buffer)
            let bytes = Array(text.utf8)
            guard let message = SIPGlance(bytes.span.bytes) else { continue }
            receive(message, text.split(separator: "\r\n").map(String.init), from: datagram.source, at: now)
        }
        while let index = plans.firstIndex(where: { $0.at <= now }) {
            carryOut(plans.remove(at: index).plan, at: now)
        }
        driver.schedule(client, at: plans.map(\.at).min())
    }

    private static func text(of buffer: borrowing OwnedBytes) -> String {
        buffer.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func plan(_ plan: Plan, in milliseconds: Int64, from now: MonotonicInstant) {
        plans.append((now.advanced(by: .milliseconds(milliseconds)), plan))
    }

    // MARK: Signalling

    private func receive(
        _ message: SIPGlance, _ lines: [String], from source: SocketAddress, at now: MonotonicInstant
    ) {
        switch message.method {
        case "INVITE" where invite.isEmpty:
            invite = lines
            caller = source
            callerMedia = source.with(port: message.audioPort ?? 0)
            respond("180 Ringing", to: lines)
            plan(.answer, in: 100, from: now)
            if fault == .rtpBeforeAnswer { sendPacket() }
        case "ACK" where plans.isEmpty && !isOver:
            plan(.media, in: 20, from: now)
            if fault == .fallingCSeq { plan(.requests, in: 200, from: now) }
        case "BYE" where message.isRequest:
            if fault != .silentToBye { respond("200 OK", to: lines) }
            guard !isOver else { break }
            isOver = true
            if fault == .requestAfterEnd || fault == .rtpAfterEnd { plan(.afterEnd, in: 500, from: now) }
        default: break
        }
    }

    private func carryOut(_ plan: Plan, at now: MonotonicInstant) {
        switch plan {
        case .answer:
            let host = address.host
            let body =
                "v=0\r\no=- 1 1 IN IP4 \(host)\r\ns=-\r\nc=IN IP4 \(host)\r\nt=0 0\r\n"
                + "m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
            respond("200 OK", to: invite, body: body)
        case .requests:
            request("INFO", cSeq: 5)
            request("INFO", cSeq: 4)
        case .media:
            guard !isOver else { return }
            sendPacket()
            self.plan(.media, in: 20, from: now)
        case .afterEnd:
            if fault == .rtpAfterEnd { sendPacket() } else { request("INFO", cSeq: 7) }
        }
    }

    private func header(_ name: String, of lines: [String]) -> String {
        lines.first { $0.lowercased().hasPrefix(name + ":") }.map { String($0.dropFirst(name.count + 1)) }
            ?? ""
    }

    private func respond(_ status: String, to lines: [String], body: String = "") {
        var text =
            "SIP/2.0 \(status)\r\nVia:\(header("via", of: lines))\r\nFrom:\(header("from", of: lines))\r\n"
        let to = header("to", of: lines)
        text +=
            "To:\(to)\(to.contains("tag=") ? "" : ";tag=rogue")\r\nCall-ID:\(header("call-id", of: lines))\r\n"
        text += "CSeq:\(header("cseq", of: lines))\r\nContact: <sip:rogue@\(address)>\r\n"
        if !body.isEmpty { text += "Content-Type: application/sdp\r\n" }
        send(text + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
    }

    private func request(_ method: String, cSeq: Int) {
        let contact = header("contact", of: invite).drop { $0 != "<" }.dropFirst().prefix { $0 != ">" }
        send(
            "\(method) \(contact) SIP/2.0\r\nVia: SIP/2.0/UDP \(address);branch=z9hG4bKrogue\(cSeq)\r\n"
                + "From:\(header("to", of: invite));tag=rogue\r\nTo:\(header("from", of: invite))\r\n"
                + "Call-ID:\(header("call-id", of: invite))\r\nCSeq: \(cSeq) \(method)\r\nMax-Forwards: 70\r\n"
                + "Content-Length: 0\r\n\r\n")
    }

    private func send(_ text: String) {
        guard let signalling else { return }
        let bytes = Array(text.utf8)
        driver.transmit(bytes.span.bytes, from: signalling.id, to: caller)
    }

    // MARK: Media

    private func sendPacket() {
        guard let media else { return }
        var bytes: [UInt8] = [0x80, 0, UInt8(sequence >> 8), UInt8(sequence & 255)]
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: stamp >> UInt32(shift))) }
        bytes += [0, 0, 0, 1] + [UInt8](repeating: 0xFF, count: 160)
        driver.transmit(bytes.span.bytes, from: media.id, to: callerMedia)
        sequence &+= fault == .sequenceJump && sequence == 1_010 ? 2 : 1
        stamp &+= fault == .stampDrift && sequence > 1_010 ? 161 : 160
    }
}
