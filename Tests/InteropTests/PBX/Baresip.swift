import Foundation
import SIPCore
import SansIO
import Testing

/// baresip, which says 440 Hz, answers by itself and does what it is told over its control port.
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
    /// - Returns: `nil` when it is not installed.
    init?(
        account: String = "<sip:phone@127.0.0.1>;regint=0", certificate: String? = nil,
        authority: String? = nil
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
            audio_source ausine,440
            ausrc_srate 48000
            ausrc_channels 2
            net_interface 127.0.0.1
            audio_alert aufile,\(folder.path("alert.wav"))
            rtp_ports 20000-29998
            module_path /usr/lib/baresip/modules
            module g711.so
            module ausine.so
            module aufile.so
            module sndfile.so
            module_app account.so
            module_app menu.so
            module_app ctrl_tcp.so
            ctrl_tcp_listen 127.0.0.1:\(controlPort)
            snd_path \(folder.url.path)
            """.write(toFile: folder.path("config"), atomically: true, encoding: .utf8)
            try "\(account);answermode=auto;audio_codecs=PCMU\n"
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

    /// What it has heard in its calls so far, at 8 kHz.
    func heard() throws -> [Int16] {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        let dump = try #require(
            files.first { $0.hasPrefix("dump-") && $0.hasSuffix("-dec.wav") },
            "baresip recorded nothing: \(output)")
        let data = try Data(contentsOf: folder.url.appending(path: dump))
        return data.dropFirst(44).withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count - 1, by: 2).map {
                Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int16.self))
            }
        }
    }
}
