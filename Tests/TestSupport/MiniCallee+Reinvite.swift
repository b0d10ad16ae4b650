internal import SansIO

/// Re-INVITEs by hand: the user agent of the library answers them and sends none.
extension MiniCallee {
    /// Sends a re-INVITE with `description` in its one dialog.
    public func reinvite(_ description: String) {
        send("INVITE", branch: "z9hG4bKre\(nextReinvite)", body: description)
        nextReinvite += 1
    }

    /// Acknowledges and notes a final response to a re-INVITE.
    ///
    /// - Returns: Whether it was one.
    func takeReinviteAnswer(from source: SocketAddress) -> Bool {
        var text = ""
        for index in 0..<buffer.bytes.byteCount {
            text.unicodeScalars.append(
                UnicodeScalar(buffer.bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)))
        }
        guard text.hasPrefix("SIP/2.0 "), let branch = text.firstRange(of: "branch=z9hG4bKre") else {
            return false
        }
        guard !text.hasPrefix("SIP/2.0 1") else { return true }
        let isNew = !heard.reinviteAnswers.contains(text)
        if isNew { heard.reinviteAnswers.append(text) }
        let number = text[branch.upperBound...].prefix { $0.isNumber }
        // A 2xx is acknowledged in a transaction of its own (RFC 3261 §13.2.2.4).
        let suffix = text.hasPrefix("SIP/2.0 2") ? "ack" : ""
        send("ACK", branch: "z9hG4bKre\(number)\(suffix)", body: "", number: Int(number) ?? 0)
        return true
    }

    private func send(_ method: String, branch: String, body: String, number: Int? = nil) {
        guard let talk = talks.first, let socket else { return }
        let dialog = talk.dialog
        let message = """
            \(method) sip:outdial@\(dialog.remote) SIP/2.0\r
            Via: SIP/2.0/UDP \(socket.localAddress);branch=\(branch)\r
            Max-Forwards: 70\r
            From: \(dialog.from)\r
            To: \(dialog.to)\r
            Call-ID: \(dialog.callID)\r
            CSeq: \(100 + (number ?? nextReinvite)) \(method)\r
            Contact: <sip:callee@\(socket.localAddress)>\r
            Content-Type: application/sdp\r
            Content-Length: \(body.utf8.count)\r
            \r

            """
        let bytes = Array((message + body).utf8)
        driver.transmit(bytes.span.bytes, from: socket.id, to: dialog.remote)
    }
}
