public import SIPCore

/// Who calls, by every header that says so.
///
/// Only a trusted peer's word counts for more than a claim: whether the trunk is one is its user's to decide (RFC 3325 §8).
public struct IncomingCaller: Hashable, Sendable {
    /// `From`; `nil` when it does not parse.
    public var from: IdentityAddress?
    /// `P-Asserted-Identity` (RFC 3325), at most one `sip` and one `tel` address each.
    public var asserted: [IdentityAddress]
    /// `P-Preferred-Identity`: what the caller would like to be called; `nil` as a rule behind a proxy.
    public var preferred: IdentityAddress?
    /// `Privacy` (RFC 3323).
    public var privacy: SIPPrivacy
    /// `Diversion` (RFC 5806), the latest first. Anybody may claim any number in it, and trunks as a rule pass on what they
    /// were given: good for a greeting, no ground to trust a caller or to charge somebody.
    public var diversions: [Diversion]
    /// `History-Info` (RFC 7044), in order; as little proven as ``diversions``.
    public var history: [HistoryInfoEntry]

    public init(_ request: ReceivedRequest) {
        self.init(from: try? IdentityAddress(parsing: request.from), headers: request.headers)
    }

    /// - Parameter headers: Those that it reads by name, in order; all others are passed over.
    public init(from: IdentityAddress?, headers: [SIPHeaderField]) {
        self.from = from
        asserted = []
        privacy = []
        diversions = []
        history = []
        for header in headers {
            switch header.name.lowercased() {
            case "p-asserted-identity": asserted += IdentityAddress.list(header.value)
            case "p-preferred-identity": preferred = preferred ?? IdentityAddress.list(header.value).first
            case "privacy": privacy.formUnion(SIPPrivacy(header.value))
            case "diversion": diversions += Diversion.list(header.value)
            case "history-info": history += HistoryInfoEntry.list(header.value)
            default: continue
            }
        }
        asserted = Self.one(ofEach: asserted)
        diversions = Array(diversions.prefix(IdentityAddress.maximumValues))
        history = Array(history.prefix(IdentityAddress.maximumValues))
    }

    /// The first of each kind of URI, as RFC 3325 §9.1 allows no more.
    private static func one(ofEach addresses: [IdentityAddress]) -> [IdentityAddress] {
        let telephone = addresses.first { $0.uri.lowercased().hasPrefix("tel:") }
        let sip = addresses.first { !$0.uri.lowercased().hasPrefix("tel:") }
        return addresses.filter { $0 == telephone || $0 == sip }.reduce(into: []) { kept, address in
            if !kept.contains(address) { kept.append(address) }
        }
    }

    /// The caller wants to stay unknown, or says no name and number at all.
    public var isAnonymous: Bool {
        if privacy.hidesCaller { return true }
        guard let from else { return asserted.isEmpty }
        let uri = from.uri.lowercased()
        return asserted.isEmpty && (uri.hasSuffix("@anonymous.invalid") || uri.hasPrefix("sip:anonymous@"))
    }

    /// The telephone number, the asserted one before the claimed one; `nil` when there is none.
    public var number: String? {
        asserted.lazy.compactMap(\.number).first ?? from?.number
    }

    /// The name to show, the asserted one before the claimed one; empty when there is none.
    public var displayName: String {
        asserted.lazy.map(\.displayName).first { !$0.isEmpty } ?? from?.displayName ?? ""
    }

    /// The number that was called at first, when the call was sent on; `nil` otherwise. A claim, as ``diversions`` are.
    public var originallyCalled: String? {
        diversions.last?.address.number ?? (history.count > 1 ? history.first?.address.number : nil)
    }
}

extension IncomingCall {
    /// Who calls and how the call came here, by every header that says so. What is asserted counts only when a trunk says it.
    public var callerDetails: IncomingCaller {
        let from =
            caller.uri.isEmpty ? nil : IdentityAddress(displayName: caller.displayName, uri: caller.uri)
        var details = IncomingCaller(from: from, headers: headers)
        if trunk == nil { details.asserted = [] }
        return details
    }
}
