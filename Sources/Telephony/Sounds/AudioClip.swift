internal import RTPMedia

/// A sound to be played to calls and rooms: mono samples at any rate, resampled where it is played.
public struct AudioClip: Hashable, Sendable {
    /// Longest sound in samples: an hour at 48 kHz would be more.
    public static let maximumSamples = 64 * 1_048_576

    public let samples: [Int16]
    /// Samples per second, 1,000...384,000.
    public let rateHertz: Int

    /// - Throws: ``CallError/Code/invalidRequest`` for a rate outside its range, or more than ``maximumSamples``.
    public init(samples: [Int16], rateHertz: Int) throws(CallError) {
        guard (1_000...384_000).contains(rateHertz) else {
            throw CallError(.invalidRequest, "a sound has 1,000 to 384,000 samples a second")
        }
        guard samples.count <= Self.maximumSamples else {
            throw CallError(.invalidRequest, "a sound has \(Self.maximumSamples) samples at most")
        }
        self.samples = samples
        self.rateHertz = rateHertz
    }

    /// A WAV file in memory; of several channels their mean.
    ///
    /// - Throws: `WAVError` with the byte offset, ``CallError``.
    public init(wav bytes: [UInt8]) throws {
        let file = try WAVFile(parsing: bytes)
        try self.init(samples: file.mono, rateHertz: file.rateHertz)
    }

    /// Reads a WAV file of 256 MiB at most. Blocks while it reads: not for the loop of an agent.
    ///
    /// - Throws: ``FileError``, and as ``init(wav:)``.
    public init(contentsOf path: String) throws {
        try self.init(wav: try OwnedFile.read(path, limit: 268_435_456))
    }

    /// The sound at another rate; its length in time stays.
    func samples(rateHertz: Int) throws(CallError) -> [Int16] {
        do throws(SpeexResampler.Failure) {
            return try AudioResampler.converted(samples, from: self.rateHertz, to: rateHertz)
        } catch {
            throw CallError(.invalidRequest, "no conversion from \(self.rateHertz) to \(rateHertz) Hz")
        }
    }
}
