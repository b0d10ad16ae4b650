public import SIPCore
public import SansIO

/// Hears of everything that happens: for logs, metrics, traces, captures.
///
/// Called on the engines' loops, synchronously: return at once and never block; files and databases go through the driver's blocking
/// lanes. With several media loops, datagrams come from several threads. Observers see what the wire carries; phone numbers
/// and transcripts are theirs to protect.
public protocol CallObserver: Sendable {
    /// The dialer begins to serve with this driver. Before everything else, on the task of ``Dialer/run()``.
    func dialerStarted(on driver: any Driver)
    /// ``Dialer/run()`` is about to return, and nothing more comes. On its task.
    func dialerStopped() async
    /// An event of one call, in order.
    func call(_ id: CallID, did event: CallEvent)
    /// A call is over; its record is complete but for the recording's file.
    func callEnded(_ record: CallRecord)
    /// Callers were turned away at the door; at most once a second.
    func callersRefused(_ refused: RefusedCallers)
    /// Something happened to a trunk, which is named.
    func trunk(_ name: String, did event: TrunkEvent)
    /// One datagram left or came, signalling or media. Called only when ``wantsDatagrams`` is true,
    /// with several media loops by several threads at once.
    ///
    /// - Parameter call: `nil` for signalling that belongs to no call of the dialer, or comes after its end.
    func datagram(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress, remote: SocketAddress,
        kind: DatagramKind, call: CallID?, at instant: WallClockInstant)
    /// One SIP message left or came. Called only when ``wantsDatagrams`` is true. By default it is shown to
    /// ``datagram(_:_:local:remote:kind:call:at:)``, also when a stream carried it.
    ///
    /// - Parameters:
    ///   - bytes: In the clear, whatever secured it on its way.
    ///   - local: Our end: of a connection, when one carried it.
    ///   - call: `nil` for what belongs to no call of the dialer, or comes after its end.
    func message(
        _ direction: DatagramDirection, _ bytes: RawSpan, over transport: SIPTransport, local: SocketAddress,
        remote: SocketAddress, call: CallID?, at instant: WallClockInstant)
    /// Read once, when the dialer starts.
    var wantsDatagrams: Bool { get }
}

public enum DatagramDirection: String, Hashable, Sendable { case sent, received }
public enum DatagramKind: String, Hashable, Sendable { case sip, rtp, rtcp }

extension CallObserver {
    public func dialerStarted(on driver: any Driver) {}
    public func dialerStopped() async {}
    public func call(_ id: CallID, did event: CallEvent) {}
    public func callEnded(_ record: CallRecord) {}
    public func callersRefused(_ refused: RefusedCallers) {}
    public func trunk(_ name: String, did event: TrunkEvent) {}
    public func datagram(
        _ direction: DatagramDirection, _ bytes: RawSpan, local: SocketAddress,
        remote: SocketAddress, kind: DatagramKind, call: CallID?, at instant: WallClockInstant
    ) {}
    public func message(
        _ direction: DatagramDirection, _ bytes: RawSpan, over transport: SIPTransport, local: SocketAddress,
        remote: SocketAddress, call: CallID?, at instant: WallClockInstant
    ) {
        datagram(direction, bytes, local: local, remote: remote, kind: .sip, call: call, at: instant)
    }
    public var wantsDatagrams: Bool { false }
}
