import RTPMedia
import SansIO
import TestSupport
import Testing

@Suite("Legs whose audio is encrypted")
struct AudioLegProtectionTests {
    private func call(packets milliseconds: Int) throws -> CodecCall {
        let key = SRTPMasterKey(keyAndSalt: [UInt8](repeating: 1, count: 30))
        let call = try CodecCall(codec: .pcmu, protection: SealingProvider()) {
            $0.packetMilliseconds = milliseconds
            $0.crypto = NegotiatedCrypto(suite: .aes128CounterSHA1Tag80, local: key, remote: key)
        }
        call.speech = Sound.tone(hertz: 400, rate: 16_000)
        return call
    }

    @Test(
        "No packet leaves in the clear, however many fall due at one deadline",
        arguments: [10, 20, 30, 60])
    func everyPacket(milliseconds: Int) throws {
        let call = try call(packets: milliseconds)
        call.run(ticks: 12)
        #expect(call.packets.count == 240 / milliseconds)
        #expect(call.packets.allSatisfy { $0.bytes.last == SealingProtection.seal })
        #expect(call.b.statistics.packetsRejected == 0)
    }

    @Test("A key that waits behind speech at one deadline does not leave in the clear")
    func keyBehindSpeech() throws {
        let call = try call(packets: 60)
        call.run(ticks: 4)
        #expect(call.a.sendDigits("5"))
        call.run(ticks: 12)
        #expect(call.packets.count == 10)
        #expect(call.packets.allSatisfy { $0.bytes.last == SealingProtection.seal })
        #expect(call.b.takeDigit() == "5")
    }
}

/// Puts an octet behind each packet, and takes none without it.
private struct SealingProvider: MediaProtectionProvider {
    var suites: [CryptoSuite] { [.aes128CounterSHA1Tag80] }

    func makeProtection(_ crypto: NegotiatedCrypto) throws(MediaProtectionError) -> any MediaProtection {
        SealingProtection()
    }
}

private final class SealingProtection: MediaProtection {
    /// No payload of these tests ends so.
    static let seal: UInt8 = 0x2A

    func protectRTP(_ packet: inout OwnedBytes) -> Bool {
        packet.edit { block, count in
            block[count] = Self.seal
            return count + 1
        }
        return true
    }

    func protectRTCP(_ packet: inout OwnedBytes) -> Bool { protectRTP(&packet) }

    func unprotectRTP(_ packet: inout OwnedBytes) -> MediaProtectionFault? {
        var isSealed = false
        packet.edit { block, count in
            isSealed = count > 0 && block[count - 1] == Self.seal
            return isSealed ? count - 1 : count
        }
        return isSealed ? nil : .authentication
    }

    func unprotectRTCP(_ packet: inout OwnedBytes) -> MediaProtectionFault? { unprotectRTP(&packet) }

    func renegotiate(_ crypto: NegotiatedCrypto) throws(MediaProtectionError) {}
}
