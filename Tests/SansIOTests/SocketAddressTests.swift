import SansIO
import Testing

@Suite("Socket addresses as text, RFC 5952 and RFC 3986 §3.2.2")
struct SocketAddressTests {
    @Test(
        "An IPv4 literal gives its number",
        arguments: [
            ("0.0.0.0", UInt32(0)), ("127.0.0.1", 0x7F00_0001), ("192.0.2.1", 0xC000_0201),
            ("255.255.255.255", .max),
        ])
    func readsIPv4(text: String, number: UInt32) {
        let address = SocketAddress(host: text, port: 5060)
        #expect(address?.ipv4 == number)
        #expect(address?.description == "\(text):5060")
        #expect(address?.uriHost == text)
    }

    @Test(
        "An IPv6 literal is written in the canonical form of RFC 5952",
        arguments: [
            ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::0001", "2001:db8::1"),
            ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
            ("::ffff:c000:0201", "::ffff:192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("[fe80::1]", "fe80::1"),
        ])
    func canonicalIPv6(text: String, canonical: String) throws {
        let address = try #require(SocketAddress(host: text, port: 5061))
        #expect(address.family == .ipv6)
        #expect(address.host == canonical)
        #expect(address.description == "[\(canonical)]:5061")
        #expect(SocketAddress(host: canonical, port: 5061) == address)
    }

    @Test(
        "What is not a literal is refused",
        arguments: [
            "", ".", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.", ".1.2.3", "1..2.3", "01.2.3.4", "00.0.0.0",
            "1.2.3.4 ",
            "0x7f.0.0.1", "example.com", "[1.2.3.4]", "[::1", "::1]", ":", ":::", "1:::2", "1::2::3", ":1",
            "1:",
            "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::12345", "::g", "::1.2.3",
            "::1.2.3.4:5",
            "1:2:3:4:5:6:7:1.2.3.4", "fe80::1%eth0", "[]",
            "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
        ])
    func refuses(text: String) {
        #expect(SocketAddress(host: text, port: 1) == nil)
    }

    @Test("Loopback, unspecified and same host are told by the address alone")
    func classes() throws {
        let near = try #require(SocketAddress(host: "127.9.8.7", port: 1))
        let far = try #require(SocketAddress(host: "192.0.2.1", port: 1))
        let nearSix = try #require(SocketAddress(host: "::1", port: 1))
        #expect(near.isLoopback && nearSix.isLoopback && !far.isLoopback)
        #expect(try #require(SocketAddress(host: "0.0.0.0", port: 9)).isUnspecified)
        #expect(try #require(SocketAddress(host: "::", port: 9)).isUnspecified)
        #expect(far.isSameHost(as: far.with(port: 9)) && far != far.with(port: 9))
        #expect(try #require(SocketAddress(host: "::c000:201", port: 1)).isSameHost(as: far) == false)
    }
}
