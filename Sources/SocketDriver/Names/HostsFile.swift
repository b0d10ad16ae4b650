#if os(Linux)
    internal import SansIO

    /// Names that this machine's administrator has given addresses, in `/etc/hosts`.
    enum HostsFile {
        /// - Returns: `nil` when the name is not in the file, or something else than an address is asked for.
        static func answer(to question: DNSQuestion) -> DNSAnswer? {
            guard question.type == .a || question.type == .aaaa else { return nil }
            return answer(to: question, in: System.readText("/etc/hosts", limit: 1 << 20))
        }

        static func answer(to question: DNSQuestion, in text: String) -> DNSAnswer? {
            var isKnown = false
            var records: [DNSRecord] = []
            for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
                let entry = line.prefix { $0 != UInt8(ascii: "#") }
                let words = entry.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
                    .map { String(decoding: $0, as: UTF8.self) }
                guard words.count > 1, let address = SocketAddress(host: words[0], port: 0),
                    words[1...].contains(where: { DNSQuestion($0, question.type) == question })
                else { continue }
                isKnown = true
                let record = DNSRecord(question.name, .address(address), timeToLive: timeToLive)
                if record.type == question.type, !records.contains(record) { records.append(record) }
            }
            guard isKnown else { return nil }
            return records.isEmpty ? .failed(.noData, timeToLive: timeToLive) : .records(records)
        }

        /// How long what the system says without a time is taken for true.
        static var timeToLive: Duration { .seconds(30) }
    }
#endif
