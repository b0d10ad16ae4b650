public import RTPMedia
internal import SansIO

/// Encrypted audio for worlds whose build has no SRTP: the shape of SRTP without its secrecy.
///
/// Packets grow by a tag of ten octets, look like noise, are refused under another key or when changed, and come once. It
/// keeps no secret from anybody.
public struct SimulatedMediaSecurity: MediaProtectionProvider {
    public let suites: [CryptoSuite]

    /// - Parameter suites: What it claims to be.
    public init(suites: [CryptoSuite] = [.aes128CounterSHA1Tag80]) { self.suites = suites }

    public func makeProtection(
        _ crypto: NegotiatedCrypto
    ) throws(MediaProtectionError) -> any MediaProtection {
        for key in [crypto.local, crypto.remote]
        where key.keyAndSalt.count != crypto.suite.keyAndSaltByteCount {
            throw .keyLength(expected: crypto.suite.keyAndSaltByteCount, found: key.keyAndSalt.count)
        }
        guard suites.contains(crypto.suite) else { throw .unsupportedSuite(crypto.suite) }
        return SimulatedMediaProtection(crypto)
    }
}

private final class SimulatedMediaProtection: MediaProtection {
    private static let tagByteCount = 10
    /// What is sent in the clear: the header of RTP, and of RTCP.
    private static let clearByteCount = (rtp: 12, rtcp: 8)

    private var crypto: NegotiatedCrypto
    private var sender: Direction
    private var receiver: Direction
    private var formerReceiver: Direction?

    init(_ crypto: NegotiatedCrypto) {
        self.crypto = crypto
        sender = Direction(crypto.local)
        receiver = Direction(crypto.remote)
    }

    func protectRTP(_ packet: inout OwnedBytes) -> Bool { protect(&packet, clear: Self.clearByteCount.rtp) }

    func protectRTCP(_ packet: inout OwnedBytes) -> Bool { protect(&packet, clear: Self.clearByteCount.rtcp) }

    func unprotectRTP(_ packet: inout OwnedBytes) -> MediaProtectionFault? {
        unprotect(&packet, clear: Self.clearByteCount.rtp)
    }

    func unprotectRTCP(_ packet: inout OwnedBytes) -> MediaProtectionFault? {
        unprotect(&packet, clear: Self.clearByteCount.rtcp)
    }

    func renegotiate(_ next: NegotiatedCrypto) throws(MediaProtectionError) {
        guard next.suite.keyAndSaltByteCount == next.remote.keyAndSalt.count else {
            throw .keyLength(expected: next.suite.keyAndSaltByteCount, found: next.remote.keyAndSalt.count)
        }
        if next.local != crypto.local { sender = Direction(next.local) }
        if next.remote != crypto.remote {
            formerReceiver = receiver
            receiver = Direction(next.remote)
        }
        crypto = next
    }

    private func protect(_ packet: inout OwnedBytes, clear: Int) -> Bool {
        guard packet.count >= clear, packet.count + Self.tagByteCount <= packet.capacity else {
            packet.removeAll()
            return false
        }
        let key = sender.seed
        sender.count += 1
        let counter = sender.count
        packet.edit { block, count in
            Self.mask(block, clear..<count, key: key ^ counter)
            let tag = Self.tag(block, count, key: key, counter: counter)
            for index in 0..<8 { block[count + index] = UInt8(truncatingIfNeeded: tag >> UInt64(8 * index)) }
            for index in 0..<2 {
                block[count + 8 + index] = UInt8(truncatingIfNeeded: counter >> UInt64(8 * index))
            }
            return count + Self.tagByteCount
        }
        return true
    }

    private func unprotect(_ packet: inout OwnedBytes, clear: Int) -> MediaProtectionFault? {
        let fault = receiver.open(&packet, clear: clear, Self.tagByteCount)
        if fault == nil { formerReceiver = nil }
        guard fault == .authentication, formerReceiver != nil else { return fault }
        return formerReceiver?.open(&packet, clear: clear, Self.tagByteCount)
    }

    /// One direction's key and what has been seen under it.
    private struct Direction {
        let seed: UInt64
        /// Packets so far; of a receiver the highest that has come.
        var count: UInt64 = 0
        /// Which of the 64 up to ``count`` have come.
        private var window: UInt64 = 0

        init(_ key: SRTPMasterKey) {
            seed = key.keyAndSalt.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        }

        mutating func open(_ packet: inout OwnedBytes, clear: Int, _ tagCount: Int) -> MediaProtectionFault? {
            guard packet.count >= clear + tagCount else { return .malformed }
            let (seed, highest) = (seed, count)
            var counter: UInt64 = 0
            var isSound = false
            packet.edit { block, count in
                let end = count - tagCount
                let low = UInt64(block[end + 8]) | UInt64(block[end + 9]) << 8
                // The nearest number to the highest that ends in these bits.
                let distance = Int16(truncatingIfNeeded: Int64(low) - Int64(truncatingIfNeeded: highest))
                counter = highest &+ UInt64(bitPattern: Int64(distance))
                let tag = SimulatedMediaProtection.tag(block, end, key: seed, counter: counter)
                isSound = (0..<8).allSatisfy {
                    block[end + $0] == UInt8(truncatingIfNeeded: tag >> UInt64(8 * $0))
                }
                guard isSound else { return count }
                SimulatedMediaProtection.mask(block, clear..<end, key: seed ^ counter)
                return end
            }
            guard isSound else { return .authentication }
            return admit(counter) ? nil : .replay
        }

        private mutating func admit(_ counter: UInt64) -> Bool {
            if counter > count {
                let step = counter - count
                window = (step < 64 ? window << step : 0) | 1
                count = counter
                return true
            }
            let age = count - counter
            guard age < 64, window & 1 << age == 0 else { return false }
            window |= 1 << age
            return true
        }
    }

    private static func mask(_ block: UnsafeMutableRawBufferPointer, _ range: Range<Int>, key: UInt64) {
        var generator = SeededGenerator(seed: key)
        for index in range { block[index] ^= UInt8(truncatingIfNeeded: generator.next() >> 32) }
    }

    private static func tag(
        _ block: UnsafeMutableRawBufferPointer, _ count: Int, key: UInt64, counter: UInt64
    ) -> UInt64 {
        var hash = key ^ counter &* 0x9E37_79B9_7F4A_7C15
        for index in 0..<count { hash = (hash ^ UInt64(block[index])) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}
