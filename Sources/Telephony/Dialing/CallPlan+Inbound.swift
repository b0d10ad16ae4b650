private import RTPMedia

extension CallPlan {
    /// What an accepted inbound call is carried with.
    ///
    /// - Throws: ``CallError/Code/invalidRequest``, naming the field of the acceptance.
    init(
        _ incoming: IncomingCall, _ acceptance: IncomingAcceptance, policy: InboundPolicy,
        configuration: DialerConfiguration
    ) throws(CallError) {
        request = CallRequest(
            to: incoming.called.isEmpty ? incoming.calledURI : incoming.called, id: incoming.id,
            from: incoming.caller.number,
            callerName: incoming.caller.displayName.isEmpty ? nil : incoming.caller.displayName,
            context: acceptance.context, metadata: acceptance.metadata, ringTimeout: policy.ringTimeout,
            maximumDuration: acceptance.maximumDuration, recording: acceptance.recording,
            audioRateHertz: acceptance.audioRateHertz)
        trunks = []
        queueTimeout = .zero
        ringTimeout = policy.ringTimeout
        maximumDuration = acceptance.maximumDuration ?? configuration.maximumDuration
        guard maximumDuration >= .seconds(30), maximumDuration <= .seconds(3_600) else {
            throw CallError(.invalidRequest, "`maximumDuration` is 30 to 3,600 seconds")
        }
        audioRateHertz =
            acceptance.audioRateHertz ?? acceptance.handler.audioRateHertz ?? configuration.audioRateHertz
        guard [8_000, 16_000, 24_000, 48_000].contains(audioRateHertz) else {
            throw CallError(.invalidRequest, "`audioRateHertz` is 8,000, 16,000, 24,000 or 48,000")
        }
        recording = acceptance.recording ?? configuration.recording
        try recording.check(configuration.recordingEncoders)
        audioProcessing = configuration.audioProcessing
        if let fault = audioProcessing.fault { throw CallError(.invalidRequest, fault) }
    }
}

extension DialPlan {
    /// What an inbound call's record shows; no INVITE is made of it.
    init(_ incoming: IncomingCall) {
        requestURI = incoming.calledURI
        to = incoming.to
        from = incoming.caller.uri
        callerNumber = incoming.caller.number
    }
}
