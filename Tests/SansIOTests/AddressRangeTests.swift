import SansIO
import Testing

@Suite("Blocks of addresses")
struct AddressRangeTests {
    @Test(
        "A block holds the addresses that share its leading bits",
        arguments: [
            ("192.0.2.0/24", "192.0.2.255", true), ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.77/24", "192.0.2.1", true), ("192.0.2.128/25", "192.0.2.127", false),
            ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
            ("192.0.2.7/32", "192.0.2.7", true), ("10.0.0.0/8", "10.255.0.1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::8000/113", "2001:db8::ffff", true), ("2001:db8::8000/113", "2001:db8::7fff", false),
            ("2001:db8::1", "2001:db8::1", true), ("2001:db8::1/128", "2001:db8::2", false),
            ("2001:db8:0:1::/64", "2001:db8:0:1:ffff::", true), ("::/0", "2001:db8::1", true),
        ])
    func contains(block: String, host: String, isInside: Bool) throws {
        let range = try #require(AddressRange(block))
        let address = try #require(SocketAddress(host: host, port: 5060))
        #expect(range.contains(address) == isInside)
    }

    @Test(
        "Anything else is no block",
        arguments: [
            "", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/24/8",
            "192.0.2.0/0x8", "2001:db8::/129", "carrier.example/24", "192.0.2/24",
            "192.0.2.0/99999999999999999999",
        ])
    func refused(text: String) { #expect(AddressRange(text) == nil) }

    @Test("A block is written with the bits that count")
    func text() throws {
        #expect(try #require(AddressRange("192.0.2.77/24")).description == "192.0.2.0/24")
        #expect(try #require(AddressRange("2001:db8::7")).description == "2001:db8::7/128")
    }
}
