internal import SansIO

/// The names that addresses were found under: at least of the last ``kept`` that were used, at most of twice as many.
struct RecentNames {
    static let kept = 2_048

    private var recent: [SocketAddress: String] = [:]
    /// Those used before; what is used of them again is taken over.
    private var earlier: [SocketAddress: String] = [:]

    var count: Int { recent.count + earlier.count }

    /// - Returns: `nil` for an address that was found under none, or has not been used for long.
    subscript(address: SocketAddress) -> String? { recent[address] ?? earlier[address] }

    mutating func use(_ name: String, for address: SocketAddress) {
        if recent[address] == nil, recent.count == Self.kept {
            earlier = recent
            recent.removeAll()
        }
        recent[address] = name
    }
}
