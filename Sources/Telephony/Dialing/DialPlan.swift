internal import SIPCore
internal import SansIO

/// Turns a checked request into the fields of an INVITE. Nothing of it reaches the wire unchecked.
struct DialPlan: Hashable, Sendable {
    var requestURI: String
    var to: String
    var from: String
    /// Identity, privacy and how the call came to us.
    var headers: [SIPHeaderField] = []
    /// As shown in records.
    var callerNumber: String

    /// - Parameters:
    ///   - turn: Counts calls; the trunk's numbers are used in turn.
    /// - Throws: ``CallError/Code/invalidRequest``, naming the field.
    init(_ request: CallRequest, trunk: Trunk, turn: Int) throws(CallError) {
        let domain = try Self.domain(of: trunk)
        let scheme = trunk.usesSecureURIs ? "sips" : "sip"
        if let uri = try Self.wholeURI(request.to) {
            guard trunk.transport == .tls || !uri.hasPrefix("sips:") else {
                throw CallError(.invalidRequest, "`to` is a sips URI, and the trunk is not reached by TLS")
            }
            requestURI = uri
        } else {
            let user = try Self.userPart(number: request.to, field: "to", format: trunk.dialFormat)
            requestURI =
                "\(scheme):\(user)@\(domain)" + (trunk.dialFormat.marksPhoneNumbers ? ";user=phone" : "")
        }
        to = "<\(requestURI)>"

        let number: String?
        if let from = request.from {
            number = from
        } else {
            number = try Self.callerNumber(of: trunk, besides: request.avoidedCallers, turn: turn)
        }
        let user: String
        if let number {
            user = try Self.userPart(number: number, field: "from", format: trunk.callerFormat)
        } else {
            user = Self.escapedUser(trunk.credentials?.username ?? "outdial")
        }
        callerNumber = number ?? ""
        let marksNumber = number != nil && trunk.callerFormat.marksPhoneNumbers
        let address = "<\(scheme):\(user)@\(domain)\(marksNumber ? ";user=phone" : "")>"
        var displayName = ""
        if let name = request.callerName ?? trunk.callerName, !name.isEmpty {
            displayName = try Self.quoted(name)
        }
        let identity = try IdentityHeaders(
            request, identity: trunk.identity,
            address: displayName.isEmpty ? address : "\(displayName) \(address)", number: number,
            displayName: displayName)
        from = identity.from
        headers = identity.fields
    }

    /// Whether TLS is wanted all the way: then our Contact is `sips:` too (RFC 3261 §8.1.1.8).
    var isSecure: Bool { requestURI.lowercased().hasPrefix("sips:") }

    /// The number whose turn it is among those that may be used; `nil` when the trunk has none at all.
    private static func callerNumber(of trunk: Trunk, besides avoided: [String], turn: Int) throws(CallError)
        -> String?
    {
        guard !trunk.numbers.isEmpty else { return nil }
        let usable = avoided.isEmpty ? trunk.numbers : trunk.numbers.filter { !avoided.contains($0) }
        guard !usable.isEmpty else {
            throw CallError(.noCallerNumber, "no caller number of the trunk may be used")
        }
        return usable[Int(UInt(bitPattern: turn) % UInt(usable.count))]
    }

    /// The trunk's domain as it stands in a URI, unchecked.
    static func uriDomain(of trunk: Trunk) -> String {
        let host = trunk.domain ?? trunk.host
        return SocketAddress(host: host, port: 0)?.uriHost ?? host
    }

    private static func domain(of trunk: Trunk) throws(CallError) -> String {
        let host = trunk.domain ?? trunk.host
        if let literal = SocketAddress(host: host, port: 0) { return literal.uriHost }
        guard isHostName(host) else {
            throw CallError(.invalidRequest, "the trunk's domain is not a host name")
        }
        return host
    }

    static func isHostName(_ host: String) -> Bool {
        !host.isEmpty && host.utf8.count <= 253
            && host.utf8.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
    }

    /// A number as the trunk wants it, escaped for a URI's user part.
    private static func userPart(
        number: String, field: String, format: DialFormat
    ) throws(CallError) -> String {
        let bare = PhoneDigits.bare(number)
        for (offset, byte) in bare.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "+") where offset == 0: break
            case UInt8(ascii: "#"), UInt8(ascii: "*"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
            default:
                throw CallError(.invalidRequest, "`\(field)` is neither a number nor a SIP URI")
            }
        }
        guard bare != "+", (1...40).contains(bare.utf8.count) else {
            throw CallError(.invalidRequest, "`\(field)` needs 1 to 40 digits")
        }
        var user = ""
        for character in format.dialed(bare) { user += character == "#" ? "%23" : String(character) }
        return user
    }

    /// A whole SIP URI without headers: what it names is left to the far end, what could break out of it is refused.
    ///
    /// - Returns: `nil` for what is no SIP URI.
    private static func wholeURI(_ uri: String) throws(CallError) -> String? {
        let scheme = uri.prefix { $0 != ":" }
        let isSIP = ["sip", "sips"].contains(scheme.lowercased()) && scheme.utf8.count < uri.utf8.count
        guard isSIP else { return nil }
        let rest = uri.dropFirst(scheme.count + 1)
        let host = rest.split(separator: "@", omittingEmptySubsequences: false).last ?? rest
        let isClean = uri.utf8.allSatisfy { byte in
            (33...126).contains(byte) && !"<>\"?,\\^`{|}".utf8.contains(byte)
        }
        guard isClean, uri.utf8.count <= 256, !host.isEmpty, host.first != ":", host.first != ";" else {
            throw CallError(.invalidRequest, "`to` is not a SIP URI that can be dialed")
        }
        return "\(scheme.lowercased()):\(rest)"
    }

    static func escapedUser(_ name: String) -> String {
        var user = ""
        for byte in name.utf8 {
            if isAlphanumeric(byte) || "-_.!~*'()&=+$,;?/".utf8.contains(byte) {
                user.unicodeScalars.append(UnicodeScalar(byte))
            } else {
                user += byte < 16 ? "%0" : "%"
                user += String(byte, radix: 16, uppercase: true)
            }
        }
        return user.isEmpty ? "outdial" : user
    }

    /// A display name as a quoted string (RFC 3261 §25.1).
    private static func quoted(_ name: String) throws(CallError) -> String {
        guard name.utf8.count <= 128, name.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 })
        else {
            throw CallError(
                .invalidRequest, "`callerName` has control characters or is longer than 128 bytes")
        }
        var quoted = "\""
        // Scalars, not characters: a quote with a combining accent is still a quote on the wire.
        for scalar in name.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}
