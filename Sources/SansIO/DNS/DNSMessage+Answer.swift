extension DNSMessage {
    /// Aliases followed within one answer, and from one answer to the next: more than any sane zone has.
    public static let maximumAliases = 8

    /// What this response says to `question`.
    ///
    /// Only records that the question's name leads to are taken, over aliases where there are some; what else a server
    /// puts into the answer section is ignored.
    public func answer(to question: DNSQuestion) -> DNSAnswer {
        // Some servers refuse without repeating the question.
        let isRefusal = self.question == nil && code != 0 && code != 3
        guard isResponse, isRefusal || self.question == question else {
            return .failed(.malformed(DNSParseError(.notTheAnswer, at: 0)))
        }
        switch code {
        case 0: break
        case 3: return .failed(.noSuchName, timeToLive: negativeTimeToLive)
        default: return .failed(.serverFailure(code: code))
        }
        var name = question.name
        var aliases: [DNSRecord] = []
        while true {
            let found = answers.filter { $0.name == name && $0.type == question.type }
            if !found.isEmpty { return .records(aliases + found, additional: additional) }
            let alias = answers.first { $0.name == name && $0.type == .cname }
            guard let alias, case .alias(let target) = alias.value, aliases.count < Self.maximumAliases else {
                break
            }
            aliases.append(alias)
            name = target
        }
        guard !aliases.isEmpty else { return .failed(.noData, timeToLive: negativeTimeToLive) }
        // The server stopped on the way, or says that the end of the way has nothing.
        return negativeTimeToLive == nil
            ? .records(aliases) : .failed(.noData, timeToLive: negativeTimeToLive)
    }
}
