/// How far the redirections of one INVITE are followed (RFC 3261 §8.1.3.4).
public struct RedirectionPolicy: Hashable, Sendable {
    /// Redirections in a row.
    public var maximumHops: Int
    /// Addresses tried in all.
    public var maximumTargets: Int

    public init(maximumHops: Int = 5, maximumTargets: Int = 10) {
        self.maximumHops = maximumHops
        self.maximumTargets = maximumTargets
    }
}

/// Where a redirection leads: the next address that an INVITE is sent to.
public struct SIPRedirection: Hashable, Sendable {
    /// The new Request-URI.
    public var uri: String
    /// Where it goes; `nil` when the URI names a host, which ``UserAgent/redirect(_:to:at:into:)`` has to resolve.
    public var target: SIPTarget?

    public init(uri: String, target: SIPTarget? = nil) {
        self.uri = uri
        self.target = target
    }
}

/// The addresses that the redirections of one INVITE have named: by q, none twice, within limits (RFC 3261 §8.1.3.4).
struct Redirection: Sendable {
    /// An address of a 3xx.
    struct Contact: Hashable, Sendable {
        var uri: String
        /// In thousandths; 1000 where none is written.
        var quality = 1000
    }

    private struct Target: Sendable {
        let uri: String
        /// Redirections that led to it.
        let hops: Int
    }

    private let policy: RedirectionPolicy
    /// Every address tried or to be tried, the first one included.
    private var known: [String]
    /// To be tried, the next one first.
    private var waiting: [Target] = []
    private var triedCount = 0
    /// Redirections that led to the address being tried.
    private var hops = 0

    init(policy: RedirectionPolicy, first uri: String) {
        self.policy = policy
        known = [uri]
    }

    /// Takes the addresses of a 3xx in; those before them in the queue come after.
    mutating func add(_ contacts: [Contact]) {
        guard hops < policy.maximumHops else { return }
        var targets: [Target] = []
        let ordered = contacts.enumerated().sorted { left, right in
            (right.element.quality, left.offset) < (left.element.quality, right.offset)
        }
        for (_, contact) in ordered where !isKnown(contact.uri) {
            guard known.count <= policy.maximumTargets else { break }
            known.append(contact.uri)
            targets.append(Target(uri: contact.uri, hops: hops + 1))
        }
        waiting.insert(contentsOf: targets, at: 0)
    }

    /// The address to try now; `nil` when there is none left.
    mutating func next() -> String? {
        guard !waiting.isEmpty, triedCount < policy.maximumTargets else { return nil }
        let target = waiting.removeFirst()
        triedCount += 1
        hops = target.hops
        return target.uri
    }

    private func isKnown(_ uri: String) -> Bool {
        known.contains { other in
            withUTF8(uri) { (bytes: RawSpan) in
                withUTF8(other) { (otherBytes: RawSpan) in
                    guard let left = try? SIPURI.parse(uri), let right = try? SIPURI.parse(other) else {
                        return uri == other
                    }
                    return left.isEquivalent(in: bytes, to: right, in: otherBytes)
                }
            }
        }
    }

    /// The `sip` and `sips` addresses of a 3xx, in the order of the message; their headers are not taken over.
    static func contacts(of response: borrowing SIPMessage) -> [Contact] {
        var contacts: [Contact] = []
        var cursor = response.values(of: .contact)
        while contacts.count < 32, let address = response.nextAddress(&cursor) {
            guard address.uri.isSIP, !address.uri.host.isEmpty else { continue }
            // A question mark may stand in the user part as well.
            let (whole, headers) = (address.uri.text, address.uri.headers)
            let end = headers.isEmpty ? whole.end : max(whole.start, headers.start - 1)
            let text = response.string(SIPSlice(whole.start, end))
            let quality = address.parameters.first("q", in: response.bytes)?.value
            contacts.append(
                Contact(uri: text, quality: quality.map { Self.quality(response.string($0)) } ?? 1000))
        }
        return contacts
    }

    /// `0.7` as 700; what is no quality counts as none written.
    static func quality(_ text: String) -> Int {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ $0.isEmpty ? 0 : Int($0) }), (0...1).contains(whole) else {
            return 1000
        }
        let digits = parts.count > 1 ? parts[1].prefix(3) : ""
        guard let fraction = digits.isEmpty ? 0 : Int(digits), fraction >= 0 else { return 1000 }
        let scale = [1000, 100, 10, 1][digits.utf8.count]
        return min(1000, whole * 1000 + fraction * scale)
    }
}
