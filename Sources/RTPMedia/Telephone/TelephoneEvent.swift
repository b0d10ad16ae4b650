/// One event of a telephone-event packet: four octets of its payload (RFC 4733 §2.3).
public struct TelephoneEvent: Hashable, Sendable {
    public static let byteCount = 4

    /// 0...9 digits, 10 `*`, 11 `#`, 12...15 `A`...`D`; others are not keys (RFC 4733 §3.2).
    public var code: UInt8
    /// The E bit: the key has been released.
    public var isEnd: Bool
    /// Power level in dBm0 with the sign dropped, 0...63.
    public var volume: UInt8
    /// Time since the event's timestamp, in units of the timestamp.
    public var duration: UInt16

    public init(code: UInt8, isEnd: Bool, volume: UInt8, duration: UInt16) {
        self.code = code
        self.isEnd = isEnd
        self.volume = volume
        self.duration = duration
    }

    /// - Returns: `nil` when there are fewer than four octets. Further events are not looked at.
    public init?(parsing payload: RawSpan) {
        guard payload.byteCount >= Self.byteCount else { return nil }
        code = payload.uint8(at: 0)
        let flags = payload.uint8(at: 1)
        isEnd = flags & 0x80 != 0
        volume = flags & 0x3F
        duration = payload.uint16(at: 2)
    }

    /// The payload as a number whose most significant octet goes first.
    public var encoded: UInt32 {
        UInt32(code) << 24 | UInt32((isEnd ? 0x80 : 0) | volume & 0x3F) << 16 | UInt32(duration)
    }

    /// The key of an event; `nil` for flash and other events that are not keys.
    public static func digit(for code: UInt8) -> Character? {
        code < 16 ? digits[Int(code)] : nil
    }

    /// The event of a key; `nil` for other characters.
    public static func code(for digit: Character) -> UInt8? {
        digits.firstIndex(of: digit).map { UInt8($0) }
    }

    private static let digits: [Character] = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "A", "B", "C", "D",
    ]
}
