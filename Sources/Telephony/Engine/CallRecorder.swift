internal import SansIO

/// Where the frames of one call's recording go: from the media engine's loop to the task that writes the file.
final class RecordingTrack: Sendable {
    /// Batches that may wait for a slow disk, about a second each; beyond it the recording ends.
    static let limit = 30

    let path: String
    private let batches = Mailbox<[Int16]>()

    /// - Returns: `nil` when nothing is to be recorded.
    init?(_ policy: RecordingPolicy, id: CallID) {
        guard case .stereoWAV(let directory) = policy else { return nil }
        path = "\(directory)/\(Self.fileName(id)).wav"
    }

    /// The id with everything but letters, digits, `.`, `_` and `-` replaced: ids come from callers too.
    private static func fileName(_ id: CallID) -> String {
        let name = String(
            id.rawValue.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" })
        return name.hasPrefix(".") ? "_" + name.dropFirst() : name
    }

    /// - Parameter samples: Agent and callee in turn, at 8 kHz.
    /// - Returns: False when the recording is over, for good.
    func put(_ samples: [Int16]) -> Bool {
        guard batches.count < Self.limit else {
            batches.finish()
            return false
        }
        return batches.put(samples)
    }

    func finish() { batches.finish() }

    func next() async -> [Int16]? { await batches.next() }
}

/// The recorder port of one call: pairs the two sides of each tick and hands them on about once a second.
struct CallRecorder {
    private static let batchSamples = 50 * 160 * 2

    private let track: RecordingTrack
    private var batch: [Int16] = []
    private(set) var isBroken = false

    init(track: RecordingTrack) {
        self.track = track
        batch.reserveCapacity(Self.batchSamples)
    }

    /// Both frames have 160 samples, of the same tick.
    mutating func append(agent: Span<Int16>, callee: Span<Int16>) {
        guard !isBroken else { return }
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
