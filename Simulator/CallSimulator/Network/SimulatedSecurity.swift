public import SansIO

/// Stream security for worlds: the shape of TLS, its round trip and its faults, without any cryptography.
///
/// Records are `type, length (two bytes), payload`, as in ``SimulatedSecuritySession``. The client says which host it
/// wants, the server shows a certificate that is nothing but a name and a condition, the client judges it as TLS would
/// and finishes. As with TLS 1.3 a server refuses a client's certificate only after the client believes itself established.
public struct SimulatedSecurity: StreamSecurityProvider {
    /// What a server's certificate is like.
    public enum Condition: UInt8, Hashable, Sendable, CaseIterable {
        case good = 0
        case expired, notYetValid, selfSigned, unknownAuthority, revoked
    }

    /// What a server shows, and a client when it is asked.
    public struct Certificate: Hashable, Sendable {
        /// Host name that it is for, at most 253 bytes.
        public var name: String
        public var condition: Condition

        public init(name: String, condition: Condition = .good) {
            self.name = name
            self.condition = condition
        }
    }

    /// Shown as server always, as client when asked; `nil` for none.
    public var certificate: Certificate?
    /// Whether a server asks clients for a certificate and refuses those without.
    public var requiresClientCertificate: Bool

    public init(certificate: Certificate? = nil, requiresClientCertificate: Bool = false) {
        self.certificate = certificate
        self.requiresClientCertificate = requiresClientCertificate
    }

    public func makeSession(
        _ role: StreamSecurityRole
    ) throws(StreamSecurityError) -> any StreamSecuritySession {
        if let certificate, certificate.name.utf8.count > 253 {
            throw .configuration("a simulated certificate's name has at most 253 bytes")
        }
        switch role {
        case .server:
            guard certificate != nil else { throw .configuration("a secure server needs a certificate") }
        case .client(let host):
            guard (1...253).contains(host.utf8.count) else {
                throw .configuration("a secure client needs the host name it asks for")
            }
        }
        return SimulatedSecuritySession(self, role)
    }
}

/// One end of a stream of ``SimulatedSecurity``.
///
/// Record types: 1 hello (host asked for), 2 certificate (condition, whether a client certificate is wanted, name), 3
/// finished (the client's condition and name, or empty), 21 alert (code; 0 is the goodbye), 23 data with every bit turned
/// over, so that nobody mistakes it for plaintext.
public final class SimulatedSecuritySession: StreamSecuritySession {
    private enum Record {
        static let hello: UInt8 = 1
        static let certificate: UInt8 = 2
        static let finished: UInt8 = 3
        static let alert: UInt8 = 21
        static let data: UInt8 = 23
        /// Payload bytes of one record, at most.
        static let limit = 16_384
        static let headerBytes = 3
    }

    public private(set) var state = StreamSecurityState.handshaking
    public private(set) var peer: StreamSecurityPeer?

    private let settings: SimulatedSecurity
    private let role: StreamSecurityRole
    /// The record that is not complete yet.
    private var partial: [UInt8] = []

    init(_ settings: SimulatedSecurity, _ role: StreamSecurityRole) {
        self.settings = settings
        self.role = role
    }

    public func start(into outgoing: inout [UInt8]) {
        if case .client(let host) = role { append(Record.hello, Array(host.utf8), to: &outgoing) }
    }

    public func receive(_ ciphertext: RawSpan, into plaintext: inout [UInt8], outgoing: inout [UInt8]) {
        for index in 0..<ciphertext.byteCount {
            guard state == .handshaking || state == .established else { return partial.removeAll() }
            partial.append(ciphertext.unsafeLoad(fromByteOffset: index, as: UInt8.self))
            guard partial.count >= Record.headerBytes else { continue }
            let length = Int(partial[1]) << 8 | Int(partial[2])
            guard length <= Record.limit, isKnown(partial[0]) else {
                fail(.notTheProtocol, alert: 10, into: &outgoing)
                continue
            }
            guard partial.count == Record.headerBytes + length else { continue }
            let payload = Array(partial[Record.headerBytes...])
            let type = partial[0]
            partial.removeAll(keepingCapacity: true)
            take(type, payload, into: &plaintext, outgoing: &outgoing)
        }
    }

    public func receiveEnd() {
        if state == .handshaking || state == .established { state = .failed(.truncated) }
    }

    public func send(_ plaintext: RawSpan, into outgoing: inout [UInt8]) -> Bool {
        guard state == .established else { return false }
        var start = 0
        while start < plaintext.byteCount {
            let count = min(Record.limit, plaintext.byteCount - start)
            var payload: [UInt8] = []
            payload.reserveCapacity(count)
            for index in start..<start + count {
                payload.append(~plaintext.unsafeLoad(fromByteOffset: index, as: UInt8.self))
            }
            append(Record.data, payload, to: &outgoing)
            start += count
        }
        return true
    }

