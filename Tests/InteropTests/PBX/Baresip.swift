import Foundation
import SIPCore
import SansIO
import Telephony
import Testing

/// baresip, which says a tone, answers by itself and does what it is told over its control port.
final class Baresip: Sendable {
    /// UDP and TCP; TLS one above.
    let port: UInt16
    private let stranger: Stranger
    private let folder: TemporaryFolder
    private let controlPort: UInt16

    /// - Parameters:
    ///   - account: Its address and parameters; `PORT` becomes the port that it listens on.
    ///   - certificate: PEM of a chain and its key, for TLS.
    ///   - authority: PEM of whom it trusts.
    ///   - hertz: Its tone.
    ///   - codecs: Those that it offers, as it writes them.
    ///   - modules: What it needs for them.
    /// - Returns: `nil` when it is not installed.
    init?(
        account: String = "<sip:phone@127.0.0.1>;regint=0", certificate: String? = nil,
        authority: String? = nil, hertz: Int = 440, codecs: String = "PCMU", modules: [String] = ["g711.so"]
    ) throws {
        guard let program = try Stranger.find("baresip") else { return nil }
        let folder = try TemporaryFolder()
        let controlPort = try Stranger.freePort()
        (stranger, port) = try Stranger.listening(program, in: folder.url) { port in
            let security = [
                certificate.map { "sip_certificate \($0)" }, authority.map { "sip_cafile \($0)" },
            ].compactMap { $0 }.joined(separator: "\n")
            try """
            sip_listen 127.0.0.1:\(port)
            \(security)
            audio_player aufile,\(folder.path("played.wav"))
            audio_source ausine,\(hertz)
            ausrc_srate 48000
            ausrc_channels 2
            net_interface 127.0.0.1
            audio_alert aufile,\(folder.path("alert.wav"))
            rtp_ports 10000-19998
            module_path /usr/lib/baresip/modules
            \(modules.map { "module \($0)" }.joined(separator: "\n"))
            module ausine.so
            module aufile.so
            module sndfile.so
            module srtp.so
            module_app account.so
            module_app menu.so
            module_app ctrl_tcp.so
            ctrl_tcp_listen 127.0.0.1:\(controlPort)
            snd_path \(folder.url.path)
            """.write(toFile: folder.path("config"), atomically: true, encoding: .utf8)
            try "\(account);answermode=auto;audio_codecs=\(codecs)\n"
                .write(toFile: folder.path("accounts"), atomically: true, encoding: .utf8)
            try "".write(toFile: folder.path("contacts"), atomically: true, encoding: .utf8)
            return ["-f", folder.url.path]
        }
        self.folder = folder
        self.controlPort = controlPort
    }

    var output: String { stranger.output }

    /// Runs a command of its menu: `dial` with a URI, `hangup`.
    func run(_ command: String, _ parameters: String = "") throws {
        let message = #"{"command":"\#(command)","params":"\#(parameters)","token":"t"}"#
        // It may be about to open its control port still.
        let deadline = Date().addingTimeInterval(10)
        while true {
            if let stream = try? LoopbackStream(port: controlPort) {
                stream.send("\(message.utf8.count):\(message),")
                _ = stream.receive()
                return
            }
            if Date() >= deadline { throw Stranger.Missing(description: "no control port: \(output)") }
            usleep(50_000)
        }
    }

    /// Lets a dialer call it, waits until the agent has heard it, and hangs up.
    ///
    /// - Parameter talk: An agent that stays on.
    func isCalled(
        by dialer: Dialer, at uri: String = "sip:phone@127.0.0.1", _ talk: ToneTalk
    ) async throws -> CallOutcome {
        try await dialer.serving { dialer in
            async let outcome = dialer.placeCall(
                CallRequest(to: uri, ringTimeout: .seconds(10)), handler: talk, onDialing: { _ in })
            _ = try await eventually(15) { talk.shares.withLock { !$0.isEmpty } }
            try self.run("hangup")
            return try await outcome
        }
    }

    /// What it has heard in its calls so far, at 8 kHz.
    func heard() throws -> [Int16] { try recording().samples }

    /// The same at the rate that its codec has.
    func recording() throws -> (samples: [Int16], rateHertz: Int) {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        let dump = try #require(
            files.first { $0.hasPrefix("dump-") && $0.hasSuffix("-dec.wav") },
            "baresip recorded nothing: \(output)")
        let data = try Data(contentsOf: folder.url.appending(path: dump))
        return data.withUnsafeBytes { bytes in
            let rate = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt32.self)))
            let channels = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 22, as: UInt16.self)))
            let samples = stride(from: 44, to: bytes.count - 1, by: 2 * max(channels, 1)).map {
                Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int16.self))
            }
            return (samples, rate)
        }
    }
}
