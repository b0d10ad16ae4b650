import Testing

@testable import SIPCore

@Suite("Identity header values")
struct IdentityAddressTests {
    @Test("Addresses of P-Asserted-Identity in both forms, RFC 3325 §9.1")
    func asserted() {
        let list = IdentityAddress.list(
            "\"Cullen Jennings\" <sip:fluffy@cisco.com>, tel:+1-408-526-4000")
        #expect(
            list == [
                IdentityAddress(displayName: "Cullen Jennings", uri: "sip:fluffy@cisco.com"),
                IdentityAddress(uri: "tel:+1-408-526-4000"),
            ])
        #expect(list.map(\.number) == [nil, "+14085264000"])
    }

    struct Row: Sendable {
        var text: String
        var name = ""
        var uri: String
        var number: String?
    }

    @Test(
        "Addresses as they come",
        arguments: [
            Row(
                text: "<sip:+15550100@gw.example;user=phone>", uri: "sip:+15550100@gw.example;user=phone",
                number: "+15550100"),
            Row(text: "sip:+15550100@gw.example;tag=1", uri: "sip:+15550100@gw.example", number: "+15550100"),
            Row(
                text: "\"A \\\"B\\\" \\\\ C, D <x>\"<sip:5550100@gw.example>", name: "A \"B\" \\ C, D <x>",
                uri: "sip:5550100@gw.example", number: "5550100"),
            Row(
                text: "Anna Bauer <sips:anna@example.com>", name: "Anna Bauer", uri: "sips:anna@example.com",
                number: nil),
            Row(text: "<tel:+44(0)20-7946.0018>", uri: "tel:+44(0)20-7946.0018", number: "+4402079460018"),
            Row(
                text: "<sip:5550100;phone-context=+1@gw.example;user=phone>",
                uri: "sip:5550100;phone-context=+1@gw.example;user=phone", number: "5550100"),
            Row(
                text: "<sip:anonymous@anonymous.invalid>", uri: "sip:anonymous@anonymous.invalid", number: nil
            ),
            Row(text: "<urn:service:sos>", uri: "urn:service:sos", number: nil),
            Row(text: "\"\" <sip:1@x>", uri: "sip:1@x", number: nil),
        ])
    func addresses(row: Row) throws {
        let address = try IdentityAddress(parsing: row.text)
        #expect(address.displayName == row.name)
        #expect(address.uri == row.uri)
        #expect(address.number == row.number)
    }

    @Test(
        "What is no address is refused alone, and left out of a list",
        arguments: [
            "", " ", "<>", "<sip:", "\"open <sip:a@b>", "name only", "<sip:a@b", "<no-scheme>", "sip:a b@c",
            ",,,",
            "<sip:a@b>,<sip:c@d> x",
        ])
    func torture(text: String) {
        #expect(throws: SIPParseError.self) { try IdentityAddress(parsing: text) }
        let list = IdentityAddress.list("<sip:first@x>, \(text)")
        #expect(list.first?.uri == "sip:first@x")
    }

    @Test("A list is cut, and separators inside quotes, brackets and escapes do not split it")
    func lists() {
        let many = Array(repeating: "<sip:a@b>", count: 1_000).joined(separator: ",")
        #expect(IdentityAddress.list(many).count == 20)
        #expect(IdentityAddress.list("\"a, \\\", b\" <sip:a,b@c>").map(\.uri) == ["sip:a,b@c"])
        #expect(IdentityAddress.list("\"").isEmpty)
        #expect(IdentityAddress.list(String(repeating: "<", count: 60_000)).isEmpty)
    }

    @Test("What is written reads back the same, and cannot break out of its field")
    func roundTrip() throws {
        let address = IdentityAddress(
            displayName: "A \"quoted\" \\ name\r\nVia: x", uri: "sip:+15550100@gw.example",
            parameters: [.init("reason", "user busy; or \"so\""), .init("screen", "yes"), .init("flag")])
        #expect(!address.text.contains("\r") && !address.text.contains("\n"))
        let again = try IdentityAddress(parsing: address.text)
        #expect(again.displayName == "A \"quoted\" \\ nameVia: x")
        #expect(again.uri == address.uri && again.parameters == address.parameters)
    }

    @Test(
        "Privacy, RFC 3323 §4.2: words between semicolons, in any case; unknown ones are passed over",
        arguments: [
            ("id", SIPPrivacy.id, "id", true),
            ("Header;USER ; id", [.header, .user, .id], "header;user;id", true),
            ("none", .none, "none", false), ("id;none", [.id, .none], "id;none", false),
            ("session;critical", [.session, .critical], "session;critical", false),
            ("history", .history, "history", false), ("", [], "", false), (";;x;", [], "", false),
        ] as [(String, SIPPrivacy, String, Bool)])
    func privacy(text: String, privacy: SIPPrivacy, written: String, hides: Bool) {
        #expect(SIPPrivacy(text) == privacy)
        #expect(privacy.text == written)
        #expect(privacy.hidesCaller == hides)
    }

    @Test("Diversion, RFC 5806 §9.1")
    func diversion() {
        let list = Diversion.list(
            "<sip:WeSellPizza@p4.isp.com>;reason=time-of-day, \"P\" <sip:+19195551004@p3.isp.com>;"
                + "reason=\"User-Busy\";counter=2;privacy=off;screen=no;ext=1")
        #expect(list.count == 2)
        #expect(
            list[0] == Diversion(IdentityAddress(uri: "sip:WeSellPizza@p4.isp.com"), reason: "time-of-day"))
        #expect(list[1].reason == "user-busy" && list[1].counter == 2)
        #expect(list[1].privacy == "off" && list[1].isScreened == false)
        #expect(list[1].address.parameters == [.init("ext", "1")])
        #expect(list[1].address.number == "+19195551004")
        #expect(list.flatMap { Diversion.list($0.text) } == list)
        #expect(Diversion.list("<sip:a@b>;counter=99999999999999999999").map(\.counter) == [nil])
        #expect(Diversion.list("<sip:a@b>;counter=-1;reason").map(\.reason) == [""])
    }

    @Test("History-Info, RFC 7044 §5: index, and the reason and privacy hidden in the URI")
    func history() {
        let list = HistoryInfoEntry.list(
            "<sip:bob@example.com>;index=1,"
                + "<sip:bob@192.0.2.4?Reason=SIP%3Bcause%3D302%3Btext%3D%22Moved%22&Privacy=history>;index=1.1;rc=1,"
                + "<sip:office@example.com;cause=408>;index=1.2;mp=1")
        #expect(list.map(\.index) == ["1", "1.1", "1.2"])
        #expect(list.map(\.cause) == [nil, 302, nil])
        #expect(list[1].privacy == .history)
        #expect(list[1].address.uri == "sip:bob@192.0.2.4")
        #expect(list[1].address.parameters == [.init("rc", "1")])
        #expect(list.flatMap { HistoryInfoEntry.list($0.text) } == list)
        for broken in [
            "<sip:a@b>", "<sip:a@b>;index=", "<sip:a@b>;index=1..2", "<sip:a@b>;index=x",
            "<sip:a@b>;index=12345",
        ] {
            #expect(HistoryInfoEntry.list(broken).isEmpty, "\(broken)")
        }
        #expect(HistoryInfoEntry.list("<sip:a@b?Reason=%>;index=1").map(\.cause) == [nil])
        #expect(HistoryInfoEntry.list("<sip:a@b?Reason=SIP%3Bcause%3D9999>;index=1").map(\.cause) == [nil])
    }
}
