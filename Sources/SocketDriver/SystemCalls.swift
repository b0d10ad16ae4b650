#if os(Linux)
    internal import CLinuxIO
    internal import SansIO

    /// The kernel's clocks, randomness, routes, names and threads, in the library's types.
    enum System {
        static var now: MonotonicInstant { MonotonicInstant(nanoseconds: linuxio_monotonic_nanoseconds()) }

        static var wallClock: WallClockInstant {
            WallClockInstant(nanosecondsSinceEpoch: linuxio_wall_nanoseconds())
        }

        static var entropy: UInt64 { linuxio_random() }

        /// An identity of the calling thread, never 0.
        static var currentThread: UInt64 { linuxio_thread_self() }

        /// The address that the routing table chooses for packets to `destination`; port 0.
        static func source(toReach destination: SocketAddress) -> SocketAddress? {
            // The port plays no part in routing, but 0 is refused by some kernels.
            var target = linuxio_address(destination.with(port: 9))
            var source = linuxio_address()
            guard linuxio_udp_source(&target, &source) == 0 else { return nil }
            return SocketAddress(source).with(port: 0)
        }

        /// Looks a host name up; blocks.
        static func resolve(_ host: String, port: UInt16) throws(DriverError) -> [SocketAddress] {
            var found = [linuxio_address](repeating: linuxio_address(), count: 32)
            let count = linuxio_resolve(host, port, &found, Int32(found.count))
            guard count > 0 else {
                throw DriverError(code: .nameNotFound, message: "no address found for the host \(host)")
            }
            var addresses: [SocketAddress] = []
            for address in found.prefix(Int(count)).map(SocketAddress.init) where !addresses.contains(address)
            {
                addresses.append(address)
            }
            return addresses
        }

        /// Starts a detached thread.
        ///
        /// - Returns: False when the system refuses another thread.
        static func startThread(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
            let context = Unmanaged.passRetained(ThreadBody(body))
            let code = linuxio_thread_start(
                name,
                { context in
                    guard let context else { return }
                    Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
                }, context.toOpaque())
            if code != 0 { context.release() }
            return code == 0
        }
    }

    private final class ThreadBody: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    extension linuxio_address {
        init(_ address: SocketAddress) {
            self.init()
            port = address.port
            if let number = address.ipv4 {
                family = 4
                low = UInt64(number)
            } else if let halves = address.ipv6 {
                family = 6
                high = halves.high
                low = halves.low
                scope = address.scope
            }
        }
    }

    extension SocketAddress {
        init(_ address: linuxio_address) {
            if address.family == 4 {
                self.init(ipv4: UInt32(truncatingIfNeeded: address.low), port: address.port)
            } else {
                self.init(
                    ipv6High: address.high, low: address.low, port: address.port, scope: address.scope)
            }
        }
    }

    /// A bound, non-blocking UDP socket.
    ///
    /// Confined to the loop.
    final class UDPSocket {
        let id: SocketID
        let client: DriverClientID
        let localAddress: SocketAddress
        let descriptor: Descriptor
        /// True while it waits in its client's list of readable sockets.
        var isReadable = false

        /// Whether its datagrams wake nobody.
        let isPolled: Bool

        /// Kernel buffers asked for: a burst of 20 ms must survive a busy loop. The kernel may grant less.
        static let bufferBytes: Int32 = 4 << 20
        /// The same for a socket of one call.
        static let polledBufferBytes: Int32 = 256 << 10

        init(
            _ address: SocketAddress, id: SocketID, client: DriverClientID, isPolled: Bool
        ) throws(DriverError) {
            var wanted = linuxio_address(address)
            var bound = linuxio_address()
            let bytes = isPolled ? Self.polledBufferBytes : Self.bufferBytes
            let result = linuxio_udp_bind(&wanted, bytes, &bound)
            descriptor = try Descriptor(owning: result, for: "bind \(address)")
            self.id = id
            self.client = client
            self.isPolled = isPolled
            localAddress = SocketAddress(bound)
            if isPolled { linuxio_udp_note_arrivals(descriptor.number) }
        }

        /// - Returns: False when the kernel did not take the datagram.
        func send(_ bytes: RawSpan, to destination: SocketAddress) -> Bool {
            var target = linuxio_address(destination)
            return bytes.withUnsafeBytes { bytes in
                linuxio_udp_send(descriptor.number, bytes.baseAddress, bytes.count, &target) == 0
            }
        }
    }

    /// Datagrams fetched from one socket by one system call and not yet handed on.
    ///
    /// Confined to the loop.
    final class ReceiveBatch {
        static let capacity = 16

        private let batch: OpaquePointer
        private(set) var socket = SocketID(rawValue: -1)
        private var count = 0
        private var next = 0
        fileprivate var fetched = MonotonicInstant(nanoseconds: 0)
        /// What the wall clock is ahead of the monotonic one, as of the last fetch.
        fileprivate var wallOffset: Int64 = 0

        init() { batch = linuxio_batch_create(Int32(Self.capacity)) }

        deinit { linuxio_batch_destroy(batch) }

        var isEmpty: Bool { next == count }

        /// Whether the last fetch left nothing behind in its socket.
        var wasLast: Bool { count < Self.capacity }

        func removeAll() { next = count }

        /// Fetches what waits in `socket`, at most ``capacity`` datagrams, replacing what is here.
        ///
        /// - Returns: How many; negative for an error of the socket, which the call has cleared.
        func fill(from socket: UDPSocket) -> Int {
            let result = Int(linuxio_batch_receive(batch, socket.descriptor.number))
            self.socket = socket.id
            next = 0
            count = max(result, 0)
            if count > 0 {
                fetched = System.now
                if socket.isPolled {
                    wallOffset = System.wallClock.nanosecondsSinceEpoch &- fetched.nanoseconds
                }
            }
            return result
        }

        /// Takes the oldest datagram, which must exist.
        ///
        /// - Returns: `nil` when it does not fit in `buffer`.
        func takeFirst(into buffer: inout OwnedBytes) -> ReceivedDatagram? {
            var size = 0
            var source = linuxio_address()
            let start = linuxio_batch_datagram(batch, Int32(next), &size, &source)
            let noted = linuxio_batch_arrival(batch, Int32(next))
            next += 1
            let bytes = UnsafeRawBufferPointer(start: start, count: size)
            guard buffer.replace(with: bytes.bytes) else { return nil }
            return ReceivedDatagram(
                socket: socket, source: SocketAddress(source), arrival: arrival(noted))
        }
    }

    extension ReceiveBatch {
        /// A step of the wall clock may put a note anywhere: one that makes no sense is left aside.
        fileprivate func arrival(_ noted: Int64) -> MonotonicInstant {
            guard noted != 0 else { return fetched }
            let instant = MonotonicInstant(nanoseconds: noted &- wallOffset)
            let age = instant.duration(to: fetched)
            return age < .zero || age > .seconds(10) ? fetched : instant
        }
    }

    /// The loop's epoll instance and the event descriptor by which other threads wake it.
    final class Poller: Sendable {
        private let epoll: Descriptor
        private let wakeUp: Descriptor
        private static let wakeUpMark = UInt64.max

        init() throws(DriverError) {
            epoll = try Descriptor(owning: linuxio_epoll_create(), for: "epoll_create")
            wakeUp = try Descriptor(owning: linuxio_eventfd_create(), for: "eventfd")
            let result = linuxio_epoll_add(epoll.number, wakeUp.number, Self.wakeUpMark)
            guard result == 0 else { throw DriverError(errno: -result, doing: "epoll_ctl") }
        }

        /// Watches a socket until it is closed.
        func add(_ socket: UDPSocket) throws(DriverError) {
            let mark = UInt64(UInt32(bitPattern: socket.id.rawValue))
            let result = linuxio_epoll_add(epoll.number, socket.descriptor.number, mark)
            guard result == 0 else { throw DriverError(errno: -result, doing: "epoll_ctl") }
        }

        /// Watches a stream or listener for input, for room to write, or (neither) for failures only.
        ///
        /// - Parameter isKnown: Whether it is being watched already.
        func watch(
            _ id: SocketID, _ descriptor: borrowing Descriptor, input: Bool, output: Bool, isKnown: Bool
        ) throws(DriverError) {
            let mark = UInt64(UInt32(bitPattern: id.rawValue))
            let result = linuxio_epoll_watch(epoll.number, descriptor.number, mark, input, output, isKnown)
            guard result == 0 else { throw DriverError(errno: -result, doing: "epoll_ctl") }
        }

        /// Makes ``wait(until:into:)`` return; any thread.
        func signal() { linuxio_eventfd_signal(wakeUp.number) }

        /// Waits for datagrams or a signal, at most `nanoseconds` (negative: for ever).
        ///
        /// - Parameter readable: Replaced by the sockets that have datagrams.
        func wait(nanoseconds: Int64, into readable: inout [SocketID]) {
            readable.removeAll(keepingCapacity: true)
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 256) { marks in
                let count = linuxio_epoll_wait(
                    epoll.number, marks.baseAddress, Int32(marks.count), nanoseconds)
                guard count > 0 else { return }
                for mark in marks.prefix(Int(count)) {
                    if mark == Self.wakeUpMark {
                        linuxio_eventfd_drain(wakeUp.number)
                    } else {
                        readable.append(SocketID(rawValue: Int32(bitPattern: UInt32(mark))))
                    }
                }
            }
        }
    }
#endif
