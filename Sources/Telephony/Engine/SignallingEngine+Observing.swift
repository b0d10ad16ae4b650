internal import SIPCore
internal import SansIO

extension SignallingEngine {
    /// Adds an event to a call's log and tells the trunk desk and the observers.
    func record(_ event: CallEvent, of call: SignallingCall) {
        call.job.call.record(event)
        tellDesk(event.kind, of: call)
        for observer in observers { observer.call(call.job.id, did: event) }
    }

    /// Shows one SIP message to the observers that want to see it, with the call it belongs to.
    func observe(
        _ direction: DatagramDirection, _ bytes: RawSpan, _ transport: SIPTransport, local: SocketAddress?,
        remote: SocketAddress
    ) {
        guard let local else { return }
        let instant = driver.wallClock
        let call = observed.call(of: bytes)
        for observer in observers where observer.wantsDatagrams {
            observer.message(
                direction, bytes, over: transport, local: local, remote: remote, call: call, at: instant)
        }
    }
}

/// Tells by its Call-ID which call a SIP datagram belongs to. Used only while somebody captures.
struct ObservedMessages: ~Copyable {
    private var message = SIPMessage()
    private var calls: [String: CallID] = [:]

    mutating func add(_ id: CallID, sipCallID: String) {
        if calls[sipCallID] == nil { calls[sipCallID] = id }
    }

    /// A far end may have used another call's Call-ID: then the name stays that one's.
    mutating func remove(_ id: CallID, sipCallID: String) {
        if calls[sipCallID] == id { calls[sipCallID] = nil }
    }

    /// - Returns: `nil` for what is not SIP or belongs to no call that goes on.
    mutating func call(of datagram: RawSpan) -> CallID? {
        do { try message.parse(datagram) } catch { return nil }
        return calls[message.string(message.callID)]
    }
}
