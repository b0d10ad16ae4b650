/// Makes encoders of one file format for recordings: the seam for formats that need a library.
///
/// WAV needs none. Handed to the dialer (`DialerConfiguration.recordingEncoders`); implemented by `OpusRecording` in the target OpusMedia.
public protocol RecordingEncoderProvider: Sendable {
    /// The format, as recordings name it: `opus`.
    var format: RecordingFormat { get }

    /// Called once a file, where blocking is allowed.
    ///
    /// - Parameters:
    ///   - rateHertz: 8,000, 16,000, 24,000 or 48,000.
    ///   - channels: 1 or 2.
    /// - Throws: ``RecordingEncoderError``
    func makeEncoder(rateHertz: Int, channels: Int) throws(RecordingEncoderError) -> any RecordingEncoder
}

/// Turns the samples of one recording into the bytes of a file, from front to back: what was written is never changed, so that a file
/// whose writer was killed can be played to its last whole piece.
///
/// Called from one thread at a time, about once a second.
public protocol RecordingEncoder: AnyObject, Sendable {
    /// Appends what `samples`, interleaved, give; at the first call the file's head too.
    func encode(_ samples: Span<Int16>, into bytes: inout [UInt8]) throws(RecordingEncoderError)
    /// Appends what is left, and the file's end. The last call.
    func finish(into bytes: inout [UInt8]) throws(RecordingEncoderError)
}

/// A file format of recordings.
public enum RecordingFormat: String, Hashable, Sendable, Codable, CaseIterable {
    /// 16-bit PCM, `.wav`.
    case wav
    /// Opus in Ogg (RFC 7845), `.opus`.
    case opus
}

/// The library behind an encoder refused.
public struct RecordingEncoderError: Error, Hashable, Sendable, CustomStringConvertible {
    /// In the library's words.
    public var description: String

    public init(_ description: String) { self.description = description }
}
