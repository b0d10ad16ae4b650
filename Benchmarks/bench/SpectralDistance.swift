internal import Foundation
private import RTPMedia

/// A recording of speech.
struct SpeechFile {
    var name: String
    var samples: [Int16]

    /// The WAV files of a folder by name, mono, at the rate asked for; those at other rates are resampled.
    static func all(in folder: URL, at rateHertz: Int, most: Int) throws -> [SpeechFile] {
        var files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasSuffix(".wav") && !$0.hasPrefix("ringback") && !$0.hasPrefix("busy") }
            .filter { !$0.hasPrefix("beep") && !$0.hasPrefix("fax") && !$0.hasPrefix("sit") }
        // Spread over the folder, so that there are several voices among them.
        if files.count > most {
            let step = files.count / most
            files = (0..<most).map { files[$0 * step] }
        }
        return try files.map { name in
            let bytes = [UInt8](try Data(contentsOf: folder.appending(path: name)))
            let file = try WAVFile(parsing: bytes)
            var samples = file.mono
            if file.rateHertz != rateHertz {
                var resampler = try SpeexResampler(
                    from: file.rateHertz, to: rateHertz, quality: 8, start: .aligned)
                var converted: [Int16] = []
                try resampler.resample(samples.span, into: &converted)
                samples = converted
            }
            return SpeechFile(name: String(name.dropLast(4)), samples: samples)
        }
    }
}

/// How far two recordings of the same speech lie apart, at 8 kHz.
enum SpectralDistance {
    private static let window = 256
    private static let step = 160
    /// Bins of 31.25 Hz: 125...3,500 Hz, every second one.
    private static let bins = Array(stride(from: 4, through: 112, by: 2))

    /// Shifts `heard` to where it fits `said` best, and cuts it to its length.
    static func align(_ heard: [Int16], to said: [Int16]) -> [Int16] {
        // On loudness in steps of 1 ms first, then to the sample.
        func loudness(_ samples: [Int16]) -> [Double] {
            stride(from: 0, to: samples.count - 8, by: 8).map { start in
                samples[start..<start + 8].reduce(0.0) { $0 + abs(Double($1)) }
            }
        }
        let (ours, theirs) = (loudness(said), loudness(heard))
        func best(_ candidates: [Int], _ score: (Int) -> Double) -> Int {
            candidates.max { score($0) < score($1) } ?? 0
        }
        let coarse = best(Array(0..<500)) { lag in
            zip(ours, theirs.dropFirst(lag)).reduce(0.0) { $0 + $1.0 * $1.1 }
        }
        let fine = best(Array(max(0, coarse * 8 - 16)...coarse * 8 + 16)) { lag in
            var sum = 0.0
            for index in stride(from: 0, to: min(said.count, heard.count - lag), by: 3) {
                sum += Double(said[index]) * Double(heard[index + lag])
            }
            return sum
        }
        var aligned = Array(heard.dropFirst(fine).prefix(said.count))
        aligned += [Int16](repeating: 0, count: said.count - aligned.count)
        return aligned
    }

    /// Mean over the frames with speech of the root mean square difference of the log spectra.
    static func decibels(of heard: [Int16], from said: [Int16]) -> Double {
        var sum = 0.0
        var frames = 0
        let peak = said.map { abs(Int($0)) }.max() ?? 0
        let least = max(1e4, Double(peak * peak) * 0.001)
        for start in stride(from: 0, through: min(said.count, heard.count) - window, by: step) {
            let range = start..<start + window
            let energy = said[range].reduce(0.0) { $0 + Double($1) * Double($1) } / Double(window)
            guard energy > least else { continue }
            let (first, second) = (spectrum(said[range]), spectrum(heard[range]))
            let squares = zip(first, second).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            sum += (squares / Double(bins.count)).squareRoot()
            frames += 1
        }
        return frames > 0 ? sum / Double(frames) : 0
    }

    private static let tables: [(cosines: [Double], sines: [Double])] = bins.map { bin in
        let angles = (0..<window).map { 2 * Double.pi * Double(bin * $0) / Double(window) }
        let hann = (0..<window).map { 0.5 - 0.5 * cos(2 * .pi * (Double($0) + 0.5) / Double(window)) }
        return (
            zip(angles, hann).map { cos($0) * $1 }, zip(angles, hann).map { sin($0) * $1 }
        )
    }

    /// In decibels, with a floor that keeps the noise of quantising out.
    private static func spectrum(_ samples: ArraySlice<Int16>) -> [Double] {
        let values = samples.map(Double.init)
        return tables.map { table in
            var cosine = 0.0
            var sine = 0.0
            for index in 0..<window {
                cosine += values[index] * table.cosines[index]
                sine += values[index] * table.sines[index]
            }
            return 10 * log10(cosine * cosine + sine * sine + 1e6)
        }
    }
}
