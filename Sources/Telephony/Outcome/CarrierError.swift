internal import SIPCore

/// An error that a carrier tells in a header of its own, beside or instead of a SIP status.
struct CarrierError: Hashable, Sendable {
    /// As received, name and value, cut to ``textLimit``.
    var text: String
    /// `nil` when its code is not in the table: then the text is kept and decides nothing.
    var disposition: CallDisposition?

    private static let textLimit = 200

    /// Reads the first known header among `headers`.
    init?(in headers: [SIPHeaderField], rules: [CarrierErrorRule] = CarrierErrorRule.known) {
        for header in headers {
            let name = header.name.lowercased()
            let own = rules.filter { $0.header == name }
            guard !own.isEmpty else { continue }
            let code = Int(header.value.prefix { $0.isASCII && $0.isNumber })
            disposition = own.first { rule in code.map(rule.codes.contains) ?? false }?.disposition
            text = String("\(header.name): \(header.value)".prefix(Self.textLimit))
            return
        }
        return nil
    }
}

/// One line of the table of carriers' codes.
struct CarrierErrorRule: Hashable, Sendable {
    /// Name of the header, in lower case.
    var header: String
    var codes: ClosedRange<Int>
    var disposition: CallDisposition

    init(_ header: String, _ codes: ClosedRange<Int>, _ disposition: CallDisposition) {
        self.header = header
        self.codes = codes
        self.disposition = disposition
    }

    /// Codes that say more than the status they come with, from the carriers' published lists of errors.
    static let known: [CarrierErrorRule] = [
        // Account not active.
        CarrierErrorRule("x-twilio-error", 10_001...10_001, .forbidden),
        // The number is malformed, or cannot be called at all.
        CarrierErrorRule("x-twilio-error", 13_223...13_224, .badNumber),
        // The called number or country is closed to the account.
        CarrierErrorRule("x-twilio-error", 13_225...13_227, .forbidden),
        CarrierErrorRule("x-twilio-error", 21_215...21_215, .forbidden),
        // The next carrier blocked the call for its caller number.
        CarrierErrorRule("x-twilio-error", 32_017...32_017, .blocked),
        CarrierErrorRule("x-twilio-error", 32_203...32_203, .blocked),
    ]
}
