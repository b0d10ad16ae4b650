internal import SansIO

/// What a 2xx to REGISTER says of our own binding (RFC 3261 §10.2.4).
struct RegistrarAnswer {
    /// How our binding is told from others of the same address of record.
    struct Contact {
        var uri: String
        var instance: String?
        var flow: UInt32?
    }

    private struct Listed {
        var text: String
        var address: NameAddress
        var expires: Duration?
    }

    private let listed: [Listed]
    /// Expires of the response, else what was asked for.
    private let common: Duration

    /// - Parameter asked: Expires of the request.
    init(_ headers: [SIPHeaderField], asked: Duration) {
        listed = headers.list(.contact).prefix(256).compactMap { text in
            guard let address = try? NameAddress.parse(text) else { return nil }
            let expires = Self.parameter("expires", of: address, in: text).map { Self.seconds($0) }
            return Listed(text: text, address: address, expires: expires ?? nil)
        }
        common = headers.number(.expires).map { .seconds(Int64($0)) } ?? asked
    }

    /// For how long `contact` is bound; `nil` when it is not.
    ///
    /// Where no binding of the answer is ours, but there are some, a registrar (or a box on the way) has rewritten
    /// our address: the shortest counts, so that the refresh comes early rather than late. An answer without any is
    /// taken at the word of its Expires.
    func expires(of contact: Contact) -> Duration? {
        if let own = listed.first(where: { isOwn($0, contact) }) { return own.expires ?? common }
        return listed.map { $0.expires ?? common }.filter { $0 > .zero }.min()
            ?? (listed.isEmpty ? common : nil)
    }

    private func isOwn(_ listed: Listed, _ contact: Contact) -> Bool {
        if let instance = contact.instance,
            let other = Self.parameter("+sip.instance", of: listed.address, in: listed.text)
        {
            let flow = Self.parameter("reg-id", of: listed.address, in: listed.text).flatMap { UInt32($0) }
            return other.lowercased() == "<\(instance)>".lowercased() && flow == contact.flow
        }
        guard let uri = try? SIPURI.parse(contact.uri) else { return false }
        return withUTF8(contact.uri) { (own: RawSpan) in
            withUTF8(listed.text) { (other: RawSpan) in
                uri.isEquivalent(in: own, to: listed.address.uri, in: other)
            }
        }
    }

    /// The value of a Contact parameter, unquoted.
    private static func parameter(_ name: String, of address: NameAddress, in text: String) -> String? {
        withUTF8(text) { (bytes: RawSpan) in
            address.parameters.first(name, in: bytes)?.value.map { bytes.unquoted($0) }
        }
    }

    /// A malformed value stands for 3600 (RFC 3261 §20.10).
    private static func seconds(_ text: String) -> Duration {
        guard !text.isEmpty, text.utf8.allSatisfy(ASCII.isDigit) else { return .seconds(3_600) }
        return .seconds(Int64(UInt32(text) ?? .max))
    }

    /// Flow-Timer (RFC 5626 §4.4.1), 1 s at least.
    static func flowTimer(in headers: [SIPHeaderField]) -> Duration? {
        guard let field = headers.first(where: { $0.name.lowercased() == "flow-timer" }),
            let seconds = UInt32(field.value.prefix { $0.isASCII && $0.isNumber }), seconds > 0
        else { return nil }
        return .seconds(Int64(seconds))
    }
}
