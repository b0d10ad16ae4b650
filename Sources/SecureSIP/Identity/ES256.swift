#if Secure
    private import COpenSSL

    /// ECDSA on P-256 with SHA-256, signatures as r and s of 32 octets each (RFC 7518 §3.4).
    enum ES256 {
        static let signatureBytes = 64
        private static let halfBytes = 32

        static func isOnP256(_ key: OpaquePointer) -> Bool {
            var name = [CChar](repeating: 0, count: 64)
            var count = 0
            guard EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1 else { return false }
            return name.prefix(count).elementsEqual("prime256v1".utf8.lazy.map { CChar(bitPattern: $0) })
        }

        /// - Returns: `nil` when OpenSSL refuses, which it does only for keys of another kind.
        static func sign(_ bytes: [UInt8], with key: borrowing KeyHandle) -> [UInt8]? {
            guard let context = EVP_MD_CTX_new() else { return nil }
            defer { EVP_MD_CTX_free(context) }
            // The DER form of a P-256 signature has at most 72 octets.
            var der = [UInt8](repeating: 0, count: 128)
            var count = der.count
            guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key.pointer) == 1,
                EVP_DigestSign(context, &der, &count, bytes, bytes.count) == 1
            else {
                OpenSSLErrors.clear()
                return nil
            }
            return raw(der.prefix(count))
        }

        static func isValid(_ signature: [UInt8], over bytes: [UInt8], key: OpaquePointer) -> Bool {
            guard let der = der(signature), let context = EVP_MD_CTX_new() else { return false }
            defer {
                EVP_MD_CTX_free(context)
                OpenSSLErrors.clear()
            }
            guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
            return EVP_DigestVerify(context, der, der.count, bytes, bytes.count) == 1
        }

        /// r and s from their DER form (RFC 3279 §2.2.3).
        private static func raw(_ der: ArraySlice<UInt8>) -> [UInt8]? {
            let bytes = Array(der)
            let signature = bytes.withUnsafeBufferPointer { buffer in
                var start = buffer.baseAddress
                return d2i_ECDSA_SIG(nil, &start, buffer.count)
            }
            guard let signature else { return nil }
            defer { ECDSA_SIG_free(signature) }
            var raw = [UInt8](repeating: 0, count: signatureBytes)
            let isComplete = raw.withUnsafeMutableBufferPointer { buffer -> Bool in
                guard let start = buffer.baseAddress else { return false }
                let half = Int32(halfBytes)
                return BN_bn2binpad(ECDSA_SIG_get0_r(signature), start, half) == half
                    && BN_bn2binpad(ECDSA_SIG_get0_s(signature), start + halfBytes, half) == half
            }
            return isComplete ? raw : nil
        }

        /// The DER form of r and s.
        private static func der(_ raw: [UInt8]) -> [UInt8]? {
            guard raw.count == signatureBytes, let signature = ECDSA_SIG_new() else { return nil }
            defer { ECDSA_SIG_free(signature) }
            let r = BN_bin2bn(raw, Int32(halfBytes), nil)
            let s = raw.withUnsafeBufferPointer {
                BN_bin2bn($0.baseAddress.map { $0 + halfBytes }, Int32(halfBytes), nil)
            }
            guard let r, let s, ECDSA_SIG_set0(signature, r, s) == 1 else {
                BN_free(r)
                BN_free(s)
                return nil
            }
            let count = i2d_ECDSA_SIG(signature, nil)
            guard count > 0 else { return nil }
            var der = [UInt8](repeating: 0, count: Int(count))
            der.withUnsafeMutableBufferPointer { buffer in
                var start = buffer.baseAddress
                _ = i2d_ECDSA_SIG(signature, &start)
            }
            return der
        }
    }
#endif
