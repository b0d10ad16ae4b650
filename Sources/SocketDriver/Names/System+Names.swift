#if os(Linux)
    internal import CLinuxIO
    private import Glibc
    internal import SansIO

    extension System {
        /// The name servers of `resolv.conf`, as the C library reads it; blocks.
        static var nameServers: [SocketAddress] {
            var found = [linuxio_address](repeating: linuxio_address(), count: 8)
            let count = linuxio_name_servers(&found, Int32(found.count))
            return found.prefix(Int(max(0, count))).map(SocketAddress.init)
        }

        /// The addresses that the C library finds wherever it looks; `nil` when it finds none. Blocks.
        static func addresses(for question: DNSQuestion) -> DNSAnswer? {
            guard question.type == .a || question.type == .aaaa,
                let addresses = try? resolve(question.name, port: 0)
            else { return nil }
            let records = addresses.map {
                DNSRecord(question.name, .address($0), timeToLive: HostsFile.timeToLive)
            }
            let wanted = records.filter { $0.type == question.type }
            return wanted.isEmpty ? .failed(.noData, timeToLive: HostsFile.timeToLive) : .records(wanted)
        }

        /// A small file as text, at most `limit` octets of it; empty when it cannot be read. Blocks.
        static func readText(_ path: String, limit: Int) -> String {
            guard let file = fopen(path, "re") else { return "" }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: limit)
            let count = fread(&bytes, 1, limit, file)
            return String(decoding: bytes[..<count], as: UTF8.self)
        }
    }
#endif
