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

    /// Addresses, and how their requests have to come.
    public struct Source: Hashable, Sendable {
        public var range: AddressRange
        /// The least that it must be, in the order UDP, TCP, TLS: the address of a datagram is easily forged, and who has
        /// secured its messages is not taken at its word when they come in the open.
        public var leastTransport: SIPTransport

        public init(_ range: AddressRange, leastTransport: SIPTransport = .udp) {
            self.range = range
            self.leastTransport = leastTransport
        }

        public func contains(_ address: SocketAddress, over transport: SIPTransport) -> Bool {
            transport.rawValue >= leastTransport.rawValue && range.contains(address)
        }
    }

    /// Whose requests are taken without a challenge.
    public var sources: [Source]
    /// Their addresses; setting them lets their requests come by any transport.
    public var known: [AddressRange] {
        get { sources.map(\.range) }
        set { sources = newValue.map { Source($0) } }
    }
    public var strangers: Strangers

    public init(known: [AddressRange] = [], strangers: Strangers = .admitted) {
        sources = known.map { Source($0) }
        self.strangers = strangers
    }

    func knows(_ source: SocketAddress, over transport: SIPTransport) -> Bool {
        sources.contains { $0.contains(source, over: transport) }
    }

    /// Whether a message that cannot even be read gets an answer.
    func answers(_ source: SocketAddress, over transport: SIPTransport) -> Bool {
        strangers != .ignored || knows(source, over: transport)
    }
}

extension UserAgent {
    /// - Returns: Whether a request outside a dialog goes further; if not, it has been dealt with.
    mutating func admits(
        _ request: borrowing SIPMessage, key: UInt64, _ arrival: Arrival, into effects: inout UserAgentEffects
    ) -> Bool {
        guard admission.strangers != .admitted,
            !admission.knows(arrival.source, over: arrival.transport)
        else { return true }
        counters.strangersRefused += 1
        effects.events.append(.strangerRefused(source: arrival.source))
        if admission.strangers == .refused {
            answerStatelessly(request, status: 403, key: key, arrival, into: &effects)
        }
        return false
    }
}
