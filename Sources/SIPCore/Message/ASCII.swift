/// The octets that SIP's grammar gives a meaning to.
enum ASCII {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let colon = UInt8(ascii: ":")
    static let semicolon = UInt8(ascii: ";")
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

/// A set of ASCII octets, as a mask of 128 bits.
///
/// The masks are literals so that each membership test compiles to a shift by a constant.
struct ByteSet {
    var low: UInt64
    var high: UInt64

    @inline(__always) func contains(_ byte: UInt8) -> Bool {
        let mask = byte < 64 ? low : high
        return byte < 128 && mask >> UInt64(byte & 63) & 1 != 0
    }

    /// `token`, RFC 3261 §25.1: letters, digits and ``-.!%*_+`'~``.
    static var token: Self {
        @inline(__always) get { Self(low: 0x03FF_6CA2_0000_0000, high: 0x47FF_FFFF_87FF_FFFE) }
    }
    /// The characters of a URI scheme: letters, digits and `+-.`.
    static var scheme: Self {
        @inline(__always) get { Self(low: 0x03FF_6800_0000_0000, high: 0x07FF_FFFE_07FF_FFFE) }
    }
    /// Host names as they are met: letters, digits and `-._`.
    static var host: Self {
        @inline(__always) get { Self(low: 0x03FF_6000_0000_0000, high: 0x07FF_FFFE_87FF_FFFE) }
    }
    /// IPv6 literals between brackets: hexadecimal digits, colons, dots.
    static var ipv6: Self {
        @inline(__always) get { Self(low: 0x07FF_4000_0000_0000, high: 0x0000_007E_0000_007E) }
    }
    /// Space, tab and, in a field value, the line breaks of a fold.
    static var linearWhitespace: Self {
        @inline(__always) get { Self(low: 0x0000_0001_0000_2600, high: 0) }
    }
    /// Visible ASCII without `<`, `>` and `"`, which no URI contains.
    static var uri: Self {
        @inline(__always) get { Self(low: 0xAFFF_FFFA_0000_0000, high: 0x7FFF_FFFF_FFFF_FFFF) }
    }
    /// Telephone numbers, RFC 3966: hexadecimal digits and `+-.()*#`.
    static var telephone: Self {
        @inline(__always) get { Self(low: 0x03FF_6F08_0000_0000, high: 0x0000_007E_0000_007E) }
    }
}
