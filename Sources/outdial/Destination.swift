internal import ToolArguments
internal import CampaignKit

/// What a person types to be called.
enum Destination {
    /// A phone number in one of the usual spellings as `+E.164`, or a SIP URI as it stands.
    ///
    /// - Throws: ``UsageError`` saying what is wrong with the number.
    static func parse(_ text: String) throws -> String {
        if ["sip:", "sips:"].contains(where: text.lowercased().hasPrefix) { return text }
        do {
            return try PhoneNumber.parse(text).number.e164
        } catch {
            throw UsageError("'\(text)' is not a number that can be dialed: \(error.description)")
        }
    }
}
