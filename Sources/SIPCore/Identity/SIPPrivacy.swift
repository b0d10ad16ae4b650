/// The values of a `Privacy` header (RFC 3323 §4.2, RFC 3325 §9.3, RFC 7044 §7.2).
public struct SIPPrivacy: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A service of the network obscures headers that we cannot.
    public static let header = Self(rawValue: 1)
    /// Session media go through an anonymising service.
    public static let session = Self(rawValue: 2)
    /// What identifies the user is to be withheld.
    public static let user = Self(rawValue: 4)
    /// `P-Asserted-Identity` does not leave the network of those who trust each other.
    public static let id = Self(rawValue: 8)
    /// `History-Info` does not leave it.
    public static let history = Self(rawValue: 16)
    /// The call must fail if the privacy asked for cannot be had.
    public static let critical = Self(rawValue: 32)
    /// No privacy, and no network shall add any.
    public static let none = Self(rawValue: 64)

    private static let names: [(SIPPrivacy, String)] = [
        (.header, "header"), (.session, "session"), (.user, "user"), (.id, "id"), (.history, "history"),
        (.critical, "critical"), (.none, "none"),
    ]

    /// Reads a field value: words between semicolons. Unknown words are passed over.
    public init(_ value: String) {
        self = []
        for word in HeaderValues.split(value, at: ";") {
            let name = word.lowercased()
            if let known = Self.names.first(where: { $0.1 == name }) { insert(known.0) }
        }
    }

    /// The field value; empty when nothing is set.
    public var text: String { Self.names.filter { contains($0.0) }.map(\.1).joined(separator: ";") }

    /// Whether the user wants to stay unknown to the callee.
    public var hidesCaller: Bool {
        !contains(.none) && (contains(.id) || contains(.user) || contains(.header))
    }
}
