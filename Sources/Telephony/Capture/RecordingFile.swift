internal import RTPMedia
internal import SansIO

/// A WAV file on disk that grows while a call goes on: 16-bit PCM, a valid file whenever the process ends.
///
/// Samples are collected and written in pieces of a second or so, each followed by the header for the new length.
/// Its methods may block on the disk: call them through `Driver.runBlocking(lane:_:)`.
public final class RecordingFile: Sendable {
    private struct State {
        var file: BufferedFile
        var stream: WAVStream
        /// Two channels, interleaved, before they are encoded.
        var scratch: [Int16] = []
    }

    // Guards the file and its header, so that appends and the end may come from different threads.
    private let state: Locked<State>
    public let path: String

    /// Creates the file, or empties it; only its owner may read it.
    ///
    /// - Parameter channels: 1, or 2 for agent left and callee right.
    /// - Throws: ``FileError``
    public init(path: String, rateHertz: Int, channels: Int) throws(FileError) {
        let stream = WAVStream(rateHertz: rateHertz, channels: channels)
        let file = try BufferedFile(creating: path, limit: 32_768)
        try file.append { $0 += stream.header }
        try file.flush()
        self.path = path
        state = Locked(State(file: file, stream: stream))
    }

    /// Adds interleaved samples.
    ///
    /// - Throws: ``FileError`` when a piece cannot be written; that piece is lost, what was written stays valid.
    public func append(_ samples: Span<Int16>) throws(FileError) {
        try state.withLock { (state) throws(FileError) in try Self.append(samples, to: &state) }
    }

    /// Adds samples to both channels of a stereo file; the shorter one is filled up with silence.
    ///
    /// - Throws: As ``append(_:)``.
    public func append(left: Span<Int16>, right: Span<Int16>) throws(FileError) {
        try state.withLock { (state) throws(FileError) in
            var scratch = state.scratch
            state.scratch = []
            defer { state.scratch = scratch }
            let wanted = 2 * max(left.count, right.count)
            if scratch.count < wanted {
                scratch += repeatElement(0, count: wanted - scratch.count)
            }
            var target = scratch.mutableSpan
            let count = Mixer.interleave(left: left, right: right, into: &target)
            try Self.append(scratch.span.extracting(0..<count), to: &state)
        }
    }

    /// Writes everything that was added, and the final header. More may be added afterwards.
    ///
    /// - Returns: Length of the recording in samples per channel.
    /// - Throws: ``FileError``
    @discardableResult
    public func finish() throws(FileError) -> Int {
        try state.withLock { (state) throws(FileError) in
            try state.file.flush()
            try state.file.overwrite(state.stream.header, at: 0)
            return Int(clamping: state.stream.dataBytes) / (2 * state.stream.channels)
        }
    }

    private static func append(_ samples: Span<Int16>, to state: inout State) throws(FileError) {
        state.stream.append(byteCount: 2 * samples.count)
        let isWritten = try state.file.append { WAVStream.encode(samples, into: &$0) }
        if isWritten { try state.file.overwrite(state.stream.header, at: 0) }
    }
}
