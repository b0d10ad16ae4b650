internal import SIPCore

/// Which side placed a call.
public enum CallDirection: String, Hashable, Sendable, Codable { case outbound, inbound }

/// Who places a call, as the far end is told or tells us. None of it is proven, ``assertedUser`` is the trunk's word.
public struct CallerIdentity: Hashable, Sendable {
    /// Address in From: `sip:+15550100@carrier.example`.
    public var uri: String
    /// Its user part without escapes: a number as a rule; empty when there is none.
    public var user: String
    public var displayName: String
    /// User part of `P-Asserted-Identity` (RFC 3325), which only a trunk's own sources are believed.
    public var assertedUser: String?
    /// Whether the caller asks not to be named: `Privacy: id` (RFC 3323), or an anonymous From.
    public var isPrivate: Bool

    public init(
        uri: String, user: String, displayName: String = "", assertedUser: String? = nil,
        isPrivate: Bool = false
    ) {
        self.uri = uri
        self.user = user
        self.displayName = displayName
        self.assertedUser = assertedUser
        self.isPrivate = isPrivate
    }

    /// The trunk's word where it has one, else the caller's own.
    public var number: String { assertedUser ?? user }

    /// The side that we show when we place a call.
    init(number: String, displayName: String?) {
        self.init(uri: "", user: number, displayName: displayName ?? "")
    }

    /// - Parameter isTrunk: Whether the request came from a trunk, whose assertions count.
    init(_ request: ReceivedRequest, isTrunk: Bool) {
        let said = IncomingCaller(request)
        let party = SIPParty(request.from)
        self.init(uri: party.uri, user: party.user, displayName: party.displayName)
        // Of several values (a `sip` and a `tel` URI of the same person) the first.
        if isTrunk {
            assertedUser = said.asserted.lazy.map { SIPParty(uri: $0.uri).user }.first { !$0.isEmpty }
        }
        isPrivate = said.privacy.hidesCaller
        if party.user.lowercased() == "anonymous" || party.uri.hasSuffix("@anonymous.invalid") {
            isPrivate = true
        }
    }
}

/// A name-addr as its parts in text. What does not parse is empty.
struct SIPParty: Hashable, Sendable {
    var displayName = ""
    var uri = ""
    /// Without escapes.
    var user = ""

    init(_ value: String) {
        let bytes = Array(value.utf8)
        guard let address = try? NameAddress.parse(value) else { return }
        uri = Self.text(bytes, address.uri.text)
        user = address.uri.user.map { Self.unescaped(Self.text(bytes, $0)) } ?? ""
        displayName = Self.unquoted(Self.text(bytes, address.displayName))
    }

    /// A URI alone, as a Request-URI.
    init(uri value: String) {
        let bytes = Array(value.utf8)
        guard let parsed = try? SIPURI.parse(value) else { return }
        uri = value
        user = parsed.user.map { Self.unescaped(Self.text(bytes, $0)) } ?? ""
    }

    private static func text(_ bytes: [UInt8], _ slice: SIPSlice) -> String {
        let range = slice.range.clamped(to: bytes.indices)
        return String(decoding: bytes[range], as: UTF8.self)
    }

    /// Percent escapes as octets (RFC 3261 §25.1); control characters are dropped.
    private static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        var octets: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            if octet == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                rest.removeFirst(2)
                if value >= 32, value != 127 { octets.append(value) }
            } else {
                octets.append(octet)
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// A display name without its quotes and backslashes.
    private static func unquoted(_ name: String) -> String {
        guard name.count >= 2, name.first == "\"", name.last == "\"" else { return name }
        var text = ""
        var isEscaped = false
        for character in name.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                text.append(character)
                isEscaped = false
            }
        }
        return text
    }
}
