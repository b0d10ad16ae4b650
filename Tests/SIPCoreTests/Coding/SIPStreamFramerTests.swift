import SIPCore
import SansIO
import TestSupport
import Testing

@Suite("Framing of streams, RFC 3261 §18.3 and RFC 5626 §4.4.1")
struct SIPStreamFramerTests {
    /// What a stream consists of, as text.
    private static func items(_ pieces: [[UInt8]], limits: SIPStreamFramer.Limits = .init()) -> [String] {
        var framer = SIPStreamFramer(limits: limits)
        var items: [String] = []
        for piece in pieces {
            framer.append(piece.span.bytes)
            do throws(SIPStreamFramer.Failure) {
                while let item = try framer.next() {
                    switch item {
                    case .message(let range):
                        let text = framer.bytes.extracting(range).withUnsafeBytes { Array($0) }
                        items.append(String(decoding: text, as: UTF8.self))
                    case .ping: items.append("ping")
                    case .pong: items.append("pong")
                    }
                }
            } catch {
                items.append("\(error.kind) at \(error.offset)")
                return items
            }
        }
        return items
    }

    private static func items(_ text: String, limits: SIPStreamFramer.Limits = .init()) -> [String] {
        items([Array(text.utf8)], limits: limits)
    }

    private static let ok = "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"

    @Test(
        "Messages end where Content-Length says, in long and compact form, any case, folded, with white space"
    )
    func lengths() {
        let messages = [
            "A b SIP/2.0\r\nContent-Length: 3\r\n\r\nabc", "A b SIP/2.0\r\nl:2\r\n\r\n\r\n",
            "A b SIP/2.0\r\nX: y\r\nCONTENT-length \t:\r\n  1\r\nZ: 1\r\n\r\nq",
            "A b SIP/2.0\r\nL : 4 \r\nContent-Length: 4\r\n\r\n\r\n\r\n", "A b SIP/2.0\nl: 1\n\nx", Self.ok,
        ]
        #expect(Self.items(messages.joined()) == messages)
    }

    @Test("A name that only begins or ends like Content-Length is another header field")
    func otherNames() {
        let message = "A b SIP/2.0\r\nContent-Length-X: 9\r\nX-Content-Length: 9\r\nLx: 9\r\nl: 1\r\n\r\nz"
        #expect(Self.items(message) == [message])
    }

