internal import SansIO

/// What the rules need of a SIP message on the wire.
///
/// Read without the library's parser on purpose: whoever judges must not share the eyes of the accused.
struct SIPGlance {
    var isRequest = false
    /// Method of a request; of a response, the one in its CSeq.
    var method = ""
    /// Of a response, `100...699`; 0 for a request.
    var status = 0
    /// User part of a request's URI.
    var user = ""
    var callID = ""
    /// Of the topmost Via.
    var branch = ""
    var fromTag = ""
    var toTag = ""
    var cSeq: UInt32 = 0
    /// Port of the audio stream in its session description; `nil` without one.
    var audioPort: UInt16?

    var isFinal: Bool { status >= 200 }

    /// Call-ID and both tags: the same for both sides.
    var dialog: String {
        fromTag < toTag ? "\(callID) \(fromTag) \(toTag)" : "\(callID) \(toTag) \(fromTag)"
    }

    /// - Returns: `nil` for anything that does not begin like SIP.
    init?(_ bytes: RawSpan) {
        guard bytes.byteCount > 12, let first = bytes.byte(at: 0), first >= 65, first <= 90 else {
            return nil
        }
        let text = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        var lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false)[...]
        guard let start = lines.popFirst(), readStart(Self.text(start)) else { return nil }
        while let line = lines.popFirst() {
            let content = Self.text(line)
            if content.isEmpty { break }
            readHeader(content)
        }
        for line in lines {
            let content = Self.text(line)
            guard content.hasPrefix("m=audio ") else { continue }
            audioPort = UInt16(content.dropFirst(8).prefix { $0.isNumber })
            break
        }
    }

    /// Without the CR at its end.
    private static func text(_ line: Substring.UTF8View) -> Substring {
        Substring(line.last == 13 ? line.dropLast() : line)
    }

    private mutating func readStart(_ line: Substring) -> Bool {
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2 else { return false }
        if words[0] == "SIP/2.0" {
            guard let code = Int(words[1]) else { return false }
            status = code
            return true
        }
        guard words.count == 3, words[2] == "SIP/2.0" else { return false }
        isRequest = true
        method = String(words[0])
        let rest = words[1].drop { $0 != ":" }.dropFirst()
        user = rest.contains("@") ? String(rest.prefix { $0 != "@" && $0 != ";" }) : ""
        return true
    }

    private mutating func readHeader(_ line: Substring) {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return }
        let value = line[line.utf8.index(after: colon)...].drop { $0 == " " }
        switch line[..<colon].lowercased() {
        case "call-id", "i": callID = String(value)
        case "from", "f": fromTag = Self.parameter("tag", of: value)
        case "to", "t": toTag = Self.parameter("tag", of: value)
        case "via", "v": if branch.isEmpty { branch = Self.parameter("branch", of: value) }
        case "cseq":
            let words = value.split(separator: " ")
            cSeq = words.first.flatMap { UInt32($0) } ?? 0
            if !isRequest { method = words.last.map(String.init) ?? "" }
        default: break
        }
    }

    /// A parameter behind the address.
    private static func parameter(_ name: String, of value: Substring) -> String {
        let parameters = value.split(separator: ">", maxSplits: 1).last ?? value
        for part in parameters.split(separator: ";") where part.hasPrefix(name + "=") {
            return String(part.dropFirst(name.count + 1).prefix { $0 != " " && $0 != "," })
        }
        return ""
    }
}

extension RawSpan {
    /// - Returns: `nil` beyond the end.
    @inline(__always)
    func byte(at offset: Int) -> UInt8? {
        offset < byteCount ? unsafeLoad(fromByteOffset: offset, as: UInt8.self) : nil
    }

    /// A big-endian number; 0 beyond the end.
    @inline(__always)
    func number32(at offset: Int) -> UInt32 {
        guard offset + 4 <= byteCount else { return 0 }
        return UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

/// A SIP message as it left a host or reached one.
struct SIPSighting {
    enum Moment { case sent, delivered }

    var moment: Moment
    var time: MonotonicInstant
    var message: SIPGlance
    var source: SocketAddress
    var destination: SocketAddress

    /// The host at which it is now.
    var place: SocketAddress { moment == .sent ? source : destination }
}
