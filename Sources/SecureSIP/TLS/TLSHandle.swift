#if Secure
    private import COpenSSL
    internal import SansIO

    /// Sole owner of one OpenSSL connection and its two memory buffers.
    struct TLSHandle: ~Copyable {
        enum Step { case done, wantsMore, ended, failed }

        private let ssl: OpaquePointer
        // Owned by `ssl`.
        private let input: OpaquePointer
        private let output: OpaquePointer

        init(_ context: borrowing TLSContext) throws(StreamSecurityError) {
            guard let ssl = SSL_new(context.pointer) else { throw .configuration("out of memory") }
            guard let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
                SSL_free(ssl)
                throw .configuration("out of memory")
            }
            SSL_set_bio(ssl, input, output)
            self.ssl = ssl
            self.input = input
            self.output = output
        }

        deinit { SSL_free(ssl) }

        // MARK: Roles

        func accept(_ certificates: TLSConfiguration.ClientCertificates) {
            SSL_set_accept_state(ssl)
            switch certificates {
            case .notAsked: SSL_set_verify(ssl, SSL_VERIFY_NONE, nil)
            case .optional: SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
            case .required: SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
            }
        }

        /// Asks for `host`, and takes no certificate but one for it.
        func connect(to host: String) throws(StreamSecurityError) {
            SSL_set_connect_state(ssl)
            let isSet: Bool
            if SocketAddress(host: host, port: 0) != nil {
                // An address is no server name (RFC 6066 §3).
                isSet = SSL_get0_param(ssl).map { X509_VERIFY_PARAM_set1_ip_asc($0, host) == 1 } ?? false
            } else if Self.isHostName(host) {
                isSet = SSL_set1_host(ssl, host) == 1 && outdial_ssl_set_server_name(ssl, host) == 1
            } else {
                isSet = false
            }
            guard isSet else {
                throw .configuration("TLS needs the host name or address that is asked for, not this")
            }
            SSL_set_verify(ssl, SSL_VERIFY_PEER) { verdict, chain in
                verdict == 1 ? 1 : TLSHandle.isForSIPDomain(chain) ? 1 : 0
            }
        }

        private static func isHostName(_ host: String) -> Bool {
            (1...253).contains(host.utf8.count)
                && host.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."),
                        UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }

        /// Whether the only fault is the DNS name, and the certificate names the domain as `sip:domain` (RFC 5922 §7.1).
        private static func isForSIPDomain(_ chain: OpaquePointer?) -> Bool {
            guard X509_STORE_CTX_get_error(chain) == X509_V_ERR_HOSTNAME_MISMATCH,
                let certificate = X509_STORE_CTX_get_current_cert(chain),
                let parameters = X509_STORE_CTX_get0_param(chain),
                let asked = X509_VERIFY_PARAM_get0_host(parameters, 0)
            else { return false }
            let wanted = "sip:" + String(cString: asked).lowercased()
            guard CertificateNames.all(of: certificate).contains(where: { $0.lowercased() == wanted }) else {
                return false
            }
            X509_STORE_CTX_set_error(chain, X509_V_OK)
            return true
        }

        // MARK: Bytes

        /// Puts bytes from the stream before OpenSSL; it takes them up at the next step.
        func feed(_ bytes: UnsafeRawBufferPointer) {
            _ = BIO_write(input, bytes.baseAddress, Int32(clamping: bytes.count))
        }

        /// Appends what OpenSSL wants sent.
        func drain(into outgoing: inout [UInt8]) {
            var start: UnsafeMutablePointer<CChar>?
            let count = BIO_ctrl(output, BIO_CTRL_INFO, 0, &start)
            guard count > 0, let start else { return }
            outgoing.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
            _ = BIO_ctrl(output, BIO_CTRL_RESET, 0, nil)
        }

        func shakeHands() -> Step { step(SSL_do_handshake(ssl)) }

        func read(into buffer: UnsafeMutableRawBufferPointer) -> (Step, count: Int) {
            let count = SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
            return (step(count), Int(max(0, count)))
        }

        /// - Returns: False when the connection is of no use any more.
        func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
            SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count)) == Int32(clamping: bytes.count)
        }

        func sayGoodbye() { _ = SSL_shutdown(ssl) }

        private func step(_ result: Int32) -> Step {
            if result > 0 { return .done }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wantsMore
            case SSL_ERROR_ZERO_RETURN: return .ended
            default: return .failed
            }
        }

        // MARK: Verdicts

        func fault(asked host: String?) -> StreamSecurityError { TLSFault.latest(ssl, asked: host) }

        /// The far end's names and what was agreed upon; `nil` when it showed no certificate.
        var peer: StreamSecurityPeer? {
            guard let certificate = SSL_get0_peer_certificate(ssl) else { return nil }
            let version = SSL_get_version(ssl).map { String(cString: $0) } ?? ""
            let cipher = SSL_get_current_cipher(ssl).flatMap { SSL_CIPHER_get_name($0) }
            return StreamSecurityPeer(
                names: CertificateNames.all(of: certificate),
                protocolName: "\(version) \(cipher.map { String(cString: $0) } ?? "")")
        }
    }
#endif
