import Testing

@testable import SIPCore

@Suite("Hash functions against the vectors of their standards")
struct HashTests {
    @Test(
        "MD5, RFC 1321 §A.5",
        arguments: [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f"
            ),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a"
            ),
        ])
    func md5(input: String, digest: String) {
        #expect(MessageDigest.hexadecimal(MD5.hash(Array(input.utf8))) == digest)
    }

    @Test(
        "SHA-256, FIPS 180 examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func sha256(input: String, digest: String) {
        #expect(MessageDigest.hexadecimal(SHA256.hash(Array(input.utf8))) == digest)
    }

    @Test(
        "SHA-512/256, FIPS 180 examples",
        arguments: [
            ("abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                    + "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a"
            ),
        ])
    func sha512_256(input: String, digest: String) {
        #expect(MessageDigest.hexadecimal(SHA512_256.hash(Array(input.utf8))) == digest)
    }

    @Test("A hundred thousand letters, in many blocks")
    func manyBlocks() {
        let input = [UInt8](repeating: UInt8(ascii: "a"), count: 100_000)
        // Computed with coreutils' md5sum and sha256sum.
        #expect(MessageDigest.hexadecimal(MD5.hash(input)) == "1af6d6f2f682f76f80e606aeaaee1680")
        #expect(
            MessageDigest.hexadecimal(SHA256.hash(input))
                == "6d1cf22d7cc09b085dfc25ee1a1f3ae0265804c607bc2074ad253bcc82fd81ee")
    }

    @Test("Every length around a block's end pads to whole blocks", arguments: 0...130)
    func padding(length: Int) {
        let input = [UInt8](repeating: 7, count: length)
        let short = MessageDigest.padded(input, blockBytes: 64, lengthBytes: 8, isBigEndian: true)
        let long = MessageDigest.padded(input, blockBytes: 128, lengthBytes: 16, isBigEndian: true)
        #expect(short.count % 64 == 0 && short.count >= length + 9 && short.count < length + 9 + 64)
        #expect(long.count % 128 == 0 && long.count >= length + 17 && long.count < length + 17 + 128)
    }
}
