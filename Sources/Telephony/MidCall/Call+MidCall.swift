private import SansIO

extension Call {
    /// Puts the far end on hold (RFC 3264 §8.4): it hears `music` again and again and nothing of the agent, and we do not hear
    /// it. Returns once it has agreed.
    ///
    /// - Parameter music: `nil`: the dialer's (``DialerConfiguration/holdMusic``); without that what ``play(_:_:)`` plays.
    /// - Throws: ``CallError/Code/notAnswered`` before the answer, ``CallError/Code/refused`` when the far end does not
    ///   agree (the call goes on as it was), ``CallError/Code/ended``, ``CallError/Code/invalidRequest`` while the
    ///   hold before is still being agreed on.
    public func hold(music: AudioClip? = nil) async throws {
        control.setHoldMusic(try music?.samples(rateHertz: audio.rateHertz) ?? [], on: self)
        try await setHold(true)
    }

    /// Ends ``hold()``; throws the same.
    public func resume() async throws { try await setHold(false) }

    private func setHold(_ isHeld: Bool) async throws {
        try await answer { self.control.hold(self.id, isHeld, then: $0) }
    }

    /// Asks the far end to call somebody else instead of us (blind transfer, RFC 3515), and waits for how that goes.
    /// What the far end tells meanwhile is ``CallEvent/Kind/transferProgress(status:)``.
    ///
    /// - Parameter destination: A number dialed through the call's trunk, or a SIP URI.
    /// - Throws: ``CallError/Code/notAnswered`` before the answer, ``CallError/Code/invalidRequest`` for a destination
    ///   that is none or while another transfer is under way, ``CallError/Code/ended``.
    public func transfer(to destination: String) async throws -> TransferResult {
        try await answer { self.control.transfer(self.id, to: .destination(destination), then: $0) }
    }

    /// Connects the far ends of two calls (attended transfer, RFC 3891, RFC 5589 §7): this call's far end is asked to call
    /// the other one's in place of us. Both calls have to be answered, by the same dialer.
    ///
    /// - Throws: As ``transfer(to:)-(String)``.
    public func transfer(to other: Call) async throws -> TransferResult {
        try await answer { self.control.transfer(self.id, to: .call(other.id), then: $0) }
    }

    /// Sends application information to the far end (INFO, RFC 6086 §4) and waits for its answer.
    ///
    /// - Returns: The final status, `200...699`.
    /// - Throws: ``CallError/Code/notAnswered`` before the answer, ``CallError/Code/ended``, also without an answer.
    @discardableResult
    public func sendInfo(contentType: String, body: [UInt8]) async throws -> Int {
        try await answer { self.control.sendInfo(self.id, contentType: contentType, body: body, then: $0) }
    }

    /// Waits for the engine, which always answers: with the far end's word, or at the end of the call.
    private func answer<Answer: Sendable>(
        _ ask: (@escaping @Sendable (Result<Answer, CallError>) -> Void) -> Void
    ) async throws -> Answer {
        let result: Result<Answer, CallError> = await withUnsafeContinuation { continuation in
            ask { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}