    public func close(into outgoing: inout [UInt8]) {
        guard state == .handshaking || state == .established else { return }
        append(Record.alert, [0], to: &outgoing)
        state = .closed
    }

    // MARK: Records

    private func isKnown(_ type: UInt8) -> Bool {
        switch type {
        case Record.hello, Record.certificate, Record.finished, Record.alert, Record.data: true
        default: false
        }
    }

    private func take(
        _ type: UInt8, _ payload: [UInt8], into plaintext: inout [UInt8], outgoing: inout [UInt8]
    ) {
        switch (type, role, state) {
        case (Record.alert, _, _) where payload.count == 1:
            let code = payload[0]
            state = code == 0 ? .closed : .failed(.alertReceived(StreamSecurityAlert(rawValue: code)))
        case (Record.data, _, .established):
            plaintext.append(contentsOf: payload.lazy.map { ~$0 })
        case (Record.hello, .server, .handshaking):
            showCertificate(into: &outgoing)
        case (Record.certificate, .client(let host), .handshaking):
            judgeServer(payload, asked: host, into: &outgoing)
        case (Record.finished, .server, .handshaking):
            judgeClient(payload, into: &outgoing)
        default:
            fail(.protocolViolation("record of type \(type) out of turn"), alert: 10, into: &outgoing)
        }
    }

    private func showCertificate(into outgoing: inout [UInt8]) {
        guard let certificate = settings.certificate else { return }
        let wish: UInt8 = settings.requiresClientCertificate ? 1 : 0
        append(
            Record.certificate, [certificate.condition.rawValue, wish] + Array(certificate.name.utf8),
            to: &outgoing)
    }

    private func judgeServer(_ payload: [UInt8], asked host: String, into outgoing: inout [UInt8]) {
        guard payload.count >= 2, let condition = SimulatedSecurity.Condition(rawValue: payload[0]) else {
            return fail(.protocolViolation("a damaged certificate"), alert: 42, into: &outgoing)
        }
        let name = String(decoding: payload[2...], as: UTF8.self)
        if let fault = fault(condition) { return fail(fault.0, alert: fault.alert, into: &outgoing) }
        guard name.lowercased() == host.lowercased() else {
            return fail(.wrongHostName(asked: host), alert: 42, into: &outgoing)
        }
        var answer: [UInt8] = []
        if payload[1] == 1, let own = settings.certificate {
            answer = [own.condition.rawValue] + Array(own.name.utf8)
        }
        append(Record.finished, answer, to: &outgoing)
        establish(with: name)
    }

    private func judgeClient(_ payload: [UInt8], into outgoing: inout [UInt8]) {
        guard settings.requiresClientCertificate else { return establish(with: nil) }
        guard let first = payload.first else {
            return fail(
                .noPeerCertificate, alert: StreamSecurityAlert.certificateRequired.rawValue, into: &outgoing)
        }
        guard let condition = SimulatedSecurity.Condition(rawValue: first) else {
            return fail(.protocolViolation("a damaged certificate"), alert: 42, into: &outgoing)
        }
        if let fault = fault(condition) { return fail(fault.0, alert: fault.alert, into: &outgoing) }
        establish(with: String(decoding: payload.dropFirst(), as: UTF8.self))
    }

    private func fault(_ condition: SimulatedSecurity.Condition) -> (StreamSecurityError, alert: UInt8)? {
        switch condition {
        case .good: nil
        case .expired: (.certificateExpired, 45)
        case .notYetValid: (.certificateNotYetValid, 45)
        case .selfSigned: (.selfSigned, 48)
        case .unknownAuthority: (.unknownAuthority, 48)
        case .revoked: (.certificateRevoked, 44)
        }
    }

    private func establish(with name: String?) {
        peer = name.map { StreamSecurityPeer(names: [$0], protocolName: "simulated") }
        state = .established
    }

    private func fail(_ error: StreamSecurityError, alert: UInt8, into outgoing: inout [UInt8]) {
        append(Record.alert, [alert], to: &outgoing)
        state = .failed(error)
        partial.removeAll()
    }

    private func append(_ type: UInt8, _ payload: [UInt8], to outgoing: inout [UInt8]) {
        outgoing.append(type)
        outgoing.append(UInt8(truncatingIfNeeded: payload.count >> 8))
        outgoing.append(UInt8(truncatingIfNeeded: payload.count))
        outgoing.append(contentsOf: payload)
    }
}
