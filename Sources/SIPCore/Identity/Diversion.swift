/// One value of `Diversion` (RFC 5806): who sent a call on, and why. The latest diversion stands first in a message.
public struct Diversion: Hashable, Sendable {
    public var address: IdentityAddress
    /// `unconditional`, `user-busy`, `no-answer`, `deflection`, … in lower case; empty when it is not told.
    public var reason: String
    /// How often it was diverted there, `1...` ; `nil` when it is not told.
    public var counter: Int?
    /// `full`, `name`, `uri` or `off`; `nil` when it is not told.
    public var privacy: String?
    /// Whether the network has checked the address; `nil` when it is not told.
    public var isScreened: Bool?

    public init(
        _ address: IdentityAddress, reason: String = "", counter: Int? = nil, privacy: String? = nil,
        isScreened: Bool? = nil
    ) {
        self.address = address
        self.reason = reason
        self.counter = counter
        self.privacy = privacy
        self.isScreened = isScreened
    }

    /// Reads the values of a field, in order; what does not parse is left out.
    public static func list(_ text: String) -> [Diversion] {
        IdentityAddress.list(text).map { value in
            var address = value
            address.parameters.removeAll { ["reason", "counter", "privacy", "screen"].contains($0.name) }
            return Diversion(
                address, reason: value.parameter("reason")?.lowercased() ?? "",
                counter: value.parameter("counter").flatMap { Int($0) }.flatMap {
                    (0...999).contains($0) ? $0 : nil
                },
                privacy: value.parameter("privacy")?.lowercased(),
                isScreened: value.parameter("screen").map { $0.lowercased() == "yes" })
        }
    }

    public var text: String {
        var value = address
        if !reason.isEmpty { value.parameters.append(.init("reason", reason)) }
        if let counter { value.parameters.append(.init("counter", String(counter))) }
        if let privacy { value.parameters.append(.init("privacy", privacy)) }
        if let isScreened { value.parameters.append(.init("screen", isScreened ? "yes" : "no")) }
        return value.text
    }
}

/// One value of `History-Info` (RFC 7044): a target that a request was sent to, in the order of its index.
public struct HistoryInfoEntry: Hashable, Sendable {
    /// The URI without the headers that RFC 7044 hides in it.
    public var address: IdentityAddress
    /// `1`, `1.1`, `1.2.1`: its place in the tree of forwards.
    public var index: String
    /// Status of the `Reason` in the URI (`SIP;cause=302`), for which the target was left.
    public var cause: Int?
    /// `Privacy` in the URI.
    public var privacy: SIPPrivacy

    public init(_ address: IdentityAddress, index: String, cause: Int? = nil, privacy: SIPPrivacy = []) {
        self.address = address
        self.index = index
        self.cause = cause
        self.privacy = privacy
    }

    /// Reads the values of a field, in order; what does not parse or has no index is left out.
    public static func list(_ text: String) -> [HistoryInfoEntry] {
        IdentityAddress.list(text).compactMap { value in
            guard let index = value.parameter("index"), isIndex(index) else { return nil }
            var address = value
            address.parameters.removeAll { $0.name == "index" }
            var entry = HistoryInfoEntry(address, index: index)
            let parts = value.uri.split(separator: "?", maxSplits: 1)
            guard parts.count == 2 else { return entry }
            entry.address.uri = String(parts[0])
            for header in parts[1].split(separator: "&") { entry.read(header) }
            return entry
        }
    }

    private mutating func read(_ header: Substring) {
        let pair = header.split(separator: "=", maxSplits: 1)
        guard pair.count == 2 else { return }
        let value = Self.unescaped(pair[1])
        switch pair[0].lowercased() {
        case "reason":
            for part in HeaderValues.split(value, at: ";") where part.lowercased().hasPrefix("cause=") {
                cause = Int(part.dropFirst(6)).flatMap { (1...699).contains($0) ? $0 : nil }
            }
        case "privacy": privacy = SIPPrivacy(value)
        default: break
        }
    }

    public var text: String {
        var value = address
        var headers: [String] = []
        if let cause { headers.append("Reason=SIP%3Bcause%3D\(cause)") }
        if !privacy.isEmpty {
            headers.append("Privacy=\(privacy.text.split(separator: ";").joined(separator: "%3B"))")
        }
        if !headers.isEmpty { value.uri += "?\(headers.joined(separator: "&"))" }
        value.parameters.insert(.init("index", index), at: 0)
        return value.text
    }

    private static func isIndex(_ text: String) -> Bool {
        text.utf8.count <= 64
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
                !part.isEmpty && part.utf8.count <= 4 && part.utf8.allSatisfy { (48...57).contains($0) }
            }
    }

    /// Percent escapes of a URI's headers; a broken one stays as it is.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"),
                let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.count >= 2
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
