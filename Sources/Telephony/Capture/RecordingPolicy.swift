public import RTPMedia

/// What is kept of a call's audio.
public enum RecordingPolicy: Hashable, Sendable {
    case off
    /// A stereo WAV (agent left, callee right) in this directory, named after the call's id. At 8,000 Hz, or at the agent's rate where the
    /// codec is a wideband one.
    case stereoWAV(directory: String)
    /// Files of another format or layout.
    case files(RecordingSettings)

    /// `nil` for none.
    var settings: RecordingSettings? {
        switch self {
        case .off: nil
        case .stereoWAV(let directory): RecordingSettings(directory: directory)
        case .files(let settings): settings
        }
    }
}

extension RecordingPolicy: Codable {
    private enum CodingKeys: CodingKey { case off, stereoWAV, files }
    private enum WAVKeys: CodingKey { case directory }

    /// Reads `{"off": {}}`, `{"stereoWAV": {"directory": "calls"}}` or `{"files": {"directory": "calls", "format": "opus", …}}`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if container.contains(.off) {
            self = .off
        } else if container.contains(.stereoWAV) {
            let fields = try container.nestedContainer(keyedBy: WAVKeys.self, forKey: .stereoWAV)
            self = .stereoWAV(directory: try fields.decode(String.self, forKey: .directory))
        } else {
            self = .files(try container.decode(RecordingSettings.self, forKey: .files))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .off: _ = container.nestedContainer(keyedBy: WAVKeys.self, forKey: .off)
        case .stereoWAV(let directory):
            var fields = container.nestedContainer(keyedBy: WAVKeys.self, forKey: .stereoWAV)
            try fields.encode(directory, forKey: .directory)
        case .files(let settings): try container.encode(settings, forKey: .files)
        }
    }
}

/// Which files are made of a call's or room's audio.
///
/// In JSON only `directory` has to be there; what is missing has its default.
public struct RecordingSettings: Hashable, Sendable {
    /// What is in which file.
    @nonexhaustive
    public enum Layout: String, Hashable, Sendable, Codable {
        /// One file of two channels: agent left, callee right, aligned to the sample. Of a room: one file of one channel, everybody.
        case stereo
        /// One file of one channel: both, or everybody.
        case mono
        /// A file of one channel for each: `-agent` and `-callee` behind the call's id, aligned to the sample. Of a room: one of everybody, and
        /// one for each participant, which begins with silence until that one joined.
        case separate
    }

    /// Samples per second.
    @nonexhaustive
    public enum Rate: String, Hashable, Sendable, Codable {
        /// 8,000 Hz for a telephone codec, the agent's rate for a wideband one. A file keeps the rate that it began with.
        case automatic
        /// 8,000 Hz.
        case telephone
        /// The agent's rate (``DialerConfiguration/audioRateHertz``), whatever the codec.
        case wide
    }

    /// Where the files go; it has to be there.
    public var directory: String
    /// Others than WAV need an encoder in ``DialerConfiguration/recordingEncoders``.
    public var format: RecordingFormat
    public var layout: Layout
    /// Of a room it is without meaning: it records at its own rate.
    public var rate: Rate

    public init(
        directory: String, format: RecordingFormat = .wav, layout: Layout = .stereo, rate: Rate = .automatic
    ) {
        self.directory = directory
        self.format = format
        self.layout = layout
        self.rate = rate
    }
}

extension RecordingSettings {
    /// Of a file of this name.
    func path(of name: String) -> String { "\(directory)/\(name).\(format.rawValue)" }
}

extension RecordingSettings: Codable {
    private enum CodingKeys: CodingKey { case directory, format, layout, rate }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            directory: try container.decode(String.self, forKey: .directory),
            format: try container.decodeIfPresent(RecordingFormat.self, forKey: .format) ?? .wav,
            layout: try container.decodeIfPresent(Layout.self, forKey: .layout) ?? .stereo,
            rate: try container.decodeIfPresent(Rate.self, forKey: .rate) ?? .automatic)
    }
}

/// A stretch of a recording that is silent because it was paused (``Call/pauseRecording()``).
public struct RecordingPause: Hashable, Sendable, Codable {
    /// Milliseconds from the start of the recording.
    public var startMilliseconds: Int
    /// `nil`: until the end.
    public var endMilliseconds: Int?

    public init(startMilliseconds: Int, endMilliseconds: Int? = nil) {
        self.startMilliseconds = startMilliseconds
        self.endMilliseconds = endMilliseconds
    }
}
