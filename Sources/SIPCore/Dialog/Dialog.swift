internal import SansIO

/// One dialog of an INVITE session, early or confirmed (RFC 3261 §12).
///
/// Call-ID, local tag and local URI are the session's: forks share them.
struct Dialog: Sendable {
    /// The far end's tag; what tells the forks of one INVITE apart.
    let remoteTag: [UInt8]
    /// To of our requests, as the far end wrote it, tag included.
    let remoteParty: [UInt8]
    /// The far end's Contact: Request-URI of our requests.
    private(set) var remoteTarget: [UInt8]
    /// Values of our Route headers, nearest hop first.
    let routeSet: [[UInt8]]
    /// Where the far end's messages came from and through which socket.
    var peer: MessageRoute
    /// CSeq number of the last request that we sent.
    private(set) var localCSeq: UInt32
    /// CSeq number of the last request that we received; `nil` before the first.
    private(set) var remoteCSeq: UInt32?
    /// Branch of the ACK for the 2xx, so that every copy of it gets the very same ACK; `nil` while early.
    var acknowledgementBranch: UInt64?

    init(
        remoteTag: [UInt8], remoteParty: [UInt8], remoteTarget: [UInt8], routeSet: [[UInt8]],
        peer: MessageRoute,
        localCSeq: UInt32, remoteCSeq: UInt32? = nil
    ) {
        self.remoteTag = remoteTag
        self.remoteParty = remoteParty
        self.remoteTarget = remoteTarget
        self.routeSet = routeSet
        self.peer = peer
        self.localCSeq = localCSeq
        self.remoteCSeq = remoteCSeq
    }

    /// The number for our next request; grows by one each (RFC 3261 §12.2.1.1).
    mutating func nextCSeq() -> UInt32 {
        localCSeq = localCSeq >= CSeq.maximumNumber ? 1 : localCSeq + 1
        return localCSeq
    }

    /// Whether a request with this number is in order; if so it is the latest (RFC 3261 §12.2.2).
    mutating func accept(remoteCSeq number: UInt32) -> Bool {
        if let remoteCSeq, number <= remoteCSeq { return false }
        remoteCSeq = number
        return true
    }

    /// A target refresh (RFC 3261 §12.2): the far end's new Contact.
    mutating func refresh(remoteTarget target: [UInt8]) {
        if !target.isEmpty { remoteTarget = target }
    }

    /// Request-URI and Route values of a request in this dialog (RFC 3261 §12.2.1.1).
    ///
    /// A first hop without `lr` is a strict router: it becomes the Request-URI, and the remote target goes last.
    var path: (requestURI: [UInt8], routes: [[UInt8]]) {
        guard let first = routeSet.first, let uri = Self.uri(of: first) else {
            return (remoteTarget, routeSet)
        }
        let bytes = unsafe first.span.bytes
        if uri.parameter("lr", in: bytes) != nil { return (remoteTarget, routeSet) }
        var target: [UInt8] = [ASCII.less]
        target += remoteTarget
        target.append(ASCII.greater)
        return (Array(first[uri.text.range]), Array(routeSet.dropFirst()) + [target])
    }

    /// Where a request in this dialog goes: to the first hop if that is an address literal, else to where the far
    /// end's messages came from, since names are resolved by the owner and only for new calls.
    var nextHop: MessageRoute {
        let hop = routeSet.first ?? remoteTarget
        guard let uri = Self.uri(of: hop), uri.scheme == .sip,
            let address = SocketAddress(
                host: unsafe hop.span.bytes.rawString(uri.host), port: uri.port ?? 5060),
            address.port != 0, !address.isUnspecified
        else { return peer }
        return MessageRoute(destination: address, socket: peer.socket)
    }

    /// The URI of a name-addr or addr-spec.
    private static func uri(of value: [UInt8]) -> SIPURI? {
        guard value.count <= 65_535 else { return nil }
        let slice = SIPSlice(0, value.count)
        if value.contains(ASCII.less) { return unsafe try? NameAddress.parse(value.span.bytes, slice).uri }
        return unsafe try? SIPURI.parse(value.span.bytes, slice)
    }
}
