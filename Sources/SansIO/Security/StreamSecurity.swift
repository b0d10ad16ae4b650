/// Makes the security of byte streams: TLS live, a toy with the same manners in simulation.
///
/// Whoever owns a connection asks for one session per stream, on the loop, before the first byte. A provider holds what
/// all its sessions share (certificates, trust), reads its files when it is made and none later, and is used by several
/// loops at once.
public protocol StreamSecurityProvider: Sendable {
    /// A session for one new stream; it has not sent anything yet.
    ///
    /// - Throws: ``StreamSecurityError/configuration(_:)`` when `role` cannot be played: a server without certificate, a
    ///   host that is no name.
    func makeSession(_ role: StreamSecurityRole) throws(StreamSecurityError) -> any StreamSecuritySession
}

/// Which end of a secured stream we are.
public enum StreamSecurityRole: Hashable, Sendable {
    /// We connected, asking for `host`: a name or an address literal, without port and brackets. The far end's certificate
    /// must be for that name, wherever the name led (RFC 5922 §7.1).
    case client(host: String)
    /// The far end connected to us.
    case server
}

/// Where a secured stream stands.
public enum StreamSecurityState: Hashable, Sendable {
    /// Nothing may be sent yet.
    case handshaking
    /// Both ways are open.
    case established
    /// One end has said goodbye as the protocol wants it; nothing was cut off.
    case closed
    /// The stream is of no use any more: send what is outgoing (an alert as a rule), then close the connection.
    case failed(StreamSecurityError)
}

/// The far end as its certificate names it.
public struct StreamSecurityPeer: Hashable, Sendable {
    /// DNS names, URIs and addresses of the certificate's subject, in its order; at most 64.
    public var names: [String]
    /// What was agreed upon, for people: `TLSv1.3 TLS_AES_256_GCM_SHA384`.
    public var protocolName: String

    public init(names: [String], protocolName: String) {
        self.names = names
        self.protocolName = protocolName
    }
}

/// The security of one byte stream: bytes in, bytes out, no socket, no clock of its own.
///
/// Used from one loop only. Everything appended to `outgoing` is to be sent in order, also after a failure. A session holds
/// one incomplete record (about 17 KiB) and during the handshake one incomplete message of it (100 KiB) at most; it never
/// keeps plaintext, so what it appends is bounded by what it was given. Any bytes from the far end lead to a state, never
/// to a trap.
public protocol StreamSecuritySession: AnyObject {
    var state: StreamSecurityState { get }

    /// The far end, once established and if it showed a certificate that was checked.
    var peer: StreamSecurityPeer? { get }

    /// Begins the handshake, once: a client's first bytes are appended to `outgoing`, a server waits.
    func start(into outgoing: inout [UInt8])

    /// Takes bytes from the stream, cut anywhere; appends what they say to `plaintext` and what is to be answered to
    /// `outgoing`. After ``StreamSecurityState/closed`` or ``StreamSecurityState/failed(_:)`` they are dropped.
    func receive(_ ciphertext: RawSpan, into plaintext: inout [UInt8], outgoing: inout [UInt8])

    /// The stream has ended: in order after a goodbye, otherwise ``StreamSecurityError/truncated``, since an attacker may
    /// have cut it.
    func receiveEnd()

    /// Secures `plaintext` and appends it to `outgoing`.
    ///
    /// - Returns: False, with nothing taken, unless the state is ``StreamSecurityState/established``.
    func send(_ plaintext: RawSpan, into outgoing: inout [UInt8]) -> Bool

    /// Says goodbye, so that the far end knows that nothing was cut off; the state is ``StreamSecurityState/closed``. Does
    /// nothing unless established or handshaking.
    func close(into outgoing: inout [UInt8])
}
