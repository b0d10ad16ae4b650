internal import RTPMedia
internal import SansIO

/// Where the frames of one recorded file go: from a media engine's loop to the task that writes it.
///
/// What has come is on the disk about a second later, in a file that is whole up to there: a process that is killed leaves one that can be
/// played.
final class RecordingTrack: Sendable {
    /// Batches that may wait for a slow disk, about a second each; beyond it the recording ends.
    static let limit = 30

    /// What is added to the file in one go.
    enum Batch: Sendable {
        /// Interleaved.
        case samples([Int16])
        /// So many samples of silence in each channel.
        case silence(Int)
    }

    let path: String
    let channels: Int
    /// `nil`: WAV.
    private let encoder: (any RecordingEncoderProvider)?
    private let batches = Mailbox<Batch>()

    private struct State {
        var rateHertz = 8_000
        var hasOverflowed = false
    }

    // Guards what the engine sets and the writer reads.
    private let state = Locked(State())

    /// - Parameter name: Of the file, without directory and ending.
    init(
        _ settings: RecordingSettings, name: String, channels: Int,
        encoders: [any RecordingEncoderProvider]
    ) {
        path = settings.path(of: name)
        self.channels = channels
        encoder = encoders.first { $0.format == settings.format }
    }

    /// True once the disk was too slow.
    var hasOverflowed: Bool { state.withLock { $0.hasOverflowed } }

    /// Before the first batch.
    func setRate(hertz: Int) { state.withLock { $0.rateHertz = hertz } }

    /// - Returns: False when the recording is over, for good.
    func put(_ batch: Batch) -> Bool {
        guard batches.count < Self.limit else {
            state.withLock { $0.hasOverflowed = true }
            batches.finish()
            return false
        }
        return batches.put(batch)
    }

    /// No more is recorded.
    func finish() { batches.finish() }

    /// Writes what comes until there is no more; the file is made with the first of it, and whole in the end.
    ///
    /// - Returns: What went wrong, in words; `nil` as a rule. What was written stays.
    func write(through driver: any Driver) async -> String? {
        do {
            var file: (any RecordedFile)?
            while let batch = await batches.next() {
                file = try await driver.runBlocking(lane: path) { [file] in
                    let file = try file ?? self.open()
                    try Self.write(batch, channels: self.channels, to: file)
                    return file
                }
            }
            guard let file else { return nil }
            try await driver.runBlocking(lane: path) { try file.close() }
            return hasOverflowed ? "the disk is too slow" : nil
        } catch {
            finish()
            return switch error {
            case let error as FileError: "cannot \(error.operation.rawValue) the file: \(error.reason)"
            case let error as RecordingEncoderError: "cannot encode: \(error)"
            default: "no file"
            }
        }
    }

    private func open() throws -> any RecordedFile {
        let rate = state.withLock { $0.rateHertz }
        guard let encoder else { return try RecordingFile(path: path, rateHertz: rate, channels: channels) }
        return try EncodedFile(path: path, encoder: encoder.makeEncoder(rateHertz: rate, channels: channels))
    }

    private static func write(_ batch: Batch, channels: Int, to file: any RecordedFile) throws {
        switch batch {
        case .samples(let samples): try file.add(samples)
        case .silence(var count):
            let piece = 8_000
            let silence = [Int16](repeating: 0, count: piece * channels)
            while count > 0 {
                try file.add(Array(silence.prefix(min(count, piece) * channels)))
                count -= piece
            }
        }
    }
}

/// A file that grows; its methods may block.
protocol RecordedFile: Sendable {
    /// Adds interleaved samples and leaves the file whole.
    func add(_ samples: [Int16]) throws
    /// The last call.
    func close() throws
}

extension RecordingFile: RecordedFile {
    func add(_ samples: [Int16]) throws {
        try append(samples.span)
        try finish()
    }

    func close() throws { try finish() }
}

/// A file in a format that only grows at its end.
final class EncodedFile: RecordedFile {
    private struct State {
        var file: BufferedFile
        var bytes: [UInt8] = []
    }

    private let encoder: any RecordingEncoder
    // Guards the file, so that pieces may come from different threads.
    private let state: Locked<State>

    /// - Throws: ``FileError``
    init(path: String, encoder: any RecordingEncoder) throws {
        self.encoder = encoder
        state = Locked(State(file: try BufferedFile(creating: path, limit: 65_536)))
    }

    func add(_ samples: [Int16]) throws {
        try state.withLock { state in
            state.bytes.removeAll(keepingCapacity: true)
            try encoder.encode(samples.span, into: &state.bytes)
            try Self.write(state)
        }
    }

    func close() throws {
        try state.withLock { state in
            state.bytes.removeAll(keepingCapacity: true)
            try encoder.finish(into: &state.bytes)
            try Self.write(state)
        }
    }

    private static func write(_ state: State) throws {
        try state.file.append { $0 += state.bytes }
        try state.file.flush()
    }
}
