internal import SansIO

/// One `a=crypto` line for SRTP (RFC 4568 §9.2): a tag, a suite and the key of its sender.
///
/// ```
/// a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4
/// ```
///
/// One key per line is understood, with or without a key identifier. The lifetime is read and checked; a key of ours
/// would wear out after 2^48 packets and we state none. Of the session parameters, `KDR=0` and `WSH` are taken, and unknown
/// ones whose name begins with a dash; any other makes the line one that we cannot use (RFC 4568 §6.3.7): encryption
/// or authentication is not switched off for anybody.
public struct CryptoAttribute: Hashable, Sendable {
    /// Joins the line of an answer to that of the offer, 0...999,999,999.
    public var tag: Int
    public var suite: CryptoSuite
    public var key: SRTPMasterKey
    /// Packets that the key may protect, as its sender says; `nil`: the standard's 2^48 (2^31 for RTCP).
    public var lifetime: UInt64?

    public init(tag: Int, suite: CryptoSuite, key: SRTPMasterKey, lifetime: UInt64? = nil) {
        self.tag = tag
        self.suite = suite
        self.key = key
        self.lifetime = lifetime
    }

    /// Reads what stands behind `a=crypto:`.
    ///
    /// - Throws: ``CryptoAttributeError`` with an offset into `value`'s UTF-8.
    public init(parsing value: String) throws(CryptoAttributeError) {
        let octets = Array(value.utf8.prefix(65_535))
        try self.init(octets.span.bytes, SDPSlice(0, octets.count))
    }

    /// - Throws: ``CryptoAttributeError`` with an offset into `bytes`.
    init(_ bytes: RawSpan, _ value: SDPSlice) throws(CryptoAttributeError) {
        var fields = SDPFields(bytes, value)
        guard let tag = fields.next() else { throw CryptoAttributeError(value.end, .tag) }
        guard tag.length <= 9, let number = bytes.number(tag) else {
            throw CryptoAttributeError(tag.start, .tag)
        }
        guard let name = fields.next() else { throw CryptoAttributeError(value.end, .suite) }
        // Literals of a grammar in ABNF: their case does not matter.
        guard let suite = CryptoSuite.allCases.first(where: { bytes.equalsIgnoringCase(name, $0.rawValue) })
        else {
            throw CryptoAttributeError(name.start, .suite)
        }
        guard let keys = fields.next() else { throw CryptoAttributeError(value.end, .keyMethod) }
        var reader = KeyReader(bytes, keys, suite: suite)
        self.tag = number
        self.suite = suite
        (key, lifetime) = try reader.read()
        while let parameter = fields.next() {
            guard Self.isHarmless(bytes, parameter) else {
                throw CryptoAttributeError(parameter.start, .sessionParameter)
            }
        }
    }

    /// What stands behind `a=crypto:`. It holds the key: for the wire alone.
    public var attributeValue: String {
        var text = "\(tag) \(suite.rawValue) inline:\(Base64.encode(key.keyAndSalt))"
        if let lifetime { text += "|\(lifetime)" }
        if let identifier = key.identifier {
            text += "|\(identifier.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }):\(identifier.count)"
        }
        return text
    }

    /// Whether a session parameter changes nothing that we do (RFC 4568 §6.3).
    private static func isHarmless(_ bytes: RawSpan, _ parameter: SDPSlice) -> Bool {
        if bytes.octet(parameter.start) == UInt8(ascii: "-") { return true }
        if bytes.equals(parameter, "KDR=0") { return true }
        let prefix = SDPSlice(parameter.start, min(parameter.start + 4, parameter.end))
        // A hint about the far end's replay window, at least 64; ours is larger.
        return bytes.equals(prefix, "WSH=")
            && bytes.number(SDPSlice(prefix.end, parameter.end)).map { $0 >= 64 } ?? false
    }
}

extension CryptoAttribute: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without the key.
    public var description: String { "crypto \(tag) \(suite.rawValue)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["tag": tag, "suite": suite]) }
}

/// Why an `a=crypto` line is of no use to us. It never quotes the line.
public struct CryptoAttributeError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Fault: Hashable, Sendable {
        /// No tag, or more than nine digits.
        case tag
        /// A suite that we do not have.
        case suite
        /// Another way to carry keys than `inline:`, or none.
        case keyMethod
        /// More than one key.
        case severalKeys
        /// Not base64.
        case base64
        /// A key and salt of another length than the suite's, in octets.
        case keyLength(expected: Int, found: Int)
        /// Not a number of packets, 1...2^48.
        case lifetime
        /// Not a number with a length, 1...128 octets, that holds it.
        case keyIdentifier
        /// A parameter that would change how packets are protected, or an unknown one.
        case sessionParameter
    }

    /// Byte offset of the fault.
    public var offset: Int
    public var fault: Fault

    public init(offset: Int, fault: Fault) {
        self.offset = offset
        self.fault = fault
    }

    init(_ offset: Int, _ fault: Fault) { self.init(offset: offset, fault: fault) }

    public var description: String {
        let text =
            switch fault {
            case .tag: "a tag of 1 to 9 digits"
            case .suite: "a crypto suite that we have"
            case .keyMethod: "inline: and a key"
            case .severalKeys: "one key"
            case .base64: "a key in base64"
            case .keyLength(let expected, let found): "a key and salt of \(expected) octets, not \(found)"
            case .lifetime: "a lifetime of 1 to 2^48 packets"
            case .keyIdentifier: "a key identifier of 1 to 128 octets"
            case .sessionParameter: "no session parameter that we do not support"
            }
        return "at byte \(offset): expected \(text)"
    }
}

