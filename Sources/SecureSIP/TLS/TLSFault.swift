#if Secure
    private import COpenSSL
    internal import SansIO

    /// OpenSSL's verdicts in the library's words.
    enum TLSFault {
        /// Why a call on `ssl` failed; empties the thread's error queue.
        ///
        /// - Parameter host: Whom we asked for, as client.
        static func latest(_ ssl: OpaquePointer, asked host: String?) -> StreamSecurityError {
            let code = ERR_peek_error()
            let reason = ERR_GET_REASON(code)
            defer { ERR_clear_error() }
            guard ERR_GET_LIB(code) == ERR_LIB_SSL else {
                return .protocolViolation(text(code))
            }
            switch reason {
            case SSL_R_CERTIFICATE_VERIFY_FAILED:
                return certificate(SSL_get_verify_result(ssl), asked: host)
            case SSL_AD_REASON_OFFSET..<SSL_AD_REASON_OFFSET + 256:
                return .alertReceived(
                    StreamSecurityAlert(rawValue: UInt8(truncatingIfNeeded: reason - SSL_AD_REASON_OFFSET)))
            case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
                return .noPeerCertificate
            case SSL_R_NO_SHARED_CIPHER, SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_SUITABLE_KEY_SHARE,
                SSL_R_NO_SUITABLE_GROUPS, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
                SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_WRONG_SSL_VERSION:
                return .nothingInCommon
            case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST,
                SSL_R_UNKNOWN_PROTOCOL, SSL_R_BAD_RECORD_TYPE:
                return SSL_is_init_finished(ssl) == 1 ? .protocolViolation(text(code)) : .notTheProtocol
            case SSL_R_UNEXPECTED_EOF_WHILE_READING:
                return .truncated
            default:
                return .protocolViolation(text(code))
            }
        }

        private static func text(_ code: UInt) -> String {
            ERR_reason_error_string(code).map { String(cString: $0) } ?? "no reason is known"
        }

        /// A verdict of certificate verification.
        static func certificate(_ verdict: Int, asked host: String?) -> StreamSecurityError {
            switch Int32(clamping: verdict) {
            case X509_V_ERR_CERT_HAS_EXPIRED: return .certificateExpired
            case X509_V_ERR_CERT_NOT_YET_VALID: return .certificateNotYetValid
            case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
                return .wrongHostName(asked: host ?? "")
            case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return .selfSigned
            case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
                X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
                X509_V_ERR_CERT_UNTRUSTED:
                return .unknownAuthority
            case X509_V_ERR_CERT_REVOKED: return .certificateRevoked
            default:
                let text = X509_verify_cert_error_string(verdict).map { String(cString: $0) }
                return .certificateUnusable(text ?? "verdict \(verdict)")
            }
        }
    }
#endif
