#if os(Linux)
    internal import CLinuxIO
    private import Glibc
    internal import SansIO

    /// A blocking socket connected to one name server; every wait has a limit.
    struct NameServerSocket: ~Copyable {
        enum Kind { case datagrams, stream }

        private let descriptor: Int32

        init(_ server: SocketAddress, _ kind: Kind, _ limit: MonotonicInstant) throws(DNSFailure) {
            var address = linuxio_address(server)
            descriptor = linuxio_name_connect(&address, kind == .stream ? 1 : 0, Self.milliseconds(to: limit))
            guard descriptor >= 0 else { throw Self.failure(descriptor) }
        }

        deinit {
            if descriptor >= 0 { linuxio_close(descriptor) }
        }

        func send(_ bytes: [UInt8], _ limit: MonotonicInstant) throws(DNSFailure) {
            let code = linuxio_name_send(descriptor, bytes, bytes.count, Self.milliseconds(to: limit))
            guard code == 0 else { throw Self.failure(code) }
        }

        /// One datagram, or some octets of a stream; 0 at its end.
        func receive(into room: inout [UInt8], _ limit: MonotonicInstant) throws(DNSFailure) -> Int {
            guard System.now < limit else { throw .timedOut }
            let count = linuxio_name_receive(descriptor, &room, room.count, Self.milliseconds(to: limit))
            guard count >= 0 else { throw Self.failure(count) }
            return Int(count)
        }

        func receive(exactly count: Int, _ limit: MonotonicInstant) throws(DNSFailure) -> [UInt8] {
            var bytes: [UInt8] = []
            while bytes.count < count {
                var room = [UInt8](repeating: 0, count: count - bytes.count)
                let received = try receive(into: &room, limit)
                guard received > 0 else { throw .unreachable }
                bytes += room[..<received]
            }
            return bytes
        }

        private static func milliseconds(to limit: MonotonicInstant) -> Int32 {
            Int32(clamping: max(0, System.now.duration(to: limit).nanoseconds) / 1_000_000 + 1)
        }

        private static func failure(_ code: Int32) -> DNSFailure {
            code == -ETIMEDOUT ? .timedOut : .unreachable
        }
    }
#endif