/// Reads `inline:key|lifetime|identifier:length`.
private struct KeyReader: ~Escapable {
    private static let method = "inline:"

    private let bytes: RawSpan
    private let value: SDPSlice
    private let suite: CryptoSuite

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, _ value: SDPSlice, suite: CryptoSuite) {
        self.bytes = bytes
        self.value = value
        self.suite = suite
    }

    mutating func read() throws(CryptoAttributeError) -> (SRTPMasterKey, lifetime: UInt64?) {
        let start = value.start + Self.method.utf8.count
        guard start <= value.end, bytes.equalsIgnoringCase(SDPSlice(value.start, start), Self.method) else {
            throw CryptoAttributeError(value.start, .keyMethod)
        }
        let last = end(from: start, at: UInt8(ascii: ";"))
        guard last == value.end else { throw CryptoAttributeError(last, .severalKeys) }
        let keyEnd = end(from: start, at: UInt8(ascii: "|"))
        var key = SRTPMasterKey(keyAndSalt: try readKey(SDPSlice(start, keyEnd)))
        var lifetime: UInt64?
        guard keyEnd < value.end else { return (key, nil) }
        var partStart = keyEnd + 1
        var partEnd = end(from: partStart, at: UInt8(ascii: "|"))
        // Either may be missing; a colon tells an identifier from a lifetime.
        if end(from: partStart, at: UInt8(ascii: ":")) >= partEnd {
            lifetime = try readLifetime(SDPSlice(partStart, partEnd))
            guard partEnd < value.end else { return (key, lifetime) }
            partStart = partEnd + 1
            partEnd = end(from: partStart, at: UInt8(ascii: "|"))
        }
        guard partEnd == value.end else { throw CryptoAttributeError(partEnd, .keyIdentifier) }
        key.identifier = try readIdentifier(SDPSlice(partStart, partEnd))
        return (key, lifetime)
    }

    /// Position of the first `separator` from `start` on; the value's end without one.
    private func end(from start: Int, at separator: UInt8) -> Int {
        var index = start
        while index < value.end, bytes.octet(index) != separator { index += 1 }
        return index
    }

    private func readKey(_ slice: SDPSlice) throws(CryptoAttributeError) -> [UInt8] {
        let octets: [UInt8]
        do throws(Base64.Fault) {
            octets = try Base64.decode(bytes, slice)
        } catch {
            throw CryptoAttributeError(error.offset, .base64)
        }
        guard octets.count == suite.keyAndSaltByteCount else {
            throw CryptoAttributeError(
                slice.start, .keyLength(expected: suite.keyAndSaltByteCount, found: octets.count))
        }
        return octets
    }

    private func readLifetime(_ slice: SDPSlice) throws(CryptoAttributeError) -> UInt64 {
        let error = CryptoAttributeError(slice.start, .lifetime)
        if slice.length > 2, bytes.equals(SDPSlice(slice.start, slice.start + 2), "2^") {
            guard let power = bytes.number(SDPSlice(slice.start + 2, slice.end), maximum: 48) else {
                throw error
            }
            return 1 << UInt64(power)
        }
        guard let packets = bytes.number(slice, maximum: 1 << 48), packets > 0 else { throw error }
        return UInt64(packets)
    }

    private func readIdentifier(_ slice: SDPSlice) throws(CryptoAttributeError) -> [UInt8] {
        let colon = end(from: slice.start, at: UInt8(ascii: ":"))
        guard colon < slice.end, let length = bytes.number(SDPSlice(colon + 1, slice.end), maximum: 128),
            length > 0,
            let number = bytes.number(SDPSlice(slice.start, colon), maximum: Int.max / 16).map(UInt64.init),
            length >= 8 || number >> UInt64(8 * length) == 0
        else { throw CryptoAttributeError(slice.start, .keyIdentifier) }
        return (0..<length).map { index in
            let place = length - 1 - index
            return place < 8 ? UInt8(truncatingIfNeeded: number >> UInt64(8 * place)) : 0
        }
    }
}
