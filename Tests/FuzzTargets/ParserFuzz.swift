import RTPMedia
import SIPCore
import SansIO

enum MessageFuzz {
    static func run(_ bytes: [UInt8]) {
        var message = SIPMessage()
        do throws(SIPParseError) {
            try message.parse(bytes.span.bytes)
        } catch {
            promise((0...bytes.count).contains(error.byteOffset), "the error lies within the datagram")
            return
        }
        read(message)
        var written: [UInt8] = []
        guard (try? SIPSerializer.append(to: &written) { $0.copy(message) }) != nil else { return }
        var again = SIPMessage()
        do throws(SIPParseError) {
            try again.parse(written.span.bytes)
        } catch {
            promise(false, "what was parsed and written is parsed again: \(error)")
        }
        promise(fieldCount(of: again) == fieldCount(of: message), "no header field is lost or added")
        promise(text(of: again.body, again) == text(of: message.body, message), "the body stays")
        var third: [UInt8] = []
        _ = try? SIPSerializer.append(to: &third) { $0.copy(again) }
        promise(third == written, "writing is stable")
    }

    /// Content-Length is written once, whether it was there or not.
    private static func fieldCount(of message: borrowing SIPMessage) -> Int {
        (0..<message.headerCount).count { message.header(at: $0).id != .contentLength }
    }

    private static func text(of slice: SIPSlice, _ message: borrowing SIPMessage) -> [UInt8] {
        message.bytes(of: slice).withUnsafeBytes { Array($0) }
    }

    /// Every accessor, for its traps alone.
    private static func read(_ message: borrowing SIPMessage) {
        _ = SIPMessageSummary(message)
        for index in 0..<message.headerCount {
            let slot = message.header(at: index)
            _ = message.string(slot.value)
            var values = message.values(of: slot.id)
            while let value = message.next(&values) { _ = message.string(value) }
        }
        _ = message.string(message.requestURI.text)
        _ = message.string(message.callID)
    }
}

enum StreamFuzz {
    /// What came out of a stream: messages, keep-alives and, at the end, the fault.
    private struct Found: Equatable {
        var messages: [[UInt8]] = []
        var keepAlives = 0
        var failure: SIPStreamFramer.Failure?
    }

    /// The first octet says how long the pieces are.
    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let stream = Array(bytes.dropFirst())
        let whole = cut(stream, piece: max(1, stream.count))
        promise(whole == cut(stream, piece: 1 + Int(first)), "pieces do not matter")
        promise(whole == cut(stream, piece: 1), "single octets do not matter")
    }

    private static func cut(_ stream: [UInt8], piece: Int) -> Found {
        var limits = SIPStreamFramer.Limits()
        limits.headerBytes = 1_024
        limits.bodyBytes = 1_024
        var framer = SIPStreamFramer(limits: limits)
        var found = Found()
        for start in stride(from: 0, to: stream.count, by: piece) {
            framer.append(stream.span.bytes.extracting(start..<min(start + piece, stream.count)))
            do throws(SIPStreamFramer.Failure) {
                while let item = try framer.next() {
                    guard case .message(let range) = item else {
                        found.keepAlives += 1
                        continue
                    }
                    found.messages.append(framer.bytes.extracting(range).withUnsafeBytes { Array($0) })
                }
            } catch {
                found.failure = error
                return found
            }
            promise(framer.count <= 2_048 + piece, "what is kept is bounded")
        }
        return found
    }
}

enum IdentityFuzz {
    static func run(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = try? IdentityHeader.parse(text)
        _ = try? IdentityAddress(parsing: text)
        _ = SIPPrivacy(text)
        _ = IdentityParty(address: text)
    }
}

enum DescriptionFuzz {
    static func run(_ bytes: [UInt8]) {
        do throws(SDPError) {
            let description = try SessionDescription(parsing: bytes)
            let again = try SessionDescription(parsing: description.bytes)
            promise(again.media.count == description.media.count, "no stream is lost or added")
            promise(again.bytes == description.bytes, "writing is stable")
            _ = SDPSummary(description)
        } catch {
            promise((0...max(bytes.count, 65_535)).contains(error.offset), "the error lies within the text")
        }
        for policy in MediaSecurityPolicy.allCases { negotiate(bytes, policy) }
    }

    private static func negotiate(_ bytes: [UInt8], _ policy: MediaSecurityPolicy) {
        var capabilities = AudioCapabilities(codecs: AudioCodecKind.allCases)
        capabilities.security = policy
        capabilities.cryptoSuites = CryptoSuite.allCases
        capabilities.comfortNoise = true
        var negotiator = AudioNegotiator(
            capabilities: capabilities, localRTP: SocketAddress.loopback(port: 4_000), sessionID: 1,
            keyring: SRTPKeyring(secret: [UInt8](repeating: 7, count: SRTPKeyring.byteCount)))
        if let (answer, agreed) = try? negotiator.answer(to: bytes) {
            promise((try? SessionDescription(parsing: answer)) != nil, "our answer is a description")
            promise((10...60).contains(agreed.packetMilliseconds), "packets can be made")
            promise(policy != .required || agreed.crypto != nil, "required is required")
            promise(policy != .off || agreed.crypto == nil, "off is off")
        }
        _ = negotiator.makeOffer()
        if let agreed = try? negotiator.accept(answer: bytes) {
            promise(policy != .required || agreed.crypto != nil, "required is required")
        }
    }
}

enum ChallengeFuzz {
    static func run(_ bytes: [UInt8]) {
        let value = String(decoding: bytes, as: UTF8.self)
        for challenge in DigestChallenge.parse(value) {
            let field = DigestAuthentication.respond(
                to: challenge, credentials: SIPCredentials(username: "alice", password: "secret"),
                method: .register, uri: "sip:example.com", cnonce: "0a4f113b",
                nonceCount: 1, body: [])
            promise(!field.utf8.contains(13) && !field.utf8.contains(10), "an answer is one line")
            promise(!field.contains("secret"), "an answer never holds the password")
        }
    }
}

enum NameFuzz {
    static func run(_ bytes: [UInt8]) {
        guard let message = try? DNSMessage(parsing: bytes) else { return }
        for type in DNSRecordType.allCases {
            _ = message.answer(to: DNSQuestion("_sip._udp.example.com", type))
        }
        guard let written = message.serialized() else { return }
        promise((try? DNSMessage(parsing: written)) != nil, "what was parsed and written is parsed again")
    }
}

enum RecordingFuzz {
    static func run(_ bytes: [UInt8]) {
        guard let file = try? WAVFile(parsing: bytes) else { return }
        promise(file.samples.count * 2 <= bytes.count * 2, "no more samples than the file has room for")
        for channel in 0..<file.channels { _ = file.channel(channel) }
    }
}
