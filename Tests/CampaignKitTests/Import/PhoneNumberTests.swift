import CampaignKit
import Foundation
import TestSupport
import Testing

@Suite("Phone numbers, ITU-T E.164")
struct PhoneNumberTests {
    @Test(
        "Numbers as people write them become E.164",
        arguments: [
            ("(555) 123-4567", "+15551234567", false),
            ("1-555-123-4567", "+15551234567", false),
            ("+1 555.123.4567", "+15551234567", false),
            ("+44 20 7946 0018", "+442079460018", false),
            ("+44 (0) 20 7946 0018", "+442079460018", false),
            ("+39 (0)6 6982 1234", "+390669821234", false),
            ("44 20 7946 0018", "+442079460018", true),
            ("861380013800", "+861380013800", true),
            ("49 30 1234 5678", "+493012345678", true),
            ("555\u{A0}123\u{2011}4567", "+15551234567", false),
            (
                "\u{FF0B}\u{FF11} \u{FF15}\u{FF15}\u{FF15}\u{FF11}\u{FF12}\u{FF13}\u{FF14}\u{FF15}\u{FF16}\u{FF17}",
                "+15551234567", false
            ),
            ("\u{202A}+1 555 123 4567\u{202C}", "+15551234567", false),
            ("tel:+1-555-123-4567", "+15551234567", false),
            (" TEL:555/123/4567 ", "+15551234567", false),
            ("+1234567890", "+1234567890", false),
            ("+123456789012345", "+123456789012345", false),
        ])
    func normalised(text: String, e164: String, assumed: Bool) throws {
        let parsed = try PhoneNumber.parse(text)
        #expect(parsed.number.e164 == e164)
        #expect(parsed.assumedInternational == assumed)
    }

    @Test(
        "What is not a number says why and where",
        arguments: [
            ("", PhoneNumberError(.noDigits, at: 0)),
            ("  -  ", PhoneNumberError(.noDigits, at: 0)),
            ("911", PhoneNumberError(.tooFewDigits(3), at: 0)),
            ("555-1234", PhoneNumberError(.tooFewDigits(7), at: 0)),
            ("+123 456 789", PhoneNumberError(.tooFewDigits(9), at: 1)),
            ("+1234567890123456", PhoneNumberError(.tooManyDigits(16), at: 1)),
            ("011 44 20 7946 0018", PhoneNumberError(.startsWithZero, at: 0)),
            ("0049 30 123456", PhoneNumberError(.startsWithZero, at: 0)),
            ("+0 123 456 7890", PhoneNumberError(.startsWithZero, at: 1)),
            ("+1 555 123 4567 x123", PhoneNumberError(.hasExtension, at: 16)),
            ("555-123-4567 ext. 5", PhoneNumberError(.hasExtension, at: 13)),
            ("+12025550143,,123#", PhoneNumberError(.hasExtension, at: 12)),
            ("tel:+12025550143;ext=9", PhoneNumberError(.hasExtension, at: 16)),
            ("1-800-FLOWERS", PhoneNumberError(.letters, at: 6)),
            ("2025550143 or 2025550144", PhoneNumberError(.letters, at: 11)),
            ("+1@2015580173", PhoneNumberError(.unexpectedCharacter("@"), at: 2)),
            ("++15551234567", PhoneNumberError(.misplacedPlus, at: 1)),
            ("1+5551234567", PhoneNumberError(.misplacedPlus, at: 1)),
            ("+1\u{A0}555 123 45é7", PhoneNumberError(.letters, at: 14)),
        ])
    func refused(text: String, error: PhoneNumberError) {
        #expect(throws: error) { _ = try PhoneNumber.parse(text) }
    }

    @Test("A description does not give the number away")
    func shortened() throws {
        let number = try PhoneNumber(e164: "+15551234567")
        #expect("\(number)" == "+1555…4567")
        #expect(throws: PhoneNumberError(.notNormalised, at: 0)) { _ = try PhoneNumber(e164: "5551234567") }
        let json = try JSONEncoder().encode([number])
        #expect(String(decoding: json, as: UTF8.self) == #"["+15551234567"]"#)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([PhoneNumber].self, from: Data(#"["12"]"#.utf8))
        }
    }

    @Test("libphonenumber agrees wherever the same rule holds")
    func agreesWithLibphonenumber() throws {
        guard let url = try TestData.url("numbers/numbers.csv") else { return }
        var compared = 0
        for row in try TestData.rows(url) {
            let text = Self.unescaped(row["raw_unicode_escaped"] ?? "")
            let expected = row["e164"] ?? ""
            guard row["parse"] == "ok", row["valid"] == "1", (11...16).contains(expected.utf8.count),
                row["extension"] == "", !text.contains(where: { $0.isLetter && !"tel".contains($0) }),
                !text.contains("*")
            else { continue }
            let isInternational = text.contains("+") && !text.contains("++")
            let isNorthAmerican = row["kind"] == "nanp"
            guard isInternational || isNorthAmerican else { continue }
            compared += 1
            #expect((try? PhoneNumber.parse(text))?.number.e164 == expected, "\(text)")
        }
        #expect(compared > 300)
    }

    @Test("No text of the corpus traps, and what is refused has an offset inside it")
    func corpusIsSafe() throws {
        guard let url = try TestData.url("numbers/numbers.csv") else { return }
        for row in try TestData.rows(url) {
            let text = Self.unescaped(row["raw_unicode_escaped"] ?? "")
            do {
                let number = try PhoneNumber.parse(text).number
                #expect((11...16).contains(number.e164.utf8.count))
            } catch {
                #expect(error.byteOffset <= text.utf8.count)
            }
        }
    }

    /// The corpus writes `\xa0`, `\u200b` and `\t` for what is not plain ASCII.
    private static func unescaped(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "\\", let kind = rest.popFirst() else {
                result.append(character)
                continue
            }
            let width = kind == "x" ? 2 : kind == "u" ? 4 : 0
            if width > 0, let value = UInt32(rest.prefix(width), radix: 16),
                let scalar = Unicode.Scalar(value)
            {
                result.unicodeScalars.append(scalar)
                rest = rest.dropFirst(width)
            } else {
                result += kind == "t" ? "\t" : kind == "n" ? "\n" : String(kind)
            }
        }
        return result
    }
}
