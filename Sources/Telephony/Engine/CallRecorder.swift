internal import RTPMedia

/// The files of one call's recording, as its engine and its writers share them.
struct CallRecording: Sendable {
    let settings: RecordingSettings
    /// One, or agent's and callee's.
    let tracks: [RecordingTrack]

    /// - Returns: `nil` when nothing is to be recorded.
    init?(_ policy: RecordingPolicy, id: CallID, encoders: [any RecordingEncoderProvider] = []) {
        guard let settings = policy.settings else { return nil }
        self.settings = settings
        func track(_ suffix: String, channels: Int) -> RecordingTrack {
            RecordingTrack(settings, name: id.fileName + suffix, channels: channels, encoders: encoders)
        }
        tracks =
            switch settings.layout {
            case .stereo: [track("", channels: 2)]
            case .mono: [track("", channels: 1)]
            case .separate: [track("-agent", channels: 1), track("-callee", channels: 1)]
            }
    }

    var paths: [String] { tracks.map(\.path) }

    /// No more is recorded. Any number of times.
    func finish() { for track in tracks { track.finish() } }
}

extension RecordingPolicy {
    /// - Throws: ``CallError/Code/invalidRequest`` for a format without encoder.
    func check(_ encoders: [any RecordingEncoderProvider]) throws(CallError) {
        guard let settings, settings.format != .wav else { return }
        guard encoders.contains(where: { $0.format == settings.format }) else {
            throw CallError(
                .invalidRequest,
                "recordings as \(settings.format.rawValue) need an encoder in DialerConfiguration.recordingEncoders"
            )
        }
    }
}

/// Collects the frames of one track and hands them on about once a second.
struct RecorderPort {
    private let track: RecordingTrack
    private let batchSamples: Int
    private var batch: [Int16] = []
    private(set) var isBroken = false

    /// - Parameter rateHertz: Samples per second and channel.
    init(_ track: RecordingTrack, rateHertz: Int) {
        self.track = track
        batchSamples = rateHertz * track.channels
        track.setRate(hertz: rateHertz)
        batch.reserveCapacity(batchSamples)
    }

    /// One channel.
    mutating func append(_ frame: [Int16]) {
        guard !isBroken else { return }
        batch.append(contentsOf: frame)
        handOn()
    }

    /// Two channels.
    mutating func append(left: [Int16], right: [Int16]) {
        guard !isBroken else { return }
        for index in 0..<min(left.count, right.count) {
            batch.append(left[index])
            batch.append(right[index])
        }
        handOn()
    }

    /// Both in one channel.
    mutating func append(sumOf left: [Int16], _ right: [Int16]) {
        guard !isBroken else { return }
        for index in 0..<min(left.count, right.count) {
            batch.append(SoftLimiter.limited(Int32(left[index]) + Int32(right[index])))
        }
        handOn()
    }

    /// - Parameter samples: Of each channel.
    mutating func appendSilence(samples: Int) {
        guard !isBroken, samples > 0 else { return }
        for _ in 0..<samples * track.channels { batch.append(0) }
        handOn()
    }

    /// What lies before the first frame.
    mutating func begin(withSilence samples: Int) {
        if samples > 0 { isBroken = !track.put(.silence(samples)) }
    }

    private mutating func handOn() {
        guard batch.count >= batchSamples else { return }
        isBroken = !track.put(.samples(batch))
        batch = []
        batch.reserveCapacity(batchSamples)
    }

    mutating func finish() {
        if !isBroken, !batch.isEmpty { isBroken = !track.put(.samples(batch)) }
        track.finish()
    }
}

/// The recorder of one call: pairs the two sides of each tick.
struct CallRecorder {
    /// Pauses that are noted; later ones are made, not noted.
    private static let pauseLimit = 1_000

    private let recording: CallRecording
    private var ports: [RecorderPort] = []
    private var isWide = false
    private var silence: [Int16] = []
    private var frames = 0
    private(set) var isPaused = false
    private(set) var pauses: [RecordingPause] = []

    /// Whether there is anything to make files of.
    var hasAudio: Bool { frames > 0 }
    var paths: [String] { recording.paths }

    init(_ recording: CallRecording) { self.recording = recording }

    /// Takes both sides of a tick.
    ///
    /// - Parameters:
    ///   - isWideband: Whether the codec is.
    ///   - sendsDigits: Keys are sent in place of ``FrameBuffers/wideOut``.
    mutating func append(_ buffers: FrameBuffers, isWideband: Bool, sendsDigits: Bool) {
        if ports.isEmpty { begin(wideSamples: buffers.wideIn.count, isWideband: isWideband) }
        frames += 1
        guard !isPaused else {
            for index in ports.indices { ports[index].appendSilence(samples: silence.count) }
            return
        }
        let callee = isWide ? buffers.wideIn : buffers.narrowIn
        let agent = isWide ? (sendsDigits ? silence : buffers.wideOut) : buffers.narrowOut
        switch recording.settings.layout {
        case .stereo: ports[0].append(left: agent, right: callee)
        case .mono: ports[0].append(sumOf: agent, callee)
        case .separate:
            ports[0].append(agent)
            ports[1].append(callee)
        }
    }

    private mutating func begin(wideSamples: Int, isWideband: Bool) {
        switch recording.settings.rate {
        case .automatic: isWide = isWideband && wideSamples > 160
        case .telephone: isWide = false
        case .wide: isWide = true
        }
        let samples = isWide ? wideSamples : 160
        silence = [Int16](repeating: 0, count: samples)
        ports = recording.tracks.map { RecorderPort($0, rateHertz: samples * 50) }
    }

    /// - Returns: Whether that is a change.
    mutating func setPaused(_ pauses: Bool) -> Bool {
        guard pauses != isPaused else { return false }
        isPaused = pauses
        if pauses {
            guard self.pauses.count < Self.pauseLimit else { return true }
            self.pauses.append(RecordingPause(startMilliseconds: frames * 20))
        } else if let last = self.pauses.indices.last, self.pauses[last].endMilliseconds == nil {
            self.pauses[last].endMilliseconds = frames * 20
        }
        return true
    }

    mutating func finish() {
        for index in ports.indices { ports[index].finish() }
        recording.finish()
    }
}
