private import Foundation
private import RTPMedia
private import SansIO

/// `bench --quality [DIR [OUT]]`: what speech sounds like after the whole path of two legs, with and without loss and jitter.
///
/// Speech is sent by one leg over a seeded network to another. The measure is the log-spectral distance of what is heard
/// from what was said, in decibels, over the frames with speech; with OUT the pairs are left there as WAV files with
/// a list, for `Benchmarks/pesq.py`.
enum QualityBench {
    struct Network {
        var name: String
        var loss = 0.0
        /// Mean length of a run of lost packets.
        var burst = 1.0
        /// Greatest extra delay, uniformly drawn.
        var jitter = Duration.zero
    }

    private static let networks = [
        Network(name: "clean"), Network(name: "loss 1 %", loss: 0.01), Network(name: "loss 3 %", loss: 0.03),
        Network(name: "loss 5 %", loss: 0.05), Network(name: "loss 10 %", loss: 0.10),
        Network(name: "bursts 3 %", loss: 0.03, burst: 3), Network(name: "bursts 10 %", loss: 0.10, burst: 3),
        Network(name: "jitter 40 ms", jitter: .milliseconds(40)),
        Network(name: "jitter, 3 %", loss: 0.03, jitter: .milliseconds(40)),
    ]

    /// - Parameters:
    ///   - folder: WAV files of speech; `nil` for the project's test data.
    ///   - output: Folder for the pairs.
    /// - Returns: The exit code.
    static func run(folder: String?, output: String?) -> Int32 {
        let root = ProcessInfo.processInfo.environment["OUTDIAL_TESTDATA"] ?? "../shared/testdata"
        let folder = URL(filePath: folder ?? root + "/amd")
        do {
            let speech = try SpeechFile.all(in: folder, at: 8_000, most: 12)
            print(
                "\(speech.count) recordings of \(folder.path); log-spectral distance in dB, frames made up in %"
            )
            var list = ""
            for codec in [AudioCodecKind.pcmu, .pcma] {
                print("\n\(codec.rawValue)")
                for network in networks {
                    var distances: [Double] = []
                    var concealed = 0
                    var frames = 0
                    for (index, file) in speech.enumerated() {
                        let path = try SpeechPath(codec: codec, network: network, seed: UInt64(index + 1))
                        let heard = try path.carry(file.samples)
                        let aligned = SpectralDistance.align(heard, to: file.samples)
                        distances.append(SpectralDistance.decibels(of: aligned, from: file.samples))
                        concealed += path.concealed
                        frames += path.frames
                        guard let output else { continue }
                        let name = "\(codec.rawValue)-\(network.name)-\(file.name)"
                            .replacing(" ", with: "_").replacing("%", with: "pc").replacing(",", with: "")
                        try write(file.samples, aligned, as: name, in: URL(filePath: output))
                        list += "\(codec.rawValue),\(network.name.replacing(",", with: "")),\(name)\n"
                    }
                    let mean = distances.reduce(0, +) / Double(max(1, distances.count))
                    let share = 100 * Double(concealed) / Double(max(1, frames))
                    print(
                        "  " + network.name.padding(toLength: 14, withPad: " ", startingAt: 0)
                            + String(format: "%6.2f dB  %5.2f %%", mean, share))
                }
            }
            if let output {
                try Data(list.utf8).write(to: URL(filePath: output).appending(path: "pairs.csv"))
                print("\npairs in \(output); score them with Benchmarks/pesq.py \(output)")
            }
            return 0
        } catch {
            FileHandle.standardError.write(Data("bench: \(folder.path): \(error)\n".utf8))
            return 1
        }
    }

    private static func write(
        _ said: [Int16], _ heard: [Int16], as name: String, in folder: URL
    ) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (suffix, samples) in [("said", said), ("heard", heard)] {
            let bytes = WAVFile(rateHertz: 8_000, samples: samples).bytes
            try Data(bytes).write(to: folder.appending(path: "\(name).\(suffix).wav"))
        }
    }
}

/// Two legs and a network of seeded faults between them; one talks, one listens.
private final class SpeechPath {
    private let talker: AudioLeg
    private let listener: AudioLeg
    private let network: QualityBench.Network
    private var generator: SeededGenerator
    private var isLosing = false
    private(set) var concealed = 0
    private(set) var frames = 0
    private static let here = SocketAddress(ipv4: 0x0A00_0001, port: 4_000)
    private static let there = SocketAddress(ipv4: 0x0A00_0002, port: 4_000)

    init(codec: AudioCodecKind, network: QualityBench.Network, seed: UInt64) throws {
        self.network = network
        generator = SeededGenerator(seed: seed, label: "network")
        var entropy = SeededGenerator(seed: seed, label: "legs")
        let start = MonotonicInstant(nanoseconds: 0)
        func leg(_ remote: SocketAddress) throws -> AudioLeg {
            let type = codec.staticPayloadType ?? 96
            let negotiated = NegotiatedAudio(
                codec: codec, sendPayloadType: type, sendEventPayloadType: nil, receivePayloadType: type,
                receiveEventPayloadType: nil, remoteRTP: remote, remoteRTCP: remote.with(port: 4_001),
                direction: .sendrecv)
            return try AudioLeg(
                configuration: .init(negotiated: negotiated, rateHertz: 8_000, canonicalName: "bench"),
                generator: &entropy, at: start)
        }
        talker = try leg(Self.there)
        listener = try leg(Self.here)
    }

    /// - Returns: What is heard, with a second more than was said.
    func carry(_ samples: [Int16]) throws -> [Int16] {
        var flights: [(arrival: MonotonicInstant, bytes: [UInt8])] = []
        var heard: [Int16] = []
        var packet = OwnedBytes(capacity: 2_048)
        var narrow = [Int16](repeating: 0, count: 160)
        var wide = narrow
        var now = MonotonicInstant(nanoseconds: 0)
        for start in stride(from: 0, through: samples.count + 8_000, by: 160) {
            let due = flights.filter { $0.arrival <= now }.sorted { $0.arrival < $1.arrival }
            flights.removeAll { $0.arrival <= now }
            for flight in due {
                listener.receiveRTP(flight.bytes.span.bytes, from: Self.here, at: flight.arrival)
            }
            do {
                var narrowSpan = narrow.mutableSpan
                var wideSpan = wide.mutableSpan
                let kind = listener.pullFrame(narrow: &narrowSpan, wide: &wideSpan, at: now)
                frames += 1
                if kind == .concealed { concealed += 1 }
            }
            heard += wide
            let end = min(samples.count, start + 160)
            var frame = start < end ? Array(samples[start..<end]) : []
            frame += [Int16](repeating: 0, count: 160 - frame.count)
            var narrowSpan = narrow.mutableSpan
            if talker.pushFrame(frame.span, narrow: &narrowSpan, at: now, into: &packet), !isLost() {
                let extra = Double(network.jitter.nanoseconds) * generator.nextUnit()
                flights.append(
                    (
                        now.advanced(by: .milliseconds(30) + .nanoseconds(Int64(extra))),
                        packet.bytes.withUnsafeBytes { Array($0) }
                    ))
            }
            now = now.advanced(by: .milliseconds(20))
        }
        return heard
    }

    /// Gilbert's model: runs of lost packets of a mean length.
    private func isLost() -> Bool {
        guard network.loss > 0 else { return false }
        let leave = 1 / network.burst
        let enter = network.loss / (1 - network.loss) * leave
        isLosing = isLosing ? !generator.chance(leave) : generator.chance(enter)
        return isLosing
    }
}
