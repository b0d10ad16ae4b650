/// A telephone number in international form (ITU-T E.164): `+` and 10 to 15 digits.
///
/// Its description is shortened, so that a number does not slip into a log; ``e164`` is the whole of it.
public struct PhoneNumber: Hashable, Sendable {
    /// `+` and 10...15 ASCII digits, the first not zero.
    public let e164: String

    /// Takes a number that is already in E.164 form, with nothing to tidy up.
    public init(e164 text: String) throws(PhoneNumberError) {
        let parsed = try Self.parse(text)
        guard parsed.number.e164 == text else { throw PhoneNumberError(.notNormalised, at: 0) }
        self = parsed.number
    }

    /// - Parameter digits: 10...15 ASCII digits, checked by the caller.
    init(checkedDigits digits: [UInt8]) {
        e164 = "+" + String(decoding: digits, as: UTF8.self)
    }

    /// What ``parse(_:)`` found.
    public struct Parsed: Hashable, Sendable {
        public var number: PhoneNumber
        /// There was no `+`, and the digits were taken to start with a country code.
        public var assumedInternational: Bool
    }

    /// Reads a number as people write it.
    ///
    /// Spaces, dashes, dots, slashes, parentheses and invisible characters count for nothing; digits and plus signs
    /// of other scripts count as ASCII ones; a leading `tel:` is dropped. Ten digits get `+1`; eleven that start with 1 get `+`;
    /// `+` with 10...15 digits stays; 11...15 other digits are taken as international and flagged. A trunk zero
    /// in parentheses after a country code, `+44 (0) 20`, is dropped, except in Italy and San Marino, where it is dialed.
    ///
    /// - Throws: ``PhoneNumberError`` with the reason and the UTF-8 offset of what is wrong.
    public static func parse(_ text: String) throws(PhoneNumberError) -> Parsed {
        var scanner = PhoneNumberScanner(text)
        try scanner.scan()
        let digits = scanner.digits
        guard let first = digits.first else { throw PhoneNumberError(.noDigits, at: 0) }
        let start = scanner.firstDigitOffset
        let zero = UInt8(ascii: "0")
        switch (scanner.hasPlus, digits.count) {
        case (_, 16...): throw PhoneNumberError(.tooManyDigits(digits.count), at: start)
        case (true, 10...) where first == zero, (false, 11...) where first == zero:
            throw PhoneNumberError(.startsWithZero, at: start)
        case (_, ..<10): throw PhoneNumberError(.tooFewDigits(digits.count), at: start)
        case (true, _):
            return Parsed(number: PhoneNumber(checkedDigits: digits), assumedInternational: false)
        case (false, 10):
            return Parsed(
                number: PhoneNumber(checkedDigits: [UInt8(ascii: "1")] + digits), assumedInternational: false)
        default:
            let isNorthAmerican = digits.count == 11 && first == UInt8(ascii: "1")
            return Parsed(
                number: PhoneNumber(checkedDigits: digits), assumedInternational: !isNorthAmerican)
        }
    }
}

extension PhoneNumber: CustomStringConvertible {
    /// The number with its middle left out, for logs: `+1555…4567`.
    public var description: String { "\(e164.prefix(5))…\(e164.suffix(4))" }
}

extension PhoneNumber: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = try PhoneNumber(e164: container.decode(String.self))
        } catch let error as PhoneNumberError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(e164)
    }
}

/// Why a text is not a telephone number that we dial.
public struct PhoneNumberError: Error, Hashable, Sendable, CustomStringConvertible {
    @nonexhaustive
    public enum Reason: Hashable, Sendable {
        case noDigits
        case tooFewDigits(Int)
        case tooManyDigits(Int)
        /// An international or trunk prefix (`00`, `011`, `0`) stands where the country code belongs.
        case startsWithZero
        /// `x12`, `ext. 12`, `,,12#`: we cannot dial into a switchboard.
        case hasExtension
        /// Letters, among them vanity numbers (`1-800-FLOWERS`).
        case letters
        case unexpectedCharacter(Unicode.Scalar)
        /// A `+` that is not before the first digit, or a second one.
        case misplacedPlus
        /// It is a number, but not written as plain E.164.
        case notNormalised
    }

    public var reason: Reason
    /// Where in the text, in UTF-8 bytes from its start.
    public var byteOffset: Int

    public init(_ reason: Reason, at byteOffset: Int) {
        self.reason = reason
        self.byteOffset = byteOffset
    }

    public var description: String {
        switch reason {
        case .noDigits: "no digits"
        case .tooFewDigits(let count): "\(count) digits, at least 10 are needed"
        case .tooManyDigits(let count): "\(count) digits, at most 15 are possible"
        case .startsWithZero: "starts with 0: write + and the country code instead of 0, 00 or 011"
        case .hasExtension: "has an extension, which cannot be dialed"
        case .letters: "has letters"
        case .unexpectedCharacter(let scalar):
            "has an unexpected character U+\(String(scalar.value, radix: 16, uppercase: true))"
        case .misplacedPlus: "has a + in the wrong place"
        case .notNormalised: "is not written as + and digits only"
        }
    }
}
