#if Secure
    private import COpenSSL
    internal import SansIO

    /// Sole owner of one reference to an X.509 certificate.
    struct CertificateHandle: ~Copyable {
        let pointer: OpaquePointer

        init(owning pointer: OpaquePointer) { self.pointer = pointer }

        deinit { X509_free(pointer) }
    }

    /// Sole owner of one reference to a key.
    struct KeyHandle: ~Copyable, @unchecked Sendable {
        // @unchecked: the key is not changed after it is made, and OpenSSL counts references atomically.
        let pointer: OpaquePointer

        init(owning pointer: OpaquePointer) { self.pointer = pointer }

        deinit { EVP_PKEY_free(pointer) }
    }

    /// Sole owner of a chain of certificates, the subject's own first.
    struct CertificateStack: ~Copyable {
        private let stack: OpaquePointer

        /// `nil` only when memory has run out.
        init?() {
            guard let made = OPENSSL_sk_new_null() else { return nil }
            stack = made
        }

        deinit {
            while let certificate = OPENSSL_sk_pop(stack) { X509_free(OpaquePointer(certificate)) }
            OPENSSL_sk_free(stack)
        }

        var count: Int { Int(OPENSSL_sk_num(stack)) }

        /// For a call into OpenSSL that takes `STACK_OF(X509)`.
        var pointer: OpaquePointer { stack }

        mutating func append(_ certificate: consuming CertificateHandle) {
            // The stack keeps a reference of its own.
            guard X509_up_ref(certificate.pointer) == 1 else { return }
            if OPENSSL_sk_push(stack, UnsafeRawPointer(certificate.pointer)) == 0 {
                X509_free(certificate.pointer)
            }
        }

        /// Borrowed: valid while the stack lives and is not changed.
        func certificate(at index: Int) -> OpaquePointer? {
            OPENSSL_sk_value(stack, Int32(clamping: index)).map { OpaquePointer($0) }
        }

        mutating func removeFirst() {
            if let certificate = OPENSSL_sk_shift(stack) { X509_free(OpaquePointer(certificate)) }
        }
    }

    /// What OpenSSL says went wrong last on this thread.
    enum OpenSSLErrors {
        static func clear() { ERR_clear_error() }

        /// The reason of the first error that waits, in OpenSSL's words; it holds no keys and no passphrases.
        static func takeReason() -> String {
            let code = ERR_peek_error()
            ERR_clear_error()
            return ERR_reason_error_string(code).map { String(cString: $0) } ?? "OpenSSL does not say why"
        }
    }

    /// What a certificate says about its subject.
    enum CertificateNames {
        /// Names of a certificate kept, at most; the rest is nobody's.
        static let limit = 64

        /// DNS names, URIs and addresses of the subjectAltName (RFC 5280 §4.2.1.6), in order; without those the common name.
        static func all(of certificate: OpaquePointer) -> [String] {
            var names: [String] = []
            if let list = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) {
                let stack = OpaquePointer(list)
                defer { GENERAL_NAMES_free(stack) }
                for index in 0..<min(OPENSSL_sk_num(stack), Int32(limit)) {
                    guard let entry = OPENSSL_sk_value(stack, index) else { continue }
                    if let name = text(entry.assumingMemoryBound(to: GENERAL_NAME.self)) {
                        names.append(name)
                    }
                }
            }
            if names.isEmpty, let name = commonName(of: certificate) { names.append(name) }
            return names
        }

        private static func text(_ name: UnsafePointer<GENERAL_NAME>) -> String? {
            var kind: Int32 = 0
            guard let value = GENERAL_NAME_get0_value(name, &kind) else { return nil }
            let string = UnsafePointer<ASN1_STRING>(OpaquePointer(value))
            guard [GEN_DNS, GEN_URI, GEN_IPADD].contains(kind), let start = ASN1_STRING_get0_data(string)
            else { return nil }
            let bytes = UnsafeBufferPointer(start: start, count: Int(max(0, ASN1_STRING_length(string))))
            guard kind == GEN_IPADD else { return readable(bytes) }
            switch bytes.count {
            case 4:
                let number = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                return SocketAddress(ipv4: number, port: 0).host
            case 16:
                let high = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                let low = bytes[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                return SocketAddress(ipv6High: high, low: low, port: 0).host
            default: return nil
            }
        }

        private static func commonName(of certificate: OpaquePointer) -> String? {
            guard let subject = X509_get_subject_name(certificate) else { return nil }
            var buffer = [UInt8](repeating: 0, count: 256)
            let count = buffer.withUnsafeMutableBytes { bytes in
                X509_NAME_get_text_by_NID(
                    subject, NID_commonName, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), 256)
            }
            guard count > 0 else { return nil }
            return buffer.withUnsafeBufferPointer {
                readable(UnsafeBufferPointer(rebasing: $0.prefix(Int(count))))
            }
        }

        /// Visible ASCII only: a name with a zero byte in it is a trick (CVE-2009-2408), not a name.
        private static func readable(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
            guard (1...1_024).contains(bytes.count), bytes.allSatisfy({ (33...126).contains($0) }) else {
                return nil
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
#endif
