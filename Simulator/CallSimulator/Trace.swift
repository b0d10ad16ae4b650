public import SansIO

/// What happened in a world, in order: always as a digest, and as records when asked for.
///
/// The digest covers every datagram with its bytes, every deadline and wake-up with its time, and how much work ran
/// between them. The same program and seed give the same digest in every process on the same kind of machine.
public struct Trace: Sendable {
    /// What is kept besides the digest.
    public enum Recording: Hashable, Sendable {
        case nothing
        /// Every datagram with its bytes, and notes; at most ``Trace/mostBytes``.
        case datagrams
    }

    /// One thing that happened.
    public enum Event: UInt8, Hashable, Sendable {
        case sent, lost, delivered, deadline, wokenUp, action, opened, closed, note, refused
    }

    /// A recorded event of a datagram, or a note.
    public struct Record: Hashable, Sendable {
        public var time: MonotonicInstant
        public var event: Event
        /// Numbers datagrams in the order of sending, from 1; 0 for a note.
        public var datagram: Int
        public var source: SocketAddress
        public var destination: SocketAddress
        /// The payload; empty unless the event is ``Event/sent``.
        public var bytes: [UInt8]
        public var lossReason: LossReason?
        public var note: String?
    }

    /// Payload bytes kept in records; what comes later is only counted in ``recordsOmitted``.
    public static let mostBytes = 1 << 30

    public let recording: Recording
    public private(set) var records: [Record] = []
    public private(set) var recordsOmitted = 0
    /// Events that went into the digest.
    public private(set) var eventCount: UInt64 = 0
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var other: UInt64 = 0xCBF2_9CE4_8422_2325
    private var bytesKept = 0

    init(recording: Recording) { self.recording = recording }

    /// The digest as 32 hexadecimal digits.
    public var digest: String {
        Self.hexadecimal(Self.scramble(state)) + Self.hexadecimal(Self.scramble(other &+ eventCount))
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func scramble(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    // MARK: Hashing

    /// Adds an event with two numbers that say what it was about.
    mutating func add(_ event: Event, at time: MonotonicInstant, _ first: UInt64, _ second: UInt64) {
        eventCount &+= 1
        mix(UInt64(bitPattern: time.nanoseconds) ^ UInt64(event.rawValue) << 56)
        mix(first)
        mix(second)
    }

    private mutating func mix(_ word: UInt64) {
        state = (state ^ word) &* 0xFF51_AFD7_ED55_8CCD
        state ^= state >> 32
        other = (other &+ word) &* 0xC4CE_B9FE_1A85_EC53
        other ^= other >> 29
    }

    /// Adds bytes, eight at a time, as little-endian words.
    mutating func add(_ bytes: RawSpan) {
        let whole = bytes.byteCount & ~7
        var offset = 0
        while offset < whole {
            mix(UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var tail = UInt64(bytes.byteCount) << 56
        while offset < bytes.byteCount {
            let byte = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            tail |= UInt64(byte) << UInt64((offset - whole) * 8)
            offset += 1
        }
        mix(tail)
    }

    mutating func add(_ address: SocketAddress) {
        if let number = address.ipv4 {
            mix(UInt64(number) << 16 | UInt64(address.port))
        } else if let halves = address.ipv6 {
            mix(halves.high)
            mix(halves.low ^ UInt64(address.port) << 48)
        }
    }

    // MARK: Recording

    mutating func record(_ make: () -> Record) {
        guard recording != .nothing else { return }
        guard bytesKept < Self.mostBytes else {
            recordsOmitted += 1
            return
        }
        let record = make()
        bytesKept += record.bytes.count + 96
        records.append(record)
    }

    /// Adds a line of the caller's own to the digest and the records.
    mutating func note(_ text: String, at time: MonotonicInstant) {
        add(.note, at: time, UInt64(text.utf8.count), 0)
        let bytes = Array(text.utf8)
        add(bytes.span.bytes)
        let nowhere = SocketAddress(ipv4: 0, port: 0)
        record {
            Record(
                time: time, event: .note, datagram: 0, source: nowhere, destination: nowhere, bytes: [],
                note: text)
        }
    }

    // MARK: Text

    /// One line per record: seconds, what happened, between whom, how long, and the first line if it is text.
    public func text() -> String {
        records.map(Self.line).joined(separator: "\n")
    }

    private static func line(_ record: Record) -> String {
        let micros = record.time.nanoseconds / 1_000
        let fraction = String(micros % 1_000_000)
        let time = "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
        if let note = record.note { return "\(time) \(note)" }
        var line = "\(time) \(record.event) #\(record.datagram) \(record.source) > \(record.destination)"
        if let reason = record.lossReason { line += " (\(reason))" }
        if record.event == .sent { line += " \(record.bytes.count) bytes\(summary(record.bytes))" }
        return line
    }

    /// The first line of a text payload.
    private static func summary(_ bytes: [UInt8]) -> String {
        let first = bytes.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        guard !first.isEmpty, first.count < bytes.count, first.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            return ""
        }
        return " " + String(decoding: first.prefix(120), as: UTF8.self)
    }
}
