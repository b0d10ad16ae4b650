/// How a trunk wants the numbers of callees written: the user part of the Request-URI and of To.
///
/// Only numbers in E.164 (`+…`) are rewritten; others (extensions, short codes, national numbers) are dialed as they are,
/// after ``prefix``. The default leaves every number alone.
public struct DialFormat: Hashable, Sendable {
    /// What takes the place of the `+` of an international number.
    @nonexhaustive
    public enum International: Hashable, Sendable {
        /// `+442079460123`
        case plus
        /// `442079460123`
        case bare
        /// With an international call prefix (ITU-T E.164 §A.2): `00442079460123`, `011442079460123`.
        case prefix(String)
    }

    /// The country whose numbers are dialed in national form.
    public struct Home: Hashable, Sendable {
        /// 1 to 3 digits, without `+`: `44`.
        public var countryCode: String
        /// Written before the national number: `0` in most countries; empty where there is none, as in the USA.
        public var trunkPrefix: String

        public init(countryCode: String, trunkPrefix: String) {
            self.countryCode = countryCode
            self.trunkPrefix = trunkPrefix
        }
    }

    public var international = International.plus
    /// `nil`: every number is dialed as an international one.
    public var home: Home?
    /// Written before every number: a carrier's tech prefix, or the digit for an outside line. Up to 20 digits, `*`, `#`.
    public var prefix = ""
    /// Whether the URI says `;user=phone` (RFC 3261 §19.1.1).
    public var marksPhoneNumbers = false

    public init() {}

    /// The number as it is dialed.
    ///
    /// - Parameter number: `+` and digits, or digits, `*` and `#`, without separators.
    public func dialed(_ number: String) -> String {
        guard number.utf8.first == UInt8(ascii: "+") else { return prefix + number }
        let digits = number.dropFirst()
        if let home, digits.hasPrefix(home.countryCode), digits.count > home.countryCode.count {
            return prefix + home.trunkPrefix + digits.dropFirst(home.countryCode.count)
        }
        return switch international {
        case .plus: prefix + number
        case .bare: prefix + digits
        case .prefix(let code): prefix + code + digits
        }
    }

    /// What is wrong with it, naming the field; `nil` when nothing is.
    func fault() -> String? {
        if case .prefix(let code) = international, !Self.isDialable(code, 1...8) {
            return "`international` is a prefix of 1 to 8 digits"
        }
        if case .plus = international, !prefix.isEmpty, home == nil {
            return "`prefix` cannot stand before a `+`: choose another `international` form"
        }
        if let home {
            let code = home.countryCode
            guard (1...3).contains(code.utf8.count), code.utf8.allSatisfy(Self.isDigit), code.first != "0"
            else {
                return "`countryCode` has 1 to 3 digits and does not begin with 0"
            }
            if !Self.isDialable(home.trunkPrefix, 0...8) { return "`trunkPrefix` has up to 8 digits" }
        }
        if !Self.isDialable(prefix, 0...20) { return "`prefix` has up to 20 digits, * and #" }
        return nil
    }

    private static func isDialable(_ text: String, _ lengths: ClosedRange<Int>) -> Bool {
        lengths.contains(text.utf8.count)
            && text.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "#") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
