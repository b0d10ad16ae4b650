internal import RTPMedia

/// A request with every default filled in and every limit checked.
struct CallPlan: Sendable {
    var request: CallRequest
    /// The trunks that can carry it, by index; never empty, but for an inbound call.
    var trunks: [Int]
    /// Longest wait for a place on one of them.
    var queueTimeout: Duration
    var ringTimeout: Duration
    var maximumDuration: Duration
    var recording: RecordingPolicy
    var audioRateHertz: Int
    var audioProcessing: VoiceProcessing

    /// - Throws: ``CallError/Code/invalidRequest``, naming the field.
    init(
        _ request: CallRequest, trunks: [Trunk], configuration: DialerConfiguration, handlerRate: Int?
    ) throws(CallError) {
        if let id = request.id {
            guard (1...128).contains(id.rawValue.utf8.count) else {
                throw CallError(.invalidRequest, "`id` has 1 to 128 characters")
            }
        }
        ringTimeout = request.ringTimeout ?? configuration.ringTimeout
        guard ringTimeout > .zero, ringTimeout <= .seconds(3_600) else {
            throw CallError(.invalidRequest, "`ringTimeout` is more than 0 and at most 3,600 seconds")
        }
        maximumDuration = request.maximumDuration ?? configuration.maximumDuration
        guard maximumDuration >= .seconds(30), maximumDuration <= .seconds(3_600) else {
            throw CallError(.invalidRequest, "`maximumDuration` is 30 to 3,600 seconds")
        }
        audioRateHertz = request.audioRateHertz ?? handlerRate ?? configuration.audioRateHertz
        guard [8_000, 16_000, 24_000, 48_000].contains(audioRateHertz) else {
            throw CallError(.invalidRequest, "`audioRateHertz` is 8,000, 16,000, 24,000 or 48,000")
        }
        queueTimeout = request.queueTimeout ?? configuration.queueTimeout
        guard queueTimeout >= .zero, queueTimeout <= .seconds(3_600) else {
            throw CallError(.invalidRequest, "`queueTimeout` is 0 to 3,600 seconds")
        }
        recording = request.recording ?? configuration.recording
        try recording.check(configuration.recordingEncoders)
        audioProcessing = request.audioProcessing ?? configuration.audioProcessing
        if let fault = audioProcessing.fault { throw CallError(.invalidRequest, fault) }
        self.trunks = try Self.suitable(trunks, for: request)
        self.request = request
    }

    /// - Throws: What keeps the first of them from carrying it, when none can.
    private static func suitable(_ trunks: [Trunk], for request: CallRequest) throws(CallError) -> [Int] {
        var suitable: [Int] = []
        var refusal: CallError?
        if let name = request.trunk, !trunks.contains(where: { $0.name == name }) {
            throw CallError(.invalidRequest, "`trunk` is the name of no trunk")
        }
        for (index, trunk) in trunks.enumerated() where trunk.name == request.trunk ?? trunk.name {
            guard trunk.owns(request.from) else {
                refusal =
                    refusal
                    ?? CallError(
                        .invalidRequest, "`from` is no number that a trunk owns, nor one verified for it")
                continue
            }
            do throws(CallError) {
                _ = try DialPlan(request, trunk: trunk, turn: 0)
                suitable.append(index)
            } catch {
                refusal = refusal ?? error
            }
        }
        if suitable.isEmpty { throw refusal ?? CallError(.invalidRequest, "the dialer has no trunk") }
        return suitable
    }
}

extension Trunk {
    /// Whether a call over it may show this number; `nil`: one of its own.
    func owns(_ number: String?) -> Bool {
        guard let number else { return true }
        let wanted = PhoneDigits.bare(number)
        return (numbers + verifiedNumbers).contains { PhoneDigits.bare($0) == wanted }
    }
}
