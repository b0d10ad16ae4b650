public import SansIO

extension SimulatedDriver {
    public func resolve(_ host: String, port: UInt16) async throws -> [SocketAddress] {
        checkThread()
        return try world.resolve(host, port: port)
    }

    /// Asks the world's ``World/zone``; names of ``World/setName(_:to:)`` have addresses too.
    public func queryDNS(_ name: String, type: DNSRecordType) async throws -> DNSAnswer {
        checkThread()
        let question = DNSQuestion(name, type)
        world.nameQuestions += 1
        let delay = world.zone.delay(of: question)
        if delay > .zero { try await sleep(for: delay) }
        return world.answer(to: question)
    }
}

extension World {
    func resolve(_ name: String, port: UInt16) throws(DriverError) -> [SocketAddress] {
        if let literal = SocketAddress(host: name, port: port) { return [literal] }
        if name == "localhost" { return [.loopback(port: port)] }
        let addresses = (names[name] ?? []) + zoneAddresses(of: name)
        guard !addresses.isEmpty else {
            throw DriverError(code: .nameNotFound, message: "no address found for the host \(name)")
        }
        return addresses.map { $0.with(port: port) }
    }

    private func zoneAddresses(of name: String) -> [SocketAddress] {
        [DNSRecordType.aaaa, .a].flatMap { type -> [SocketAddress] in
            guard case .records(let records, _) = zone.answer(to: DNSQuestion(name, type)) else { return [] }
            return records.compactMap { if case .address(let address) = $0.value { address } else { nil } }
        }
    }

    func answer(to question: DNSQuestion) -> DNSAnswer {
        guard let addresses = names[question.name] else { return zone.answer(to: question) }
        let records = addresses.map { DNSRecord(question.name, .address($0)) }.filter {
            $0.type == question.type
        }
        return records.isEmpty ? .failed(.noData, timeToLive: zone.negativeTimeToLive) : .records(records)
    }
}
