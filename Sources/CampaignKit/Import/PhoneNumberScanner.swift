/// Takes the digits out of a number as people write it.
struct PhoneNumberScanner {
    private(set) var digits: [UInt8] = []
    private(set) var hasPlus = false
    /// UTF-8 offset of the first digit.
    private(set) var firstDigitOffset = 0

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var offset = 0

    /// Longer texts are cut: what is beyond cannot make a number of it.
    private static let limit = 256

    init(_ text: String) { scalars = Array(text.unicodeScalars.prefix(Self.limit)) }

    mutating func scan() throws(PhoneNumberError) {
        skipSpaces()
        skipScheme()
        while index < scalars.count {
            let scalar = scalars[index]
            if let digit = Self.digit(scalar) {
                if digits.isEmpty { firstDigitOffset = offset }
                if !isTrunkZero(digit) { digits.append(UInt8(ascii: "0") + digit) }
            } else if scalar == "+" || scalar == "\u{FF0B}" {
                guard digits.isEmpty, !hasPlus else { throw PhoneNumberError(.misplacedPlus, at: offset) }
                hasPlus = true
            } else if !Self.isSeparator(scalar) {
                throw PhoneNumberError(fault(scalar), at: offset)
            }
            advance()
        }
    }

    private mutating func advance() {
        offset += Unicode.UTF8.width(scalars[index])
        index += 1
    }

    private mutating func skipSpaces() {
        while index < scalars.count, Self.isSeparator(scalars[index]), scalars[index] != "(" { advance() }
    }

    /// Skips `tel:` (RFC 3966), also when an exporter has written it twice.
    private mutating func skipScheme() {
        while String(String.UnicodeScalarView(scalars[index...].prefix(4))).lowercased() == "tel:" {
            for _ in 0..<4 { advance() }
        }
    }

    /// A zero alone in parentheses after a country code is for callers inside the country.
    private func isTrunkZero(_ digit: UInt8) -> Bool {
        guard digit == 0, hasPlus, (1...3).contains(digits.count) else { return false }
        let before = scalars[..<index].last { !$0.properties.isWhitespace }
        let after = scalars[(index + 1)...].first { !$0.properties.isWhitespace }
        guard before == "(", after == ")" else { return false }
        let code = String(decoding: digits, as: UTF8.self)
        return code != "39" && code != "378"
    }

    /// Why a scalar that is no digit, plus or separator ends the reading.
    private func fault(_ scalar: Unicode.Scalar) -> PhoneNumberError.Reason {
        if digits.count >= 7, startsExtension() { return .hasExtension }
        return scalar.properties.isAlphabetic ? .letters : .unexpectedCharacter(scalar)
    }

    /// Whether the rest reads like an extension: a known mark, a few digits, nothing else.
    private func startsExtension() -> Bool {
        var rest = String(String.UnicodeScalarView(scalars[index...])).lowercased()[...]
        let marks = [";ext=", "extension", "extn", "ext", "x", "#", ","]
        guard let mark = marks.first(where: { rest.hasPrefix($0) }) else { return false }
        rest = rest.dropFirst(mark.count)
        rest = rest.drop { " .:=,-#".contains($0) || $0.isWhitespace }
        let number = rest.prefix { $0.isNumber }
        let tail = rest.dropFirst(number.count)
        return !number.isEmpty && tail.allSatisfy { $0 == "#" || $0.isWhitespace }
    }

    private static func digit(_ scalar: Unicode.Scalar) -> UInt8? {
        if scalar.isASCII { return (48...57).contains(scalar.value) ? UInt8(scalar.value - 48) : nil }
        guard scalar.properties.generalCategory == .decimalNumber,
            let value = scalar.properties.numericValue, (0...9).contains(value)
        else { return nil }
        return UInt8(value)
    }

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "(", ")", "-", ".", "/": return true
        case "\u{2010}"..."\u{2015}", "\u{2212}", "\u{FF08}", "\u{FF09}", "\u{FF0D}", "\u{FF0E}", "\u{FF0F}":
            return true
        default:
            return scalar.properties.isWhitespace || scalar.properties.generalCategory == .format
        }
    }
}
