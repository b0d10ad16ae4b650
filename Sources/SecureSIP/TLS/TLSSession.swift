#if Secure
    private import COpenSSL
    internal import SansIO

    /// One TLS stream over two memory buffers: what came in, what is to go out.
    final class TLSSession: StreamSecuritySession {
        private(set) var state = StreamSecurityState.handshaking
        private(set) var peer: StreamSecurityPeer?

        private let ssl: TLSHandle
        /// Whom we asked for, as client.
        private let host: String?

        /// Bytes handed to OpenSSL at once; one record has at most 16 KiB of text.
        private static let sliceBytes = 16_384

        init(_ contexts: TLSContexts, _ role: StreamSecurityRole) throws(StreamSecurityError) {
            OpenSSLErrors.clear()
            switch role {
            case .server:
                guard contexts.configuration.identity != nil else {
                    throw .configuration("a TLS server needs a certificate and its key")
                }
                host = nil
                ssl = try TLSHandle(contexts.server)
                ssl.accept(contexts.configuration.clientCertificates)
            case .client(let asked):
                // A name may end with the root's dot, certificates do not.
                let host = asked.hasSuffix(".") ? String(asked.dropLast()) : asked
                self.host = host
                ssl = try TLSHandle(contexts.client)
                try ssl.connect(to: host)
            }
        }

        func start(into outgoing: inout [UInt8]) {
            guard host != nil, state == .handshaking else { return }
            shakeHands()
            ssl.drain(into: &outgoing)
        }

        func receive(_ ciphertext: RawSpan, into plaintext: inout [UInt8], outgoing: inout [UInt8]) {
            OpenSSLErrors.clear()
            ciphertext.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty, isOpen {
                    ssl.feed(UnsafeRawBufferPointer(rebasing: rest.prefix(Self.sliceBytes)))
                    rest = rest.dropFirst(Self.sliceBytes)
                    if state == .handshaking { shakeHands() }
                    if state == .established { read(into: &plaintext) }
                }
            }
            ssl.drain(into: &outgoing)
        }

        func receiveEnd() {
            if isOpen { state = .failed(.truncated) }
        }

        func send(_ plaintext: RawSpan, into outgoing: inout [UInt8]) -> Bool {
            guard state == .established else { return false }
            OpenSSLErrors.clear()
            plaintext.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty, state == .established {
                    let slice = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.sliceBytes))
                    if !ssl.write(slice) { fail() }
                    ssl.drain(into: &outgoing)
                    rest = rest.dropFirst(Self.sliceBytes)
                }
            }
            return state == .established
        }

        func close(into outgoing: inout [UInt8]) {
            guard isOpen else { return }
            OpenSSLErrors.clear()
            if state == .established { ssl.sayGoodbye() }
            ssl.drain(into: &outgoing)
            state = .closed
        }

        private var isOpen: Bool { state == .handshaking || state == .established }

        private func shakeHands() {
            OpenSSLErrors.clear()
            switch ssl.shakeHands() {
            case .done:
                peer = ssl.peer
                state = .established
            case .wantsMore: break
            case .ended, .failed: fail()
            }
        }

        private func read(into plaintext: inout [UInt8]) {
            withUnsafeTemporaryAllocation(byteCount: Self.sliceBytes, alignment: 16) { scratch in
                while true {
                    let (step, count) = ssl.read(into: scratch)
                    switch step {
                    case .done:
                        plaintext.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
                    case .wantsMore:
                        return
                    case .ended:
                        ssl.sayGoodbye()
                        state = .closed
                        return
                    case .failed:
                        return fail()
                    }
                }
            }
        }

        private func fail() { state = .failed(ssl.fault(asked: host)) }
    }
#endif
