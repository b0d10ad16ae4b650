internal import SansIO

/// One dialog of an INVITE session, early or confirmed (RFC 3261 §12).
///
/// Call-ID, local tag and local URI are the session's: forks share them.
struct Dialog: Sendable {
    /// The far end's tag; what tells the forks of one INVITE apart.
    let remoteTag: [UInt8]
    /// To of our requests, as the far end wrote it, tag included.
    let remoteParty: String
    /// The far end's Contact: Request-URI of our requests.
    private(set) var remoteTarget: String
    /// Values of our Route headers, nearest hop first.
    let routeSet: [String]
    /// Where a host name in the first hop has led, by its owner's word; without a route nowhere.
    private var located: LocatedHop?
    /// Where the far end's messages came from and through which socket.
    var peer: MessageRoute
    /// CSeq number of the last request that we sent.
    private(set) var localCSeq: UInt32
    /// CSeq number of the last request that we received; `nil` before the first.
    private(set) var remoteCSeq: UInt32?
    /// Branch of the ACK for the 2xx, so that every copy of it gets the very same ACK; `nil` while early.
    var acknowledgementBranch: UInt64?
    /// The answer in that ACK, when the 2xx offered.
    var acknowledgementBody: SIPBody?
    /// Whose turn it is to offer or to answer.
    var exchange = OfferAnswer()
    /// Of the far end's reliable provisional responses.
    var order = ProvisionalOrder()

    init(
        remoteTag: [UInt8], remoteParty: String, remoteTarget: String, routeSet: [String],
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

    /// Takes over what the early dialog with the same tag has come to (RFC 3261 §13.2.2.4).
    mutating func `continue`(_ early: Dialog) {
        localCSeq = early.localCSeq
        remoteCSeq = early.remoteCSeq
        exchange = early.exchange
        order = early.order
        located = early.located
    }

    /// The number for our next request; grows by one each (RFC 3261 §12.2.1.1).
    mutating func nextCSeq() -> UInt32 {
        localCSeq = CSeq.successor(of: localCSeq)
        return localCSeq
    }

    /// Whether a request with this number is in order; if so it is the latest (RFC 3261 §12.2.2).
    mutating func accept(remoteCSeq number: UInt32) -> Bool {
        if let remoteCSeq, number <= remoteCSeq { return false }
        remoteCSeq = number
        return true
    }

    /// A target refresh (RFC 3261 §12.2): the far end's new Contact.
    mutating func refresh(remoteTarget target: String) {
        if !target.isEmpty { remoteTarget = target }
    }

    /// Request-URI and Route values of a request in this dialog (RFC 3261 §12.2.1.1).
    ///
    /// A first hop without `lr` is a strict router: it becomes the Request-URI, and the remote target goes last.
    var path: (requestURI: String, routes: [String]) {
        guard let first = routeSet.first else { return (remoteTarget, []) }
        let strict = Self.readURI(of: first) { uri, bytes in
            uri.isSIP && uri.parameter("lr", in: bytes) == nil ? bytes.rawString(uri.text) : nil
        }
        guard let strict else { return (remoteTarget, routeSet) }
        return (strict, Array(routeSet.dropFirst()) + ["<\(remoteTarget)>"])
    }

    private struct LocatedHop: Sendable {
        var hop: String
        var route: MessageRoute?
    }

    private var firstHop: String { routeSet.first ?? remoteTarget }

    /// The first hop as written, when it names a host that nobody has looked up yet.
    var unlocatedHop: String? {
        guard located?.hop != firstHop else { return nil }
        let isName = Self.readURI(of: firstHop) { uri, bytes in
            uri.isSIP && SocketAddress(host: bytes.rawString(uri.host), port: 0) == nil
        }
        return isName == true ? firstHop : nil
    }

    /// Where the host of the first hop is found (RFC 3263 §4): of several servers the one that has been speaking.
    mutating func locate(_ hop: String, at targets: [SIPTarget]) {
        let own = targets.first {
            $0.transport == peer.transport && $0.address.isSameHost(as: peer.destination)
        }
        let route = (own ?? targets.first).map {
            MessageRoute(destination: $0.address, socket: peer.socket, transport: $0.transport)
        }
        located = LocatedHop(hop: hop, route: route)
    }

    /// Where a request in this dialog goes: to the first hop, if that is an address literal or was looked up, else to where
    /// the far end's messages came from.
    var nextHop: MessageRoute {
        if let located, located.hop == firstHop { return located.route ?? peer }
        let route = Self.readURI(of: firstHop) { uri, bytes in
            // A secure target behind a peer that is not reached securely: the hop that we know is the way to it.
            guard uri.scheme == .sip || uri.scheme == .sips && peer.transport == .tls,
                let host = SocketAddress(host: bytes.rawString(uri.host), port: 0)
            else {
                return nil as MessageRoute?
            }
            let transport = transport(of: uri, at: host, in: bytes)
            return MessageRoute(
                destination: host.with(port: uri.port ?? transport.defaultPort), socket: peer.socket,
                transport: transport)
        }
        guard let route, route.destination.port != 0, !route.destination.isUnspecified else { return peer }
        return route
    }

    /// The transport that a URI asks for; without a word about it the one that the peer uses at that host, else UDP
    /// (RFC 3263 §4.1).
    private func transport(of uri: SIPURI, at host: SocketAddress, in bytes: RawSpan) -> SIPTransport {
        if uri.scheme == .sips { return .tls }
        if let name = uri.parameter("transport", in: bytes) {
            return SIPTransport(name: bytes.rawString(name)) ?? peer.transport
        }
        return host.isSameHost(as: peer.destination) ? peer.transport : .udp
    }

    /// Runs `body` on the URI of a name-addr or addr-spec.
    private static func readURI<Result>(of value: String, _ body: (SIPURI, RawSpan) -> Result?) -> Result? {
        withUTF8(value) { (bytes: RawSpan) in
            guard bytes.byteCount <= 65_535 else { return nil }
            let slice = SIPSlice(0, bytes.byteCount)
            let uri =
                value.utf8.contains(ASCII.less)
                ? try? NameAddress.parse(bytes, slice).uri : try? SIPURI.parse(bytes, slice)
            return uri.flatMap { body($0, bytes) }
        }
    }
}
