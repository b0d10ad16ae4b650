import Testing

@testable import SIPCore

@Suite("The keyed hash, SipHash-1-3")
struct KeyedHashTests {
    private let secret = KeyedHash.Secret(first: 0x0706_0504_0302_0100, second: 0x0F0E_0D0C_0B0A_0908)

    private func hash(_ count: Int) -> UInt64 {
        var hash = KeyedHash(secret)
        for byte in 0..<count { hash.combine(UInt8(byte)) }
        return hash.finish()
    }

    @Test("No bytes at all, with the reference key")
    func reference() { #expect(hash(0) == 0xABAC_0158_050F_C4DC) }

    @Test("Lengths, words, text and secrets all tell")
    func distinct() {
        #expect(Set((0..<64).map(hash)).count == 64)
        var word = KeyedHash(secret)
        word.combine(word: 0x0706_0504_0302_0100)
        #expect(word.finish() == hash(8))
        var text = KeyedHash(secret)
        text.combine("\u{0}\u{1}\u{2}")
        #expect(text.finish() == hash(3))
        var other = KeyedHash(KeyedHash.Secret(first: 1, second: 2))
        other.combine("\u{0}\u{1}\u{2}")
        #expect(other.finish() != hash(3))
    }
}
