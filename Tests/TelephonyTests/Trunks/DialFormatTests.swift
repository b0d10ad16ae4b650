import Testing

@testable import Telephony

@Suite("How trunks want numbers written")
struct DialFormatTests {
    private static func format(
        _ international: DialFormat.International = .plus, home: DialFormat.Home? = nil, prefix: String = "",
        marksPhoneNumbers: Bool = false
    ) -> DialFormat {
        var format = DialFormat()
        format.international = international
        format.home = home
        format.prefix = prefix
        format.marksPhoneNumbers = marksPhoneNumbers
        return format
    }

    struct Row: CustomTestStringConvertible {
        var name: String
        var format: DialFormat
        /// Number given, number dialed.
        var numbers: [(String, String)]
        var testDescription: String { name }
    }

    @Test(
        "Only numbers in E.164 are rewritten",
        arguments: [
            Row(
                name: "as it is", format: format(),
                numbers: [
                    ("+15551234567", "+15551234567"), ("100", "100"), ("*98", "*98"), ("0201234", "0201234"),
                ]),
            Row(
                name: "without plus", format: format(.bare),
                numbers: [("+15551234567", "15551234567"), ("+442079460123", "442079460123"), ("911", "911")]),
            Row(
                name: "00", format: format(.prefix("00")),
                numbers: [("+15551234567", "0015551234567"), ("+4930901820", "004930901820"), ("110", "110")]),
            Row(
                name: "from the USA",
                format: format(.prefix("011"), home: .init(countryCode: "1", trunkPrefix: "1")),
                numbers: [
                    ("+15551234567", "15551234567"), ("+442079460123", "011442079460123"),
                    ("+18005550100", "18005550100"), ("5551234567", "5551234567"),
                ]),
            Row(
                name: "from the United Kingdom",
                format: format(.prefix("00"), home: .init(countryCode: "44", trunkPrefix: "0")),
                numbers: [
                    ("+442079460123", "02079460123"), ("+447700900123", "07700900123"),
                    ("+353871234567", "00353871234567"), ("+4930901820", "004930901820"), ("101", "101"),
                ]),
            Row(
                name: "from Italy, where the 0 stays",
                format: format(.prefix("00"), home: .init(countryCode: "39", trunkPrefix: "")),
                numbers: [("+390612345678", "0612345678"), ("+393331234567", "3331234567")]),
            Row(
                name: "tech prefix", format: format(.bare, prefix: "1234#"),
                numbers: [("+15551234567", "1234#15551234567"), ("100", "1234#100")]),
            Row(
                name: "outside line of a PBX",
                format: format(.prefix("00"), home: .init(countryCode: "49", trunkPrefix: "0"), prefix: "0"),
                numbers: [("+4930901820", "0030901820"), ("+15551234567", "00015551234567")]),
            Row(
                name: "a country code alone is no national number",
                format: format(.bare, home: .init(countryCode: "49", trunkPrefix: "0")),
                numbers: [("+49", "49"), ("+491", "01")]),
        ])
    func dialed(_ row: Row) {
        #expect(row.format.fault() == nil)
        for (number, expected) in row.numbers {
            #expect(row.format.dialed(number) == expected, "\(number)")
        }
    }

    @Test(
        "What cannot be dialed is named",
        arguments: [
            (format(.prefix("")), "international"), (format(.prefix("+")), "international"),
            (format(.prefix("123456789")), "international"), (format(prefix: "9"), "prefix"),
            (format(.bare, prefix: "abc"), "prefix"),
            (format(.bare, prefix: "123456789012345678901"), "prefix"),
            (format(home: .init(countryCode: "", trunkPrefix: "0")), "countryCode"),
            (format(home: .init(countryCode: "0", trunkPrefix: "0")), "countryCode"),
            (format(home: .init(countryCode: "4444", trunkPrefix: "0")), "countryCode"),
            (format(home: .init(countryCode: "+4", trunkPrefix: "0")), "countryCode"),
            (format(home: .init(countryCode: "44", trunkPrefix: "x")), "trunkPrefix"),
        ])
    func faults(_ format: DialFormat, field: String) {
        #expect(format.fault()?.contains("`\(field)`") == true)
    }

    @Test("The INVITE has the number as the trunk wants it, and the caller number too")
    func plan() throws {
        var trunk = Trunk(name: "t", host: "carrier.example", numbers: ["+44 20 7946 0100"])
        trunk.dialFormat = Self.format(
            .prefix("00"), home: .init(countryCode: "44", trunkPrefix: "0"), prefix: "77#",
            marksPhoneNumbers: true)
        trunk.callerFormat = Self.format(.bare)
        let plan = try DialPlan(CallRequest(to: "+44 (20) 7946-0123"), trunk: trunk, turn: 0)
        #expect(plan.requestURI == "sip:77%2302079460123@carrier.example;user=phone")
        #expect(plan.to == "<sip:77%2302079460123@carrier.example;user=phone>")
        #expect(plan.from == "<sip:442079460100@carrier.example>")
        #expect(plan.callerNumber == "+44 20 7946 0100", "records show it as it was given")
    }
}
