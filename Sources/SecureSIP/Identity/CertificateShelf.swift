#if Secure
    private import COpenSSL
    public import SIPCore
    public import SansIO

    /// The signers' certificates by the URL under which tokens name them, and the authorities that vouch for them.
    ///
    /// The library fetches nothing: whoever runs it puts certificates on the shelf, beforehand or when
    /// ``SIPCore/IdentityVerification/certificateURLs(in:)`` names one that is not there. Any thread.
    public final class CertificateShelf: PASSporTVerifying {
        /// What a certificate must be fit for.
        public enum Use: Hashable, Sendable {
            /// SHAKEN: it names numbers or a service provider (TNAuthList, RFC 8226 §9).
            case telephoneNumbers
            /// Anything, as long as the chain holds.
            case any
        }

        /// Certificates kept, at most; those put there first give way.
        public let capacity: Int
        private let use: Use
        private let authorities: TrustStore
        /// The lock protects the table; chains are not changed once they are in it.
        private let chains = Locked(Chains())

        private struct Chains {
            var byURL: [String: StoredChain] = [:]
            /// URLs in the order of arrival.
            var order: [String] = []
        }

        /// - Parameters:
        ///   - trust: The authorities, PEM: in SHAKEN the list of the policy administrator.
        ///   - capacity: Certificates kept, at least 1.
        /// - Throws: ``CredentialError`` naming the source and what is wrong with it.
        public init(
            trust: PEMSource, use: Use = .telephoneNumbers, capacity: Int = 4_096
        ) throws(CredentialError) {
            self.capacity = max(1, capacity)
            self.use = use
            authorities = try TrustStore(trust)
        }

        /// Puts a certificate on the shelf, with those that lead to its authority, in place of one of the same URL.
        ///
        /// It is judged when it is used, not now.
        ///
        /// - Throws: ``CredentialError`` when there is no certificate in `source`, or its key is not on P-256.
        public func put(_ source: PEMSource, for url: String) throws(CredentialError) {
            let chain = try StoredChain(source)
            chains.withLock { chains in
                if chains.byURL.updateValue(chain, forKey: url) != nil { return }
                chains.order.append(url)
                guard chains.order.count > capacity else { return }
                chains.byURL[chains.order.removeFirst()] = nil
            }
        }

        /// Whether a certificate of that URL is on the shelf.
        public func holds(_ url: String) -> Bool { chains.withLock { $0.byURL[url] != nil } }

        public func verify(
            _ signature: [UInt8], over bytes: [UInt8], certificateURL: String, now: WallClockInstant
        ) -> CredentialVerdict {
            let found: StoredChain? = chains.withLock { $0.byURL[certificateURL] }
            guard let chain = found else { return .unavailable }
            if let why = authorities.objection(to: chain, now: now) { return .refused(why) }
            if use == .telephoneNumbers, !chain.namesTelephoneNumbers {
                return .refused("it is not for telephone numbers")
            }
            return chain.signed(signature, bytes) ? .valid : .wrongSignature
        }
    }

    /// A signer's certificate and those that lead to its authority; not changed once made.
    final class StoredChain: @unchecked Sendable {
        // @unchecked: OpenSSL's reading functions take certificates from any thread.
        private let stack: CertificateStack
        let leaf: OpaquePointer

        init(_ source: PEMSource) throws(CredentialError) {
            let stack: CertificateStack
            do {
                stack = try PEMReader(source).certificates()
            } catch {
                throw CredentialError(error.message)
            }
            guard let leaf = stack.certificate(at: 0), let key = X509_get0_pubkey(leaf), ES256.isOnP256(key)
            else {
                throw CredentialError("the certificate in \(source) has no key on P-256")
            }
            self.stack = stack
            self.leaf = leaf
        }

        /// For a call into OpenSSL that takes the certificates in between.
        var others: OpaquePointer { stack.pointer }

        /// Whether it has a TNAuthList (1.3.6.1.5.5.7.1.26).
        var namesTelephoneNumbers: Bool {
            guard let identifier = OBJ_txt2obj("1.3.6.1.5.5.7.1.26", 1) else { return false }
            defer { ASN1_OBJECT_free(identifier) }
            return X509_get_ext_by_OBJ(leaf, identifier, -1) >= 0
        }

        func signed(_ signature: [UInt8], _ bytes: [UInt8]) -> Bool {
            guard let key = X509_get0_pubkey(leaf) else { return false }
            return ES256.isValid(signature, over: bytes, key: key)
        }
    }

    /// Sole owner of a store of authorities.
    final class TrustStore: @unchecked Sendable {
        // @unchecked: the store is not changed after `init`, and OpenSSL locks its own lookups.
        private let store: OpaquePointer

        init(_ source: PEMSource) throws(CredentialError) {
            let authorities: CertificateStack
            do {
                authorities = try PEMReader(source).certificates()
            } catch {
                throw CredentialError(error.message)
            }
            guard let store = X509_STORE_new() else { throw CredentialError("out of memory") }
            self.store = store
            for index in 0..<authorities.count {
                if let certificate = authorities.certificate(at: index) {
                    X509_STORE_add_cert(store, certificate)
                }
            }
        }

        deinit { X509_STORE_free(store) }

        /// Why the chain does not hold at `now`; `nil` when it does.
        func objection(to chain: StoredChain, now: WallClockInstant) -> String? {
            guard let context = X509_STORE_CTX_new() else { return "out of memory" }
            defer {
                X509_STORE_CTX_free(context)
                OpenSSLErrors.clear()
            }
            guard X509_STORE_CTX_init(context, store, chain.leaf, chain.others) == 1 else {
                return "it cannot be judged"
            }
            X509_STORE_CTX_set_time(context, 0, time_t(now.nanosecondsSinceEpoch / 1_000_000_000))
            guard X509_verify_cert(context) != 1 else { return nil }
            let verdict = Int(X509_STORE_CTX_get_error(context))
            return X509_verify_cert_error_string(verdict).map { String(cString: $0) } ?? "verdict \(verdict)"
        }
    }
#endif
