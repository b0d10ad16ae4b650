internal import RTPMedia
internal import SansIO

extension AudioNegotiator {
    /// A negotiator of a simulated far end, with keys of its own where it encrypts.
    static func ofPeer(
        _ capabilities: AudioCapabilities, _ provider: (any MediaProtectionProvider)?, on driver: any Driver,
        localRTP: SocketAddress, sessionID: UInt64
    ) -> AudioNegotiator {
        var capabilities = capabilities
        var keyring: SRTPKeyring?
        if let provider, capabilities.security != .off {
            capabilities.cryptoSuites = provider.suites
            keyring = SRTPKeyring(secret: driver.makeSecret(byteCount: SRTPKeyring.byteCount))
        }
        return AudioNegotiator(
            capabilities: capabilities, localRTP: localRTP, sessionID: sessionID, keyring: keyring)
    }
}
