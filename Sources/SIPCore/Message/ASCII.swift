/// The octets that SIP's grammar gives a meaning to.
enum ASCII {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    /// CR and LF as a number whose low octet comes first.
    static let lineEnd: UInt16 = 0x0A0D
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let colon = UInt8(ascii: ":")
    static let semicolon = UInt8(ascii: ";")
    static let hyphen = UInt8(ascii: "-")
    static let comma = UInt8(ascii: ",")
    static let equals = UInt8(ascii: "=")
    static let slash = UInt8(ascii: "/")
    static let at = UInt8(ascii: "@")
    static let question = UInt8(ascii: "?")
    static let less = UInt8(ascii: "<")
    static let greater = UInt8(ascii: ">")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")
    static let percent = UInt8(ascii: "%")
    static let asterisk = UInt8(ascii: "*")
    static let zero = UInt8(ascii: "0")

    @inline(__always) static func isWhitespace(_ byte: UInt8) -> Bool { byte == space || byte == tab }
    @inline(__always) static func isLineBreak(_ byte: UInt8) -> Bool {
        byte == carriageReturn || byte == lineFeed
    }
    @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }

    /// ASCII letters in lower case, everything else as it is.
    @inline(__always) static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    /// Value of a hexadecimal digit; `nil` for anything else.
    @inline(__always) static func hexadecimal(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- zero }
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter &+ 10 : nil
    }
}

/// A set of ASCII octets: one bit in a table of all octets, so that a membership test is one load.
struct ByteSet {
    private let bit: UInt8

    @inline(__always) private init(bit: UInt8) { self.bit = bit }

    @inline(__always) func contains(_ byte: UInt8) -> Bool {
        // The table has an entry for every octet, so no check is needed.
        unsafe Self.table.utf8Start[Int(byte)] & bit != 0
    }

    /// `token`, RFC 3261 §25.1: letters, digits and ``-.!%*_+`'~``.
    static var token: Self { @inline(__always) get { Self(bit: 0x01) } }
    /// The characters of a URI scheme: letters, digits and `+-.`.
    static var scheme: Self { @inline(__always) get { Self(bit: 0x02) } }
    /// Host names as they are met: letters, digits and `-._`.
    static var host: Self { @inline(__always) get { Self(bit: 0x04) } }
    /// Space, tab and, in a field value, the line breaks of a fold.
    static var linearWhitespace: Self { @inline(__always) get { Self(bit: 0x08) } }
    /// What ends or interrupts the value of a parameter: quote, comma, semicolon.
    static var parameterStops: Self { @inline(__always) get { Self(bit: 0x10) } }
    /// Visible ASCII without `<`, `>` and `"`, which no URI contains.
    static var uri: Self { @inline(__always) get { Self(bit: 0x20) } }
    /// IPv6 literals between brackets: hexadecimal digits, colons, dots.
    static var ipv6: Self { @inline(__always) get { Self(bit: 0x40) } }

    /// For each octet the bits of the sets that it is in; a string, since that is constant data without initialiser.
    private static var table: StaticString {
        @inline(__always) get {
            """
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{08}\u{08}\u{00}\u{00}\u{08}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{08}\u{21}\u{10}\u{20}\u{20}\u{21}\u{20}\u{21}\u{20}\u{20}\u{21}\u{23}\u{30}\u{27}\u{67}\u{20}\
            \u{67}\u{67}\u{67}\u{67}\u{67}\u{67}\u{67}\u{67}\u{67}\u{67}\u{60}\u{30}\u{00}\u{20}\u{00}\u{20}\
            \u{20}\u{67}\u{67}\u{67}\u{67}\u{67}\u{67}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\
            \u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{20}\u{20}\u{20}\u{20}\u{25}\
            \u{21}\u{67}\u{67}\u{67}\u{67}\u{67}\u{67}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\
            \u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{27}\u{20}\u{20}\u{20}\u{21}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}
            """
        }
    }
}

/// Looks at eight octets at once. A set high bit marks an octet; the lowest mark is exact, higher ones may be false.
enum Word {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Marks octets below `limit`, which is at most 0x80.
    @inline(__always) static func below(_ limit: UInt8, _ word: UInt64) -> UInt64 {
        (word &- ones &* UInt64(limit)) & ~word & highs
    }

    /// Marks octets equal to `byte`.
    @inline(__always) static func equal(_ byte: UInt8, _ word: UInt64) -> UInt64 {
        below(1, word ^ ones &* UInt64(byte))
    }
}
