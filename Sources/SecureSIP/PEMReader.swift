#if Secure
    private import COpenSSL
    private import Foundation

    /// Reads certificates and keys. Faults name the source and what is wrong with it, never its content.
    struct PEMReader: ~Copyable {
        /// What is wrong with a source, for people.
        struct Fault: Error {
            var message: String
        }

        /// Certificates read from one source, at most: more than any system's bundle has.
        static let certificateLimit = 1_024

        private let input: OpaquePointer
        private let source: PEMSource

        init(_ source: PEMSource) throws(Fault) {
            input = try Self.open(source)
            self.source = source
        }

        private static func open(_ source: PEMSource) throws(Fault) -> OpaquePointer {
            OpenSSLErrors.clear()
            switch source {
            case .file(let path):
                guard let opened = BIO_new_file(path, "r") else {
                    OpenSSLErrors.clear()
                    throw Fault(message: "cannot read the file \(path)")
                }
                return opened
            case .environment(let name):
                guard let text = ProcessInfo.processInfo.environment[name], !text.isEmpty else {
                    throw Fault(message: "the environment variable \(name) is not set")
                }
                return try memory(text)
            case .text(let text):
                return try memory(text)
            }
        }

        private static func memory(_ text: String) throws(Fault) -> OpaquePointer {
            guard let memory = BIO_new(BIO_s_mem()) else { throw Fault(message: "out of memory") }
            let bytes = Array(text.utf8)
            guard BIO_write(memory, bytes, Int32(clamping: bytes.count)) == Int32(clamping: bytes.count)
            else {
                BIO_free(memory)
                throw Fault(message: "the PEM text is too long")
            }
            return memory
        }

        deinit { BIO_free(input) }

        /// Every certificate, in order; at least one.
        consuming func certificates() throws(Fault) -> CertificateStack {
            guard var stack = CertificateStack() else { throw Fault(message: "out of memory") }
            while stack.count < Self.certificateLimit,
                let certificate = PEM_read_bio_X509_AUX(input, nil, nil, nil)
            {
                stack.append(CertificateHandle(owning: certificate))
            }
            OpenSSLErrors.clear()
            guard stack.count > 0 else { throw Fault(message: "there is no PEM certificate in \(source)") }
            return stack
        }

        /// The private key.
        ///
        /// - Parameter passphrase: Opens an encrypted key; nobody is ever asked for one at the terminal.
        consuming func privateKey(passphrase: String?) throws(Fault) -> KeyHandle {
            // Without callback the last argument is the passphrase; an empty one opens nothing.
            let key = (passphrase ?? "").withCString { word in
                PEM_read_bio_PrivateKey(input, nil, nil, UnsafeMutableRawPointer(mutating: word))
            }
            OpenSSLErrors.clear()
            guard let key else {
                let hint = passphrase == nil ? "" : ", or the passphrase is wrong"
                throw Fault(message: "there is no readable PEM private key in \(source)\(hint)")
            }
            return KeyHandle(owning: key)
        }

        /// The public key: of a `PUBLIC KEY` block.
        consuming func publicKey() throws(Fault) -> KeyHandle {
            let key = PEM_read_bio_PUBKEY(input, nil, nil, nil)
            OpenSSLErrors.clear()
            guard let key else { throw Fault(message: "there is no PEM public key in \(source)") }
            return KeyHandle(owning: key)
        }
    }
#endif
