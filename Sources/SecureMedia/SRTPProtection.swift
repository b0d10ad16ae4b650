#if Secure
    internal import RTPMedia
    internal import SansIO

    /// SRTP both ways for one leg, with a libsrtp session for each direction.
    ///
    /// After a re-INVITE has brought a new key of the far end, packets under the one before are still taken until the first
    /// under the new one has come: some are on their way.
    final class SRTPProtection: MediaProtection {
        private var crypto: NegotiatedCrypto
        private var sender: SRTPSession
        private var receiver: SRTPSession
        private var formerReceiver: SRTPSession?
        /// A failed attempt may spoil a packet; this is for the second.
        private var copy = OwnedBytes(capacity: 2_048)

        init(_ crypto: NegotiatedCrypto) throws(MediaProtectionError) {
            self.crypto = crypto
            sender = try SRTPSession(crypto.suite, crypto.local, .outbound)
            receiver = try SRTPSession(crypto.suite, crypto.remote, .inbound)
        }

        func protectRTP(_ packet: inout OwnedBytes) -> Bool { sender.protect(&packet, isControl: false) }

        func protectRTCP(_ packet: inout OwnedBytes) -> Bool { sender.protect(&packet, isControl: true) }

        func unprotectRTP(_ packet: inout OwnedBytes) -> MediaProtectionFault? {
            unprotect(&packet, isControl: false)
        }

        func unprotectRTCP(_ packet: inout OwnedBytes) -> MediaProtectionFault? {
            unprotect(&packet, isControl: true)
        }

        func renegotiate(_ next: NegotiatedCrypto) throws(MediaProtectionError) {
            let hasNewSuite = next.suite != crypto.suite
            // Both are made before one is exchanged.
            var newSender: SRTPSession?
            if hasNewSuite || next.local != crypto.local {
                newSender = try SRTPSession(next.suite, next.local, .outbound)
            }
            if hasNewSuite || next.remote != crypto.remote {
                var exchanged = try SRTPSession(next.suite, next.remote, .inbound)
                swap(&exchanged, &receiver)
                formerReceiver = consume exchanged
            }
            if let made = newSender.take() { sender = made }
            crypto = next
        }

        private func unprotect(_ packet: inout OwnedBytes, isControl: Bool) -> MediaProtectionFault? {
            guard formerReceiver != nil, copy.replace(with: packet.bytes) else {
                return receiver.unprotect(&packet, isControl: isControl)
            }
            let fault = receiver.unprotect(&packet, isControl: isControl)
            guard fault != nil else {
                formerReceiver = nil
                return nil
            }
            packet.replace(with: copy.bytes)
            return formerReceiver?.unprotect(&packet, isControl: isControl) == nil ? nil : fault
        }
    }
#endif
