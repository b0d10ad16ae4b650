internal import SansIO

/// Where the frames of one call's recording go: from the media engine's loop to the task that writes the file.
final class RecordingTrack: Sendable {
    /// Batches that may wait for a slow disk, about a second each; beyond it the recording ends.
    static let limit = 30
    static let rateHertz = 8_000

    let path: String
    private let batches = Mailbox<[Int16]>()
    // Guards the flag that the engine sets and the writer reads.
    private let overflow = Locked(false)

    /// - Returns: `nil` when nothing is to be recorded.
    init?(_ policy: RecordingPolicy, id: CallID) {
        guard case .stereoWAV(let directory) = policy else { return nil }
        path = "\(directory)/\(id.fileName).wav"
    }

    /// True once the disk was too slow.
    var hasOverflowed: Bool { overflow.withLock { $0 } }

    /// - Parameter samples: Agent and callee in turn.
    /// - Returns: False when the recording is over, for good.
    func put(_ samples: [Int16]) -> Bool {
        guard batches.count < Self.limit else {
            overflow.withLock { $0 = true }
            batches.finish()
            return false
        }
        return batches.put(samples)
    }

    /// No more is recorded.
    func finish() { batches.finish() }

    /// Writes what comes until the call is over; the file is made with the first of it, and whole in the end.
    ///
    /// - Throws: ``FileError``; what was written stays.
    func write(through driver: any Driver) async throws {
        var file: RecordingFile?
        while let batch = await batches.next() {
            file = try await driver.runBlocking(lane: path) { [file, path] in
                let file =
                    try file ?? RecordingFile(path: path, rateHertz: Self.rateHertz, channels: 2)
                try file.append(batch.span)
                return file
            }
        }
        guard let file else { return }
        _ = try await driver.runBlocking(lane: path) { try file.finish() }
    }
}

/// The recorder port of one call: pairs the two sides of each tick and hands them on about once a second.
struct CallRecorder {
    private static let batchSamples = 50 * 160 * 2

    private let track: RecordingTrack
    private var batch: [Int16] = []
    private var isBroken = false
    /// Whether there is anything to make a file of.
    private(set) var hasAudio = false

    init(track: RecordingTrack) {
        self.track = track
        batch.reserveCapacity(Self.batchSamples)
    }

    /// Both frames have 160 samples, of the same tick.
    mutating func append(agent: Span<Int16>, callee: Span<Int16>) {
        guard !isBroken else { return }
        hasAudio = true
        for index in 0..<min(agent.count, callee.count) {
            batch.append(agent[index])
            batch.append(callee[index])
        }
        guard batch.count >= Self.batchSamples else { return }
        isBroken = !track.put(batch)
        batch = []
        batch.reserveCapacity(Self.batchSamples)
    }

    mutating func finish() {
        if !isBroken, !batch.isEmpty { isBroken = !track.put(batch) }
        track.finish()
    }
}
