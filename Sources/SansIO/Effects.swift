/// What one step of a machine wants done: bytes (or other things) to send and events to report, in order.
///
/// The caller owns it and hands it to each step, so that nothing has to be drained inside the machine and a test
/// can compare a whole step at once. Clearing keeps its capacity, so a reused sink allocates nothing.
public struct Effects<Send, Event> {
    public var sends: [Send] = []
    public var events: [Event] = []

    @inlinable public init() {}

    @inlinable public mutating func send(_ send: Send) { sends.append(send) }
    @inlinable public mutating func emit(_ event: Event) { events.append(event) }
    @inlinable public var isEmpty: Bool { sends.isEmpty && events.isEmpty }

    @inlinable public mutating func removeAll() {
        sends.removeAll(keepingCapacity: true)
        events.removeAll(keepingCapacity: true)
    }
}

extension Effects: Equatable where Send: Equatable, Event: Equatable {}
extension Effects: Hashable where Send: Hashable, Event: Hashable {}
extension Effects: Sendable where Send: Sendable, Event: Sendable {}
