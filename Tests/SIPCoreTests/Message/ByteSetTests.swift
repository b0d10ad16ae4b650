import Testing

@testable import SIPCore

@Suite("Character sets")
struct ByteSetTests {
    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    private static let digits = "0123456789"

    private func members(_ set: ByteSet) -> Set<UInt8> { Set((0...255).filter { set.contains($0) }) }

    @Test("Each set has the members that the grammar gives it, and no others")
    func sets() {
        let alphanumeric = Self.letters + Self.digits
        #expect(members(.token) == Set((alphanumeric + "-.!%*_+`'~").utf8))
        #expect(members(.scheme) == Set((alphanumeric + "+-.").utf8))
        #expect(members(.host) == Set((alphanumeric + "-._").utf8))
        #expect(members(.ipv6) == Set((Self.digits + "abcdefABCDEF:.").utf8))
        #expect(members(.linearWhitespace) == Set([9, 10, 13, 32]))
        #expect(members(.parameterStops) == Set("\",;".utf8))
        #expect(members(.uri) == Set((0x21...0x7E).filter { ![0x22, 0x3C, 0x3E].contains($0) }))
    }

    @Test("Eight octets at once give the same answers as one by one")
    func words() {
        for byte in UInt8.min...UInt8.max {
            for lane in 0..<8 {
                let word =
                    0x4141_4141_4141_4141 & ~(0xFF << UInt64(lane * 8)) | UInt64(byte) << UInt64(lane * 8)
                #expect((Word.below(0x21, word) != 0) == (byte < 0x21))
                #expect((Word.equal(ASCII.comma, word) != 0) == (byte == ASCII.comma))
                if byte == ASCII.comma { #expect(Word.equal(byte, word).trailingZeroBitCount / 8 == lane) }
            }
        }
    }

    @Test(
        "A header name is found only from its own letters",
        arguments: ["Call-ID", "via", "WWW-Authenticate", "l"])
    func names(name: String) {
        for index in name.utf8.indices.map({ name.utf8.distance(from: name.utf8.startIndex, to: $0) }) {
            for byte in UInt8.min...UInt8.max {
                var octets = Array(name.utf8)
                let isSame = ASCII.lowercased(byte) == ASCII.lowercased(octets[index])
                octets[index] = byte
                let padded = octets + [UInt8](repeating: 58, count: 32)
                let slice = SIPSlice(0, octets.count)
                for text in [octets, padded] {
                    let found = SIPHeaderNameTable.shared.lookUp(text.span.bytes, slice)
                    let isFound = found == SIPHeaderName(name)
                    #expect(isFound == isSame, "\(octets)")
                }
            }
        }
    }
}
