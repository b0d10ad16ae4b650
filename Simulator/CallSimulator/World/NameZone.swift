public import SansIO

/// What the DNS of a ``World`` knows, and how it behaves.
///
/// Change it at any time, in the middle of a run through ``World/at(_:_:)``: questions see it as it is when they are
/// answered.
///
/// ```swift
/// world.zone.add("carrier.example", .service(DNSService(priority: 1, weight: 1, port: 5060, target: "a.example")))
/// world.zone.set(.silent, for: "b.example")
/// ```
public struct NameZone: Sendable {
    /// How questions for a name are treated.
    public enum Behaviour: Hashable, Sendable {
        /// Answered from the records.
        case answers
        /// Never answered: the asker's patience decides.
        case silent
        /// Answered with a failure, whatever the records say.
        case fails(DNSFailure)
        /// Answered with something else than the records, as a lying server does.
        case lies(DNSAnswer)
    }

    private struct Key: Hashable {
        var name: String
        var type: DNSRecordType?
    }

    /// Time from a question to its answer.
    public var delay: Duration
    /// After which a silent server is given up.
    public var patience: Duration
    /// How long a "no such name" or "no such records" may be believed.
    public var negativeTimeToLive: Duration
    private var records: [String: [DNSRecord]] = [:]
    private var behaviours: [Key: Behaviour] = [:]
    private var delays: [Key: Duration] = [:]

    public init(
        delay: Duration = .milliseconds(20), patience: Duration = .seconds(5),
        negativeTimeToLive: Duration = .seconds(60)
    ) {
        self.delay = delay
        self.patience = patience
        self.negativeTimeToLive = negativeTimeToLive
    }

    public mutating func add(_ record: DNSRecord) { records[record.name, default: []].append(record) }

    public mutating func add(_ name: String, _ value: DNSRecord.Value, timeToLive: Duration = .seconds(300)) {
        add(DNSRecord(name, value, timeToLive: timeToLive))
    }

    /// An A or AAAA record; `address` is a literal.
    public mutating func add(_ name: String, address: String, timeToLive: Duration = .seconds(300)) {
        guard let address = SocketAddress(host: address, port: 0) else {
            preconditionFailure("\(address) is not an address literal")
        }
        add(name, .address(address), timeToLive: timeToLive)
    }

    /// Forgets the records of a name, of one type or all.
    public mutating func remove(_ name: String, type: DNSRecordType? = nil) {
        let name = DNSQuestion(name, .a).name
        records[name]?.removeAll { type == nil || $0.type == type }
        if records[name]?.isEmpty == true { records[name] = nil }
    }

    /// Sets how questions for a name are treated, of one type or of those types that have no setting of their own.
    public mutating func set(_ behaviour: Behaviour, for name: String, type: DNSRecordType? = nil) {
        behaviours[Key(name: DNSQuestion(name, .a).name, type: type)] = behaviour
    }

    /// Sets the time from a question to its answer for one name, in place of ``delay``.
    public mutating func setDelay(_ delay: Duration, for name: String, type: DNSRecordType? = nil) {
        delays[Key(name: DNSQuestion(name, .a).name, type: type)] = delay
    }

    func delay(of question: DNSQuestion) -> Duration {
        if behaviour(for: question) == .silent { return patience }
        return delays[Key(name: question.name, type: question.type)]
            ?? delays[Key(name: question.name, type: nil)] ?? delay
    }

    private func behaviour(for question: DNSQuestion) -> Behaviour {
        behaviours[Key(name: question.name, type: question.type)]
            ?? behaviours[Key(name: question.name, type: nil)] ?? .answers
    }

    /// The answer at this moment, from a server that follows aliases and adds the addresses of SRV targets.
    func answer(to question: DNSQuestion) -> DNSAnswer {
        switch behaviour(for: question) {
        case .silent: return .failed(.timedOut)
        case .fails(let failure): return .failed(failure)
        case .lies(let answer): return answer
        case .answers: break
        }
        var name = question.name
        var aliases: [DNSRecord] = []
        while aliases.count < DNSMessage.maximumAliases {
            guard let known = records[name] else {
                return .failed(.noSuchName, timeToLive: negativeTimeToLive)
            }
            let found = known.filter { $0.type == question.type }
            if !found.isEmpty { return .records(aliases + found, additional: addresses(of: found)) }
            guard let alias = known.first(where: { $0.type == .cname }), case .alias(let target) = alias.value
            else {
                return .failed(.noData, timeToLive: negativeTimeToLive)
            }
            aliases.append(alias)
            name = target
        }
        return .records(aliases)
    }

    private func addresses(of found: [DNSRecord]) -> [DNSRecord] {
        found.flatMap { record -> [DNSRecord] in
            guard case .service(let service) = record.value else { return [] }
            return (records[service.target] ?? []).filter { $0.type == .a || $0.type == .aaaa }
        }
    }
}
