import SansIO
import Testing

@testable import Telephony

@Suite("Names of the hosts that TLS leads to")
struct RecentNamesTests {
    private var names = RecentNames()

    private func address(_ number: UInt32) -> SocketAddress {
        SocketAddress(ipv4: 0x0A00_0000 + number, port: 5061)
    }

    @Test("A name learnt after thousands of others is known, and no more are kept than twice the bound")
    mutating func bounded() {
        for number in 0..<10_000 as Range<UInt32> {
            names.use("host\(number).example", for: address(number))
            #expect(names.count <= 2 * RecentNames.kept)
        }
        #expect(names[address(9_999)] == "host9999.example")
        #expect(names[address(0)] == nil)
    }

    @Test("A name in use outlives any number of others, and follows its address")
    mutating func used() {
        for number in 1..<10_000 as Range<UInt32> {
            if number % 1_000 == 1 { names.use("carrier\(number).example", for: address(0)) }
            names.use("host\(number).example", for: address(number))
        }
        #expect(names[address(0)] == "carrier9001.example")
    }
}
