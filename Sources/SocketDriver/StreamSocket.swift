#if os(Linux)
    internal import CLinuxIO
    private import Glibc
    internal import SansIO

    /// A TCP stream or a listener for them, non-blocking.
    ///
    /// Confined to the loop.
    final class StreamSocket {
        enum State: Hashable {
            case listening, connecting, open
            /// The far end has said its last word.
            case ended
            /// To be reported, then forgotten.
            case failed(StreamFailure)
        }

        let id: SocketID
        let client: DriverClientID
        let localAddress: SocketAddress
        let descriptor: Descriptor
        var state: State
        /// True while it waits in its client's list of streams that have something.
        var isReady = false
        /// What the kernel has not taken yet, from ``head`` on.
        private var queue: [UInt8] = []
        private var head = 0
        private var mustEnd = false
        /// What epoll was last asked for.
        var watched: (input: Bool, output: Bool)?

        init(
            owning result: Int32, id: SocketID, client: DriverClientID, localAddress: SocketAddress,
            state: State, for purpose: String
        ) throws(DriverError) {
            descriptor = try Descriptor(owning: result, for: purpose)
            self.id = id
            self.client = client
            self.localAddress = localAddress
            self.state = state
        }

        /// What to be told of next: room to write while connecting or with bytes waiting, input until the end.
        var interest: (input: Bool, output: Bool) {
            switch state {
            case .listening: (true, false)
            case .connecting: (false, true)
            case .open: (true, head < queue.count)
            case .ended: (false, head < queue.count)
            case .failed: (false, false)
            }
        }

        /// - Returns: False when there is no room or the stream is not open.
        func send(_ bytes: RawSpan, limit: Int) -> Bool {
            switch state {
            case .open, .ended: break
            case .listening, .connecting, .failed: return false
            }
            guard !mustEnd, queue.count - head + bytes.byteCount <= limit else { return false }
            var written = 0
            if head == queue.count {
                written = bytes.withUnsafeBytes {
                    linuxio_tcp_write(descriptor.number, $0.baseAddress, $0.count)
                }
                if written < 0 {
                    guard written == -Int(EAGAIN) else {
                        state = .failed(Self.failure(-written))
                        return false
                    }
                    written = 0
                }
            }
            guard written < bytes.byteCount else { return true }
            bytes.extracting(written..<bytes.byteCount).withUnsafeBytes { queue.append(contentsOf: $0) }
            return true
        }

        /// Gives the kernel what waits.
        func flush() {
            guard head < queue.count else { return }
            let written = queue[head...].withUnsafeBytes {
                linuxio_tcp_write(descriptor.number, $0.baseAddress, $0.count)
            }
            if written < 0 {
                if written != -Int(EAGAIN) { state = .failed(Self.failure(-written)) }
                return
            }
            head += written
            if head == queue.count {
                queue.removeAll(keepingCapacity: true)
                head = 0
                if mustEnd { linuxio_tcp_end(descriptor.number) }
            } else if head > 65_536 {
                queue.removeSubrange(..<head)
                head = 0
            }
        }

        func endSending() {
            guard !mustEnd else { return }
            mustEnd = true
            if head == queue.count { linuxio_tcp_end(descriptor.number) }
        }

        /// What the kernel says about the stream: how the attempt to connect ended, or why it broke.
        func checkError() {
            let code = -Int(linuxio_tcp_error(descriptor.number))
            if code != 0 { state = .failed(Self.failure(code)) }
        }

        enum Input { case bytes(isAll: Bool), nothing, end }

        func read(into buffer: inout OwnedBytes) -> Input {
            var count = 0
            buffer.fill { memory in
                count = linuxio_tcp_read(descriptor.number, memory.baseAddress, memory.count)
                return max(0, count)
            }
            if count > 0 { return .bytes(isAll: count < buffer.capacity) }
            if count == -Int(EAGAIN) { return .nothing }
            if count < 0 { state = .failed(Self.failure(-count)) }
            return .end
        }

        /// - Parameter code: An errno.
        static func failure(_ code: Int) -> StreamFailure {
            switch Int32(truncatingIfNeeded: code) {
            case ECONNREFUSED: .refused
            case EHOSTUNREACH, ENETUNREACH, EACCES, EPERM, ENETDOWN, EHOSTDOWN: .unreachable
            case ETIMEDOUT: .timedOut
            case ECONNRESET, EPIPE, ECONNABORTED: .reset
            default: .system
            }
        }
    }

    /// A descriptor kept in reserve: given up to take and refuse a connection when no other is free, so that the caller
    /// is told at once and the listener does not stay readable for ever.
    struct SpareDescriptor: ~Copyable {
        private var descriptor: Descriptor?

        init() { descriptor = try? Descriptor(owning: linuxio_eventfd_create(), for: "eventfd") }

        /// - Returns: False when there was nothing to give up, or it was of no use.
        mutating func refuse(at listener: borrowing Descriptor) -> Bool {
            guard descriptor != nil else {
                descriptor = try? Descriptor(owning: linuxio_eventfd_create(), for: "eventfd")
                return false
            }
            descriptor = nil
            var source = linuxio_address()
            let isRefused =
                (try? Descriptor(owning: linuxio_tcp_accept(listener.number, &source), for: "accept")) != nil
            descriptor = try? Descriptor(owning: linuxio_eventfd_create(), for: "eventfd")
            return isRefused
        }
    }
#endif
