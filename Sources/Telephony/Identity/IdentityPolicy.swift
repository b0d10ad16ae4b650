public import SIPCore

/// How the caller is named to the trunk, besides `From`.
public struct IdentityPolicy: Hashable, Sendable {
    /// Which header carries the identity.
    @nonexhaustive
    public enum Header: String, Hashable, Sendable, CaseIterable {
        /// `From` alone.
        case none
        /// `P-Asserted-Identity` (RFC 3325 §9.1): for a trunk that trusts our word.
        case asserted
        /// `P-Preferred-Identity` (RFC 3325 §9.2): which of our numbers the trunk shall assert.
        case preferred
    }

    /// In which form the number stands in the header.
    @nonexhaustive
    public enum Form: String, Hashable, Sendable, CaseIterable {
        /// `<sip:+15550100@domain>`.
        case sip
        /// `<tel:+15550100>`; only for numbers with `+`.
        case tel
        /// Two values, `sip` first. Not with ``Header/preferred``, which may name one only.
        case both
    }

    public var header: Header
    public var form: Form
    /// `Privacy`; with ``SIPPrivacy/hidesCaller`` the `From` is anonymous (RFC 3323 §4.1).
    public var privacy: SIPPrivacy

    public init(header: Header = .none, form: Form = .sip, privacy: SIPPrivacy = []) {
        self.header = header
        self.form = form
        self.privacy = privacy
    }

    /// `From` alone, and nothing withheld.
    public static let fromOnly = Self()
    /// `P-Asserted-Identity` with a `sip` address.
    public static let asserted = Self(header: .asserted)
}

/// The headers of an INVITE that say who calls and how the call came here. Nothing of it reaches the wire unchecked.
struct IdentityHeaders: Hashable, Sendable {
    var from: String
    var fields: [SIPHeaderField] = []

    /// From of callers who want to stay unknown (RFC 3323 §4.1.1.3).
    static let anonymousFrom = "\"Anonymous\" <sip:anonymous@anonymous.invalid>"

    /// - Parameters:
    ///   - address: `From` of a caller who hides nothing, checked.
    ///   - number: The caller number; `nil` when the trunk has none.
    ///   - displayName: Quoted; empty when there is none.
    /// - Throws: ``CallError/Code/invalidRequest``, naming the field.
    init(
        _ request: CallRequest, identity: IdentityPolicy, address: String, number: String?,
        displayName: String
    ) throws(CallError) {
        let privacy = request.privacy ?? identity.privacy
        from = privacy.hidesCaller ? Self.anonymousFrom : address
        let values = try Self.values(identity, address: address, number: number, displayName: displayName)
        switch identity.header {
        case .none: break
        case .asserted: fields += values.map { SIPHeaderField(name: "P-Asserted-Identity", value: $0) }
        case .preferred: fields += values.map { SIPHeaderField(name: "P-Preferred-Identity", value: $0) }
        }
        if !privacy.isEmpty { fields.append(SIPHeaderField(name: "Privacy", value: privacy.text)) }
        try Self.check(request.diversions.count, "diversions")
        for diversion in request.diversions {
            fields.append(try Self.field("Diversion", diversion.text, of: "diversions"))
        }
        try Self.check(request.history.count, "history")
        for entry in request.history {
            fields.append(try Self.field("History-Info", entry.text, of: "history"))
        }
    }

    private static func values(
        _ identity: IdentityPolicy, address: String, number: String?, displayName: String
    ) throws(CallError) -> [String] {
        guard identity.header != .none else { return [] }
        if identity.form == .sip { return [address] }
        let digits = (number ?? "").filter { !" -.()".contains($0) }
        guard digits.hasPrefix("+"), digits.utf8.dropFirst().allSatisfy({ (48...57).contains($0) }) else {
            throw CallError(.invalidRequest, "a `tel` identity needs a caller number with +")
        }
        let telephone = (displayName.isEmpty ? "" : "\(displayName) ") + "<tel:\(digits)>"
        guard identity.form == .both else { return [telephone] }
        guard identity.header == .asserted else {
            throw CallError(.invalidRequest, "P-Preferred-Identity names one address only")
        }
        return [address, telephone]
    }

    private static func check(_ count: Int, _ field: String) throws(CallError) {
        guard count <= IdentityAddress.maximumValues else {
            throw CallError(
                .invalidRequest, "`\(field)` has more than \(IdentityAddress.maximumValues) values")
        }
    }

    /// What is written must read back as one address: then it cannot break out of its field.
    private static func field(_ name: String, _ value: String, of request: String) throws(CallError)
        -> SIPHeaderField
    {
        guard value.utf8.count <= 512, value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }),
            IdentityAddress.list(value).count == 1, (try? IdentityAddress(parsing: value)) != nil
        else { throw CallError(.invalidRequest, "`\(request)` holds an address that is none") }
        return SIPHeaderField(name: name, value: value)
    }
}
