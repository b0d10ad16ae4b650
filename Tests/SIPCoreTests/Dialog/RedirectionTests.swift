import Testing

@testable import SIPCore

@Suite("Addresses of redirections, RFC 3261 §8.1.3.4")
struct RedirectionTests {
    typealias Contact = Redirection.Contact

    private func all(_ redirection: inout Redirection) -> [String] {
        var uris: [String] = []
        while let uri = redirection.next() { uris.append(uri) }
        return uris
    }

    @Test("By q, then in the order of the message; the newest redirection comes first")
    func order() {
        var redirection = Redirection(policy: .init(), first: "sip:a@x")
        redirection.add([
            Contact(uri: "sip:low@x", quality: 100), Contact(uri: "sip:one@x"),
            Contact(uri: "sip:half@x", quality: 500),
            Contact(uri: "sip:two@x"),
        ])
        #expect(redirection.next() == "sip:one@x")
        redirection.add([Contact(uri: "sip:deeper@x", quality: 1)])
        #expect(all(&redirection) == ["sip:deeper@x", "sip:two@x", "sip:half@x", "sip:low@x"])
    }

    @Test("No address twice, the first one included, however it is spelled (RFC 3261 §19.1.4)")
    func loops() {
        var redirection = Redirection(policy: .init(), first: "sip:a@X.example")
        redirection.add([
            Contact(uri: "sip:a@x.example"), Contact(uri: "sip:%61@x.example"),
            Contact(uri: "sip:b@x.example"),
            Contact(uri: "SIP:b@x.example"),
        ])
        #expect(all(&redirection) == ["sip:b@x.example"])
        redirection.add([Contact(uri: "sip:a@x.example"), Contact(uri: "sip:b@x.example")])
        #expect(all(&redirection) == [])
    }

    @Test("At most so many hops, and so many addresses")
    func limits() {
        var redirection = Redirection(policy: .init(maximumHops: 3, maximumTargets: 10), first: "sip:0@x")
        for hop in 1...6 {
            redirection.add([Contact(uri: "sip:\(hop)@x")])
            #expect(redirection.next() == (hop <= 3 ? "sip:\(hop)@x" : nil))
        }
        redirection = Redirection(policy: .init(maximumHops: 5, maximumTargets: 4), first: "sip:0@x")
        redirection.add((1...30).map { Contact(uri: "sip:\($0)@x") })
        #expect(all(&redirection) == ["sip:1@x", "sip:2@x", "sip:3@x", "sip:4@x"])
    }

    @Test(
        "q values",
        arguments: [
            ("1", 1000), ("1.000", 1000), ("0", 0), ("0.7", 700), ("0.05", 50), ("0.123", 123), (".5", 500),
            ("x", 1000),
            ("7", 1000), ("-1", 1000), ("0.-5", 1000), ("", 0), ("1.9", 1000), ("0.", 0),
        ])
    func quality(text: String, thousandths: Int) {
        #expect(Redirection.quality(text) == thousandths)
    }
}
