public import SansIO

/// Who may open something with a user agent: calls from strangers cost money (toll fraud), so a server says whom it
/// knows.
///
/// It holds for requests outside a dialog. In a dialog the tags, which only its two ends know, are the pass.
public struct SourceAdmission: Hashable, Sendable {
    /// What a request from an address that is not known gets.
    public enum Strangers: Hashable, Sendable {
        /// Taken; challenged first when the configuration requires credentials.
        case admitted
        /// 403, without keeping any state (RFC 3261 §8.2.7). Told by ``UserAgentEvent/strangerRefused(source:)``.
        case refused
        /// Nothing: a scanner does not learn that anybody is here. Told by the same event.
        case ignored
    }

    /// Addresses whose requests are taken without a challenge.
    public var known: [AddressRange]
    public var strangers: Strangers

    public init(known: [AddressRange] = [], strangers: Strangers = .admitted) {
        self.known = known
        self.strangers = strangers
    }

    func knows(_ source: SocketAddress) -> Bool { known.contains { $0.contains(source) } }

    /// Whether a message that cannot even be read gets an answer.
    func answers(_ source: SocketAddress) -> Bool { strangers != .ignored || knows(source) }
}

extension UserAgent {
    /// - Returns: Whether a request outside a dialog goes further; if not, it has been dealt with.
    mutating func admits(
        _ request: borrowing SIPMessage, key: UInt64, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) -> Bool {
        guard admission.strangers != .admitted, !admission.knows(arrival.source) else { return true }
        counters.strangersRefused += 1
        effects.events.append(.strangerRefused(source: arrival.source))
        if admission.strangers == .refused {
            answerStatelessly(request, status: 403, key: key, arrival, into: &effects)
        }
        return false
    }
}