    @Test("Two line breaks between messages are a ping, one is a pong, and neither belongs to a message")
    func keepAlive() {
        #expect(Self.items("\r\n\r\n") == ["pong", "ping"])
        #expect(Self.items("\r\n") == ["pong"])
        #expect(
            Self.items(Self.ok + "\r\n\r\n" + Self.ok + "\r\n" + Self.ok)
                == [Self.ok, "pong", "ping", Self.ok, "pong", Self.ok])
        #expect(Self.items("\r\n\r\n\r\n\r\n") == ["pong", "ping", "pong", "ping"])
    }

    @Test(
        "What cannot be framed is refused where that shows",
        arguments: [
            ("A b SIP/2.0\r\nX: y\r\n\r\n", "missingContentLength at 21"),
            ("A b SIP/2.0\r\nl: x\r\n\r\n", "invalidContentLength at 16"),
            ("A b SIP/2.0\r\nl:\r\n\r\n", "invalidContentLength at 15"),
            ("A b SIP/2.0\r\nl: 1 2\r\n\r\n", "invalidContentLength at 18"),
            ("A b SIP/2.0\r\nl: -1\r\n\r\n", "invalidContentLength at 16"),
            ("A b SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\n", "invalidContentLength at 21"),
            ("A b SIP/2.0\r\nl: 65536\r\n\r\n", "bodyTooLarge at 25"),
            ("A b SIP/2.0\r\nl: 99999999999999999999999\r\n\r\n", "bodyTooLarge at 43"),
            ("\u{16}\u{3}\u{1}", "notSIP at 0"), ("\r\r\n", "notSIP at 0"), (" x", "notSIP at 0"),
            (Self.ok + "\u{0}", "notSIP at 37"),
        ])
    func failures(text: String, failure: String) {
        #expect(Self.items(text).last == failure)
        // Octet by octet it is the same one.
        #expect(Self.items(text.utf8.map { [$0] }).last == failure)
    }

    @Test("A header without end is refused at its limit, and no more is kept")
    func endlessHeader() {
        var limits = SIPStreamFramer.Limits()
        limits.headerBytes = 100
        #expect(Self.items(String(repeating: "a", count: 1_000), limits: limits) == ["headerTooLarge at 100"])
        #expect(
            Self.items(String(repeating: "a\r\n", count: 99), limits: limits) == ["headerTooLarge at 100"])
    }

    @Test("Whether the far end owes the rest of a message")
    func isInMessage() throws {
        var framer = SIPStreamFramer()
        func after(_ text: String) throws -> Bool {
            framer.append(Array(text.utf8).span.bytes)
            while try framer.next() != nil {}
            return framer.isInMessage
        }
        let states = [
            try after("\r\n\r\n"), try after("S"), try after("IP/2.0 200 OK\r\nl: 2\r\n\r\nx"),
            try after("y"),
        ]
        #expect(states == [false, true, true, false])
        #expect(framer.count == 0)
    }

    // MARK: Properties

    /// Messages and keep-alives drawn from a seed.
    private static func stream(_ generator: inout SeededGenerator) -> [String] {
        func draw(_ count: UInt64) -> Int { Int(generator.next(upperBound: count)) }
        return (0..<20).map { _ in
            switch draw(5) {
            case 0: return "\r\n\r\n"
            case 1: return ok
            default:
                let body = String(
                    repeating: ["x", "\r\n", "l: 5\r\n\r\n"][draw(3)],
                    count: draw(40))
                let name = ["Content-Length: ", "l:", "CONTENT-LENGTH:\r\n "][
                    draw(3)]
                return "MESSAGE sip:a SIP/2.0\r\nX: y\r\n\(name)\(body.utf8.count)\r\nZ: \r\n\r\n\(body)"
            }
        }
    }

    private static func cut(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let size = 1 + Int(generator.next(upperBound: UInt64(min(rest.count, 50))))
            pieces.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return pieces
    }

    @Test("However a stream is cut, its messages are the same", arguments: 0..<200)
    func anySplit(seed: UInt64) {
        var generator = SeededGenerator(seed: seed, label: "framer")
        let parts = Self.stream(&generator)
        let bytes = Array(parts.joined().utf8)
        let expected = parts.flatMap { $0 == "\r\n\r\n" ? ["pong", "ping"] : [$0] }
        #expect(Self.items([bytes]) == expected)
        #expect(Self.items(bytes.map { [$0] }) == expected)
        #expect(Self.items(Self.cut(bytes, &generator)) == expected)
    }

    @Test("Random octets end in an error or wait for more, and never trap", arguments: 0..<200)
    func noise(seed: UInt64) {
        var generator = SeededGenerator(seed: seed, label: "noise")
        let alphabet = Array("\r\n\r\nl:1 aC\t0SIP".utf8)
        let bytes = (0..<500).map { _ in alphabet[Int(generator.next(upperBound: UInt64(alphabet.count)))] }
        #expect(Self.items([bytes]) == Self.items(bytes.map { [$0] }))
        #expect(Self.items([bytes]) == Self.items(Self.cut(bytes, &generator)))
    }

    @Test("The visible corpus, its lengths put right, comes out as it went in, whole or octet by octet")
    func corpus() throws {
        guard let list = try TestData.url("sip/messages.csv") else { return }
        var stream: [UInt8] = []
        var messages: [String] = []
        for row in try TestData.rows(list) {
            guard let file = row["file"], let url = try TestData.url("sip/messages/\(file)") else { continue }
            let bytes = try TestData.bytes(url)
            var message = SIPMessage()
            guard (try? message.parse(bytes.span.bytes)) != nil else { continue }
            var written: [UInt8] = []
            guard let range = try? SIPSerializer.append(to: &written, { $0.copy(message) }) else { continue }
            stream += written[range]
            messages.append(String(decoding: written[range], as: UTF8.self))
        }
        #expect(messages.count > 20)
        #expect(Self.items([stream]) == messages)
        #expect(Self.items(stream.map { [$0] }) == messages)
    }

    @Test(
        "A drip of single octets costs a fixed effort for each: a hundred times the bytes, not ten thousand times the time"
    )
    func drip() {
        func effort(_ count: Int) -> Duration {
            var framer = SIPStreamFramer()
            let octet: [UInt8] = [UInt8(ascii: "a")]
            let clock = ContinuousClock()
            return clock.measure {
                for _ in 0..<count {
                    framer.append(octet.span.bytes)
                    _ = try? framer.next()
                }
            }
        }
        _ = effort(600)
        #expect(effort(60_000) < effort(600) * 2_000 + .milliseconds(50))
    }
}
