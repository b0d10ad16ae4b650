import CampaignKit
import Testing

@Suite("Recipients from CSV, RFC 4180")
struct RecipientCSVTests {
    private let campaign = CampaignID("spring")!

    private func read(_ text: String, limits: RecipientCSV.Limits = .init()) throws -> RecipientCSV.Import {
        try RecipientCSV.read(Array(text.utf8), for: campaign, limits: limits)
    }

    @Test("Rows become recipients: number, time zone, and every other column as context")
    func plain() throws {
        let result = try read(
            "phone,name,timezone,location\r\n(555) 123-4567,Jane,America/New_York,Clinic\r\n44 20 7946 0018,Ann,,\r\n"
        )
        #expect(result.recipients.map(\.number.e164) == ["+15551234567", "+442079460018"])
        #expect(result.recipients.map(\.timeZone) == ["America/New_York", nil])
        #expect(
            result.recipients.map(\.context) == [
                ["name": "Jane", "location": "Clinic"], ["name": "Ann", "location": ""],
            ])
        #expect(result.recipients.map(\.row) == [2, 3])
        #expect(result.recipients.map(\.id.rawValue) == ["spring-2", "spring-3"])
        var report = ImportReport()
        report.rowsRead = 2
        report.accepted = 2
        report.assumedInternational = [3]
        #expect(result.report == report)
    }

    @Test("Quotes, escaped quotes, separators and line ends inside fields")
    func quoting() throws {
        let result = try read(
            "name,phone,note\n\"Doe, Jane\",5551234567,\"she said \"\"hi\"\"\r\nand left\"\nB\"ob,5551234568,\"\"\n"
        )
        #expect(
            result.recipients.map(\.context) == [
                ["name": "Doe, Jane", "note": "she said \"hi\"\r\nand left"], ["name": "B\"ob", "note": ""],
            ])
    }

    @Test("A byte order mark and every kind of line end", arguments: ["\n", "\r\n", "\r"])
    func lineEnds(end: String) throws {
        let text = "\u{FEFF}phone,name" + end + "5551234567,Zoë" + end + end + "5551234568,Bob"
        let result = try read(text)
        #expect(result.recipients.map(\.context) == [["name": "Zoë"], ["name": "Bob"]])
        #expect(result.recipients.map(\.row) == [2, 4])
        #expect(result.report.emptyRows == 1)
    }

    @Test(
        "The phone column is found by any of its names",
        arguments: ["phone", "PHONE", " Phone Number ", "PhoneNumber", "phone_number", "Number"])
    func phoneColumn(name: String) throws {
        #expect(try read("name,\(name)\nA,5551234567\n").recipients.map(\.number.e164) == ["+15551234567"])
    }

    @Test("Of several names the first wins, and the rest is context")
    func phonePrecedence() throws {
        let result = try read("number,phone\n12,5551234567\n")
        #expect(result.recipients.first?.context == ["number": "12"])
    }

    @Test("Semicolons and tabs separate as well", arguments: [";", "\t"])
    func delimiters(delimiter: String) throws {
        let text =
            ["phone", "name"].joined(separator: delimiter) + "\n"
            + ["5551234567", "Doe, Jane"].joined(separator: delimiter)
        #expect(try read(text).recipients.first?.context == ["name": "Doe, Jane"])
    }

    @Test("A file without a usable header is refused with the reason")
    func headers() {
        #expect(throws: RecipientCSVError.empty) { _ = try read("\n\n") }
        #expect(throws: RecipientCSVError.empty) { _ = try read("") }
        #expect(throws: RecipientCSVError.noPhoneColumn(found: ["name", "city"])) {
            _ = try read("name,city\nA,B\n")
        }
        #expect(throws: RecipientCSVError.duplicateColumn(name: "name", column: 3)) {
            _ = try read("phone,name,name\n")
        }
        #expect(throws: RecipientCSVError.duplicateColumn(name: "PHONE", column: 2)) {
            _ = try read("phone,PHONE\n")
        }
        #expect(throws: RecipientCSVError.notUTF8(byteOffset: 6)) {
            _ = try RecipientCSV.read(Array("phone,".utf8) + [0xFF, 0x0A], for: campaign)
        }
        #expect(throws: RecipientCSVError.notUTF8(byteOffset: 0)) {
            _ = try RecipientCSV.read([0xFF, 0xFE, 0x70, 0x00], for: campaign)
        }
    }

    @Test("A bad row is reported with row, column and reason, and the rows around it are kept")
    func badRows() throws {
        let good = "5551234567,A,\n"
        let text =
            "phone,name,timezone\n" + good + "555,B,\n" + ",C,\n" + "5551234568,D\n" + "5551234569,E,,extra\n"
            + "5551234570,F,Mars/Base\n" + "+1 555-123-4567,G,\n" + "5551234571,H,,,\n"
        let result = try read(text)
        #expect(result.recipients.map(\.row) == [2, 9])
        #expect(
            result.report.rejected == [
                .init(
                    row: 3, column: "phone", reason: .invalidNumber,
                    detail: "3 digits, at least 10 are needed"),
                .init(row: 4, column: "phone", reason: .missingNumber, detail: "no number"),
                .init(row: 5, column: nil, reason: .fieldCount, detail: "2 fields, the header has 3"),
                .init(row: 6, column: nil, reason: .fieldCount, detail: "4 fields, the header has 3"),
                .init(
                    row: 7, column: "timezone", reason: .unknownTimeZone,
                    detail: "not an IANA time zone such as America/New_York"),
            ])
        #expect(result.report.duplicates == [.init(row: 8, firstRow: 2)])
        #expect(result.report.rowsRead == 8 && result.report.accepted == 2)
    }

    @Test("A runaway quote costs its own row and no other")
    func runawayQuotes() throws {
        let result = try read(
            "phone,name\n5551234567,\"A\n5551234568,\"B\" C\n5551234569,D\n5551234570,\"E\n")
        #expect(result.recipients.map(\.number.e164) == ["+15551234569"])
        #expect(result.report.rejected.map(\.row) == [2, 3, 5])
        #expect(result.report.rejected.map(\.reason) == [.badQuotes, .badQuotes, .badQuotes])
        #expect(result.report.rejected.map(\.column) == ["name", "name", "name"])
    }

    @Test("Invalid UTF-8 spoils its own row and says at which byte")
    func invalidUTF8() throws {
        let bytes =
            Array("phone,name,note\n5551234567,A".utf8) + [0xC3, 0x28] + Array(",x\n5551234568,B,\n".utf8)
        let result = try RecipientCSV.read(bytes, for: campaign)
        #expect(result.recipients.map(\.row) == [3])
        #expect(
            result.report.rejected == [
                .init(row: 2, column: "name", reason: .notUTF8, detail: "not UTF-8", byteOffset: 28)
            ])
    }

    @Test("Limits of size, rows, columns and fields hold")
    func limits() throws {
        var limits = RecipientCSV.Limits()
        limits.bytes = 10
        #expect(throws: RecipientCSVError.tooLarge(limitBytes: 10)) {
            _ = try read("phone\n5551234567\n", limits: limits)
        }
        limits = .init()
        limits.rows = 1
        #expect(throws: RecipientCSVError.tooManyRows(limit: 1)) {
            _ = try read("phone\n5551234567\n5551234568\n", limits: limits)
        }
        limits = .init()
        limits.fieldBytes = 12
        limits.columns = 3
        let result = try read(
            "phone,name\n5551234567,aaaaaaaaaaaaa\n5551234568,\"aaaaaaaaaaaaaa\n5551234569,b,,,,,\n5551234570,ok\n",
            limits: limits)
        #expect(result.recipients.map(\.row) == [5])
        #expect(result.report.rejected.map(\.reason) == [.fieldTooLong, .fieldTooLong, .fieldCount])
    }
}
