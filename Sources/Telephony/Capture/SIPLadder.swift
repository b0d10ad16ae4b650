public import SansIO

/// The SIP messages of one call as a ladder: one line a message, an arrow between the addresses that sent and got it.
///
/// Numbers and addresses are those of the wire.
public struct SIPLadder: Hashable, Sendable {
    /// One message.
    public struct Entry: Hashable, Sendable {
        public var instant: WallClockInstant
        public var source: SocketAddress
        public var destination: SocketAddress
        /// Request line or status line.
        public var startLine: String
        /// `1 INVITE`; empty when the message has none.
        public var cSeq: String
        /// Whether it carries a session description.
        public var hasSDP: Bool
    }

    /// Messages kept; later ones are only counted.
    public let limit: Int
    public private(set) var entries: [Entry] = []
    /// Messages beyond ``limit``.
    public private(set) var omitted = 0

    public init(limit: Int = 500) { self.limit = max(1, limit) }

    /// Adds a message as it was sent or received; whatever the bytes are, they make one line.
    public mutating func append(
        _ message: RawSpan, from source: SocketAddress, to destination: SocketAddress,
        at instant: WallClockInstant
    ) {
        guard entries.count < limit else {
            omitted += 1
            return
        }
        let text = message.withUnsafeBytes { bytes in
            String(decoding: bytes.prefix(Self.scannedBytes), as: UTF8.self)
        }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        entries.append(
            Entry(
                instant: instant, source: source, destination: destination,
                startLine: Self.printable(lines.first ?? ""),
                cSeq: Self.printable(Self.header("cseq", in: lines) ?? ""),
                hasSDP: (Self.header("content-type", in: lines) ?? Self.header("c", in: lines) ?? "")
                    .lowercased().hasPrefix("application/sdp")))
    }

    // MARK: Reading

    /// Headers lie here or are not looked for.
    private static let scannedBytes = 8_192
    private static let lineLength = 160

    private static func header(_ name: String, in lines: [Substring]) -> Substring? {
        for line in lines.dropFirst() {
            guard !line.isEmpty else { return nil }
            guard let colon = line.firstIndex(of: ":") else { continue }
            let found = line[..<colon].drop { $0 == " " }.prefix { $0 != " " }
            if found.lowercased() == name { return line[line.index(after: colon)...].drop { $0 == " " } }
        }
        return nil
    }

    /// Without control characters, cut to a line.
    private static func printable(_ text: Substring) -> String {
        var line = ""
        for scalar in text.unicodeScalars.prefix(lineLength) {
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            line.unicodeScalars.append(isControl ? "." : scalar)
        }
        return line
    }

    // MARK: Writing

    private static let timeWidth = 12
    private static let columnWidth = 30
    /// Participants drawn; messages of others are given as text alone.
    private static let maximumColumns = 8

    /// The ladder, a line of addresses first; every line ends with a line feed.
    public var text: String {
        let columns = participants
        var text = String(repeating: " ", count: Self.timeWidth)
        for column in columns { text += Self.centred(column.description, width: Self.columnWidth) }
        text = Self.trimmed(text) + "\n"
        guard let start = entries.first?.instant else { return text }
        for entry in entries {
            let elapsed = entry.instant.nanosecondsSinceEpoch - start.nanosecondsSinceEpoch
            text += Self.padded(Self.seconds(elapsed), width: Self.timeWidth)
            text += drawing(of: entry, between: columns)
            text += " \(entry.startLine)"
            if !entry.cSeq.isEmpty { text += "  [\(entry.cSeq)]" }
            text += "\n"
        }
        if omitted > 0 { text += "(\(omitted) more)\n" }
        return text
    }

    private var participants: [SocketAddress] {
        var found: [SocketAddress] = []
        for entry in entries {
            for address in [entry.source, entry.destination]
            where found.count < Self.maximumColumns && !found.contains(address) {
                found.append(address)
            }
        }
        return found
    }

    /// The lifelines with the arrow of one message.
    private func drawing(of entry: Entry, between columns: [SocketAddress]) -> String {
        let half = Self.columnWidth / 2
        var line = [Character](repeating: " ", count: Self.columnWidth * columns.count)
        for column in columns.indices { line[column * Self.columnWidth + half] = "|" }
        if let source = columns.firstIndex(of: entry.source),
            let destination = columns.firstIndex(of: entry.destination), source != destination
        {
            let left = min(source, destination) * Self.columnWidth + half
            let right = max(source, destination) * Self.columnWidth + half
            for place in left + 1..<right { line[place] = "-" }
            line[source < destination ? right - 1 : left + 1] = source < destination ? ">" : "<"
            let label = Array(" \(Self.label(of: entry)) ".prefix(max(0, right - left - 5)))
            let start = left + 1 + (right - left - 1 - label.count) / 2
            line.replaceSubrange(start..<start + label.count, with: label)
        }
        return Self.trimmed(String(line)) + "  "
    }

    /// `INVITE (SDP)` or `200 OK (SDP)`.
    private static func label(of entry: Entry) -> String {
        let words = entry.startLine.split(separator: " ")
        let isResponse = words.first?.hasPrefix("SIP/") ?? false
        let short = isResponse ? words.dropFirst().joined(separator: " ") : String(words.first ?? "?")
        return entry.hasSDP ? "\(short) (SDP)" : short
    }

    private static func seconds(_ nanoseconds: Int64) -> String {
        let sign = nanoseconds < 0 ? "-" : "+"
        let microseconds = nanoseconds.magnitude / 1_000
        let fraction = String(microseconds % 1_000_000)
        let zeros = String(repeating: "0", count: 6 - fraction.count)
        return "\(sign)\(microseconds / 1_000_000).\(zeros)\(fraction)"
    }

    private static func padded(_ text: String, width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private static func centred(_ text: String, width: Int) -> String {
        let room = max(0, width - text.count)
        // One more in front: the lifeline stands right of the middle.
        let left = (room + 1) / 2
        return String(repeating: " ", count: left) + text + String(repeating: " ", count: room - left)
    }

    private static func trimmed(_ text: String) -> String {
        guard let last = text.lastIndex(where: { $0 != " " }) else { return "" }
        return String(text[...last])
    }
}
