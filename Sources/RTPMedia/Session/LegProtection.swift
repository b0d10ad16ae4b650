internal import SansIO

/// The encryption of one leg, if it has any: packets are opened in a block of its own and sealed where they are.
struct LegProtection: ~Copyable {
    enum Kind { case rtp, rtcp }

    /// Longest datagram that is opened; RTP over Ethernet is shorter.
    private static let capacity = 2_048

    private let provider: (any MediaProtectionProvider)?
    private var cipher: (any MediaProtection)?
    private(set) var suite: CryptoSuite?
    /// The packet that was opened last.
    private var opened: OwnedBytes?

    /// - Throws: ``AudioLegError/protection(_:)`` when encryption was agreed on and cannot be had.
    init(_ provider: (any MediaProtectionProvider)?, _ crypto: NegotiatedCrypto?) throws(AudioLegError) {
        self.provider = provider
        try renegotiate(crypto)
    }

    var isActive: Bool { cipher != nil }

    /// Takes what a re-INVITE agreed on; unchanged when it throws.
    mutating func renegotiate(_ crypto: NegotiatedCrypto?) throws(AudioLegError) {
        guard let crypto else {
            cipher = nil
            suite = nil
            opened = nil
            return
        }
        do throws(MediaProtectionError) {
            if let cipher {
                try cipher.renegotiate(crypto)
            } else {
                guard let provider else { throw .noProvider }
                cipher = try provider.makeProtection(crypto)
                opened = OwnedBytes(capacity: Self.capacity)
            }
        } catch {
            throw .protection(error)
        }
        suite = crypto.suite
    }

    /// Verifies a datagram and decrypts it; ``withOpened(_:)`` then shows it.
    ///
    /// - Returns: False when it must be dropped.
    mutating func open(_ datagram: RawSpan, _ kind: Kind) -> Bool {
        guard let cipher, opened?.replace(with: datagram) == true else { return false }
        return (kind == .rtp ? cipher.unprotectRTP(&opened!) : cipher.unprotectRTCP(&opened!)) == nil
    }

    /// The packet that was opened last.
    borrowing func withOpened<Result>(_ body: (RawSpan) -> Result) -> Result? {
        switch opened {
        case .some(let packet): body(packet.bytes)
        case .none: nil
        }
    }

    /// Protects a packet of ours.
    ///
    /// - Returns: False when it must not be sent; it is empty then.
    mutating func seal(_ packet: inout OwnedBytes, _ kind: Kind) -> Bool {
        guard let cipher else { return true }
        let isSealed = kind == .rtp ? cipher.protectRTP(&packet) : cipher.protectRTCP(&packet)
        if !isSealed { packet.removeAll() }
        return isSealed
    }
}
