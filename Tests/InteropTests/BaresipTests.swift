import Foundation
import SansIO
import SocketDriver
import Telephony
import Testing

/// Outdial calls baresip, a complete softphone.
@Suite("baresip", .serialized, .timeLimit(.minutes(1)))
struct BaresipTests {
    @Test("baresip answers; its tone is heard here and our tone is recorded there")
    func answersWithAudioBothWays() async throws {
        guard let program = try Stranger.find("baresip") else { return }
        let folder = URL.temporaryDirectory.appending(path: "outdial-baresip-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (baresip, port) = try Stranger.listening(program, in: folder) { port in
            try Self.writeConfiguration(to: folder, port: port)
            return ["-f", folder.path]
        }

        let dialer = Dialer(
            trunk: Trunk(name: "baresip", host: "127.0.0.1", port: port, numbers: ["+15550100"]))
        let outcome = try await withThrowingTaskGroup(of: CallResult<Double>?.self) { group in
            group.addTask {
                try await dialer.run()
                return nil
            }
            group.addTask {
                let result = try await dialer.call(
                    CallRequest(to: "sip:phone@127.0.0.1", ringTimeout: .seconds(5))
                ) { call in
                    try await call.answered()
                    let tone = (0..<32_000).map { Int16(8_000 * sin(Double($0) * 2 * .pi * 1_000 / 16_000)) }
                    try await call.audio.write(tone)
                    var heard: [Int16] = []
                    while heard.count < 32_000, let samples = await call.audio.read() { heard += samples }
                    return Self.share(of: 440, in: heard.suffix(16_000), rateHertz: 16_000)
                }
                await dialer.shutDown()
                return result
            }
            var result: CallResult<Double>?
            while let next = try await group.next() { result = next ?? result }
            return try #require(result)
        }
        #expect(outcome.outcome.disposition == .answered, "\(baresip.output)")
        // baresip's source is a 440 Hz sine: nearly all of the energy heard must be there.
        #expect(try #require(outcome.value) > 0.8)

        let dump = try #require(
            try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .first {
                    $0.lastPathComponent.hasPrefix("dump-") && $0.lastPathComponent.hasSuffix("-dec.wav")
                },
            "baresip recorded nothing: \(baresip.output)")
        let recorded = Self.samples(ofWAV: try Data(contentsOf: dump))
        #expect(recorded.count > 8_000)
        #expect(Self.share(of: 1_000, in: recorded.prefix(16_000)[...], rateHertz: 8_000) > 0.5)
    }

    static func writeConfiguration(to folder: URL, port: UInt16) throws {
        let modules = "/usr/lib/baresip/modules"
        try """
        sip_listen 127.0.0.1:\(port)
        audio_player aufile,\(folder.path)/played.wav
        audio_source ausine,440
        ausrc_srate 48000
        ausrc_channels 2
        net_interface 127.0.0.1
        audio_alert aufile,\(folder.path)/alert.wav
        rtp_ports 10000-19998
        module_path \(modules)
        module g711.so
        module ausine.so
        module aufile.so
        module sndfile.so
        module_app account.so
        module_app menu.so
        snd_path \(folder.path)
        """.write(to: folder.appending(path: "config"), atomically: true, encoding: .utf8)
        try "<sip:phone@127.0.0.1>;regint=0;answermode=auto;audio_codecs=PCMU\n"
            .write(to: folder.appending(path: "accounts"), atomically: true, encoding: .utf8)
        try "".write(to: folder.appending(path: "contacts"), atomically: true, encoding: .utf8)
    }

    /// The share of a signal's energy that lies at one frequency, 0...1 (Goertzel over 100 ms blocks).
    static func share(of hertz: Double, in samples: ArraySlice<Int16>, rateHertz: Double) -> Double {
        let block = Int(rateHertz / 10)
        var at = 0.0
        var total = 0.0
        var start = samples.startIndex
        while start + block <= samples.endIndex {
            let coefficient = 2 * cos(2 * .pi * hertz / rateHertz)
            var (previous, beforeThat, energy) = (0.0, 0.0, 0.0)
            for index in start..<start + block {
                let sample = Double(samples[index])
                energy += sample * sample
                (previous, beforeThat) = (sample + coefficient * previous - beforeThat, previous)
            }
            let power = previous * previous + beforeThat * beforeThat - coefficient * previous * beforeThat
            at += 2 * power / Double(block)
            total += energy
            start += block
        }
        return total > 0 ? at / total : 0
    }

    private static func samples(ofWAV data: Data) -> [Int16] {
        data.dropFirst(44).withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count - 1, by: 2).map {
                Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int16.self))
            }
        }
    }
}
