#if Secure
    private import CSRTP
    internal import RTPMedia
    internal import SansIO

    /// Sole owner of one libsrtp session: one direction under one master key.
    ///
    /// Outbound it serves any SSRC of ours; inbound it learns the far end's from packets that it has verified.
    struct SRTPSession: ~Copyable {
        enum Direction { case outbound, inbound }

        /// Sources whose replay windows are kept; with one more the oldest is forgotten.
        private static let sourceLimit = 16
        /// Packets: at 50 a second more than the longest jitter buffer holds.
        private static let replayWindow: UInt = 256

        private let handle: OpaquePointer
        private let usesIdentifier: Bool
        /// Verified sources, oldest first.
        private var sources: [UInt32] = []

        /// - Throws: ``MediaProtectionError``.
        init(
            _ suite: CryptoSuite, _ key: SRTPMasterKey, _ direction: Direction
        ) throws(MediaProtectionError) {
            handle = try Self.make(suite, key, direction)
            usesIdentifier = key.identifier?.isEmpty == false
            sources.reserveCapacity(Self.sourceLimit)
        }

        deinit { srtp_dealloc(handle) }

        private static let libraryStatus = srtp_init()

        private static func make(
            _ suite: CryptoSuite, _ key: SRTPMasterKey, _ direction: Direction
        ) throws(MediaProtectionError) -> OpaquePointer {
            guard key.keyAndSalt.count == suite.keyAndSaltByteCount else {
                throw .keyLength(expected: suite.keyAndSaltByteCount, found: key.keyAndSalt.count)
            }
            var identifier = key.identifier ?? []
            guard libraryStatus == srtp_err_status_ok, identifier.count <= Int(SRTP_MAX_MKI_LEN) else {
                throw .library(code: Int32(srtp_err_status_init_fail.rawValue))
            }
            var keyAndSalt = key.keyAndSalt
            var made: OpaquePointer?
            let status = keyAndSalt.withUnsafeMutableBufferPointer { keyBytes in
                identifier.withUnsafeMutableBufferPointer { identifierBytes in
                    create(&made, suite, keyBytes.baseAddress, identifierBytes, direction)
                }
            }
            guard status == srtp_err_status_ok, let made else {
                throw .library(code: Int32(status.rawValue))
            }
            return made
        }

        private static func create(
            _ session: inout OpaquePointer?, _ suite: CryptoSuite, _ key: UnsafeMutablePointer<UInt8>?,
            _ identifier: UnsafeMutableBufferPointer<UInt8>, _ direction: Direction
        ) -> srtp_err_status_t {
            var policy = srtp_policy_t()
            policy.ssrc.type = direction == .inbound ? ssrc_any_inbound : ssrc_any_outbound
            suite.describe(rtp: &policy.rtp, rtcp: &policy.rtcp)
            policy.window_size = replayWindow
            guard !identifier.isEmpty else {
                policy.key = key
                return srtp_create(&session, &policy)
            }
            var master = srtp_master_key_t(
                key: key, mki_id: identifier.baseAddress, mki_size: UInt32(identifier.count))
            return withUnsafeMutablePointer(to: &master) { master in
                var pointer: UnsafeMutablePointer<srtp_master_key_t>? = master
                return withUnsafeMutablePointer(to: &pointer) { pointers in
                    policy.keys = pointers
                    policy.num_master_keys = 1
                    return srtp_create(&session, &policy)
                }
            }
        }

        // MARK: Packets

        /// Protects a packet in place.
        ///
        /// - Returns: False when it must not be sent; it is empty then.
        func protect(_ packet: inout OwnedBytes, isControl: Bool) -> Bool {
            guard packet.count + MediaProtectionLimit.trailerByteCount <= packet.capacity else {
                packet.removeAll()
                return false
            }
            var status = srtp_err_status_fail
            packet.edit { block, count in
                var length = Int32(clamping: count)
                status =
                    isControl
                    ? srtp_protect_rtcp(handle, block.baseAddress, &length)
                    : srtp_protect(handle, block.baseAddress, &length)
                return status == srtp_err_status_ok ? Int(length) : 0
            }
            return status == srtp_err_status_ok
        }

        /// Verifies and decrypts a packet in place.
        mutating func unprotect(_ packet: inout OwnedBytes, isControl: Bool) -> MediaProtectionFault? {
            // The library trusts neither, but reads a header before it looks.
            guard packet.count >= 12 else { return .malformed }
            var status = srtp_err_status_fail
            packet.edit { block, count in
                var length = Int32(clamping: count)
                status =
                    isControl
                    ? srtp_unprotect_rtcp_mki(handle, block.baseAddress, &length, usesIdentifier ? 1 : 0)
                    : srtp_unprotect_mki(handle, block.baseAddress, &length, usesIdentifier ? 1 : 0)
                return status == srtp_err_status_ok ? max(0, Int(length)) : 0
            }
            switch status {
            case srtp_err_status_ok:
                remember(Self.source(of: packet, isControl: isControl))
                return nil
            case srtp_err_status_auth_fail, srtp_err_status_cipher_fail, srtp_err_status_bad_mki,
                srtp_err_status_cant_check:
                return .authentication
            case srtp_err_status_replay_fail, srtp_err_status_replay_old, srtp_err_status_pkt_idx_old:
                return .replay
            case srtp_err_status_bad_param, srtp_err_status_parse_err: return .malformed
            default: return .library(code: Int32(status.rawValue))
            }
        }

        /// The library makes a stream for each source that it verifies; their number is kept small.
        private mutating func remember(_ source: UInt32) {
            if source == sources.last || sources.contains(source) { return }
            if sources.count == Self.sourceLimit {
                // It takes the number in network order.
                _ = srtp_remove_stream(handle, sources.removeFirst().bigEndian)
            }
            sources.append(source)
        }

        private static func source(of packet: borrowing OwnedBytes, isControl: Bool) -> UInt32 {
            let offset = isControl ? 4 : 8
            let bytes = packet.bytes
            guard bytes.byteCount >= offset + 4 else { return 0 }
            return UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
    }

    extension CryptoSuite {
        /// Ciphers and tags of the suite; a suite with a short tag has a long one for RTCP (RFC 4568 §6.2).
        fileprivate func describe(rtp: inout srtp_crypto_policy_t, rtcp: inout srtp_crypto_policy_t) {
            switch self {
            case .aes128CounterSHA1Tag80:
                srtp_crypto_policy_set_rtp_default(&rtp)
                srtp_crypto_policy_set_rtcp_default(&rtcp)
            case .aes128CounterSHA1Tag32:
                srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&rtp)
                srtp_crypto_policy_set_rtcp_default(&rtcp)
            case .aes256CounterSHA1Tag80:
                srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&rtp)
                srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&rtcp)
            case .aes128GCM:
                srtp_crypto_policy_set_aes_gcm_128_16_auth(&rtp)
                srtp_crypto_policy_set_aes_gcm_128_16_auth(&rtcp)
            case .aes256GCM:
                srtp_crypto_policy_set_aes_gcm_256_16_auth(&rtp)
                srtp_crypto_policy_set_aes_gcm_256_16_auth(&rtcp)
            }
        }
    }
#endif
