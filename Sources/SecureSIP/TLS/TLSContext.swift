#if Secure
    private import COpenSSL
    internal import SansIO

    /// Sole owner of one OpenSSL context: trust and identity for one role.
    struct TLSContext: ~Copyable, @unchecked Sendable {
        // @unchecked: it is not changed after `init`, and making sessions from it is safe on any thread.
        enum Role { case client, server }

        let pointer: OpaquePointer

        private init(owning pointer: OpaquePointer) { self.pointer = pointer }

        static func make(
            _ configuration: TLSConfiguration, _ role: Role
        ) throws(StreamSecurityError) -> TLSContext {
            OpenSSLErrors.clear()
            let method = role == .client ? TLS_client_method() : TLS_server_method()
            guard let made = SSL_CTX_new(method) else {
                throw .configuration("TLS cannot be set up: \(OpenSSLErrors.takeReason())")
            }
            let context = TLSContext(owning: made)
            do {
                try context.prepare(configuration, role)
            } catch {
                OpenSSLErrors.clear()
                throw .configuration(error.message)
            }
            return context
        }

        deinit { SSL_CTX_free(pointer) }

        private func prepare(_ configuration: TLSConfiguration, _ role: Role) throws(PEMReader.Fault) {
            let least = configuration.leastVersion == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION
            guard outdial_ssl_ctx_set_least_version(pointer, least) == 1 else {
                throw PEMReader.Fault(
                    message: "the system's OpenSSL refuses TLS 1.2: \(OpenSSLErrors.takeReason())")
            }
            outdial_ssl_ctx_release_buffers(pointer)
            outdial_ssl_ctx_keep_no_sessions(pointer)
            outdial_ssl_ctx_refuse_renegotiation(pointer)
            try judge(configuration, role)
            if role == .client || configuration.clientCertificates != .notAsked {
                try trust(configuration.trust, role)
            }
            if let identity = configuration.identity { try show(identity) }
        }

        /// How certificates are judged.
        private func judge(_ configuration: TLSConfiguration, _ role: Role) throws(PEMReader.Fault) {
            guard let parameters = SSL_CTX_get0_param(pointer) else {
                throw PEMReader.Fault(message: "TLS cannot be set up")
            }
            // A certificate that is trusted by itself ends the chain, whoever issued it.
            X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
            X509_VERIFY_PARAM_set_hostflags(
                parameters,
                UInt32(
                    configuration.allowsWildcards
                        ? X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS : X509_CHECK_FLAG_NO_WILDCARDS))
            if let time = configuration.verificationTime {
                X509_VERIFY_PARAM_set_time(parameters, time_t(time.nanosecondsSinceEpoch / 1_000_000_000))
            }
            // A SIP host is server and client with one certificate, and many are issued for servers alone.
            if role == .server { X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY) }
        }

        private func trust(_ trust: TLSConfiguration.Trust, _ role: Role) throws(PEMReader.Fault) {
            switch trust {
            case .system:
                guard SSL_CTX_set_default_verify_paths(pointer) == 1 else {
                    throw PEMReader.Fault(message: "the system's trusted authorities cannot be read")
                }
            case .only(let source):
                let authorities = try PEMReader(source).certificates()
                guard let store = SSL_CTX_get_cert_store(pointer) else {
                    throw PEMReader.Fault(message: "TLS cannot be set up")
                }
                for index in 0..<authorities.count {
                    guard let certificate = authorities.certificate(at: index) else { continue }
                    guard X509_STORE_add_cert(store, certificate) == 1 else {
                        throw PEMReader.Fault(message: "\(source) has a certificate that cannot be trusted")
                    }
                    if role == .server { SSL_CTX_add_client_CA(pointer, certificate) }
                }
            }
        }

        private func show(_ identity: TLSConfiguration.Identity) throws(PEMReader.Fault) {
            var chain = try PEMReader(identity.certificateChain).certificates()
            let key = try PEMReader(identity.privateKey).privateKey(passphrase: identity.passphrase)
            guard let first = chain.certificate(at: 0), X509_up_ref(first) == 1 else {
                throw PEMReader.Fault(message: "out of memory")
            }
            let own = CertificateHandle(owning: first)
            chain.removeFirst()
            guard X509_check_private_key(own.pointer, key.pointer) == 1 else {
                throw PEMReader.Fault(
                    message: "the key in \(identity.privateKey) does not belong to the certificate in "
                        + "\(identity.certificateChain)")
            }
            guard SSL_CTX_use_cert_and_key(pointer, own.pointer, key.pointer, chain.pointer, 1) == 1 else {
                let reason = OpenSSLErrors.takeReason()
                throw PEMReader.Fault(message: "\(identity.certificateChain) cannot be used: \(reason)")
            }
        }
    }
#endif
