private import RTPMedia
private import SIPCore

extension Trunk {
    /// - Parameters:
    ///   - canSign: Whether the dialer has an identity to sign calls with.
    ///   - canEncrypt: Whether it has what encrypts audio.
    /// - Throws: ``CallError/Code/invalidTrunk``, naming the trunk's place in the list and the field.
    static func validate(
        _ trunks: [Trunk], canSign: Bool, canEncrypt: Bool = false
    ) throws(CallError) {
        var names: Set<String> = []
        for (index, trunk) in trunks.enumerated() {
            var fault = trunk.fault()
            if !names.insert(trunk.name).inserted { fault = "`name` is that of another trunk" }
            if trunk.attestation != nil, !canSign {
                fault = "`attestation` needs an identity of the dialer to sign with"
            }
            if trunk.mediaSecurity != .off, !canEncrypt {
                fault = "`mediaSecurity` needs the dialer's `mediaSecurity` to encrypt with"
            }
            if let fault { throw CallError(.invalidTrunk, "trunk \(index + 1): \(fault)") }
        }
    }

    /// What is wrong with it, naming the field; `nil` when nothing is.
    public func fault() -> String? {
        if !(0...65_535).contains(priority) { return "`priority` is 0 to 65,535" }
        if !(0...65_535).contains(weight) { return "`weight` is 0 to 65,535" }
        if let callsPerSecond, !(callsPerSecond >= 0.01 && callsPerSecond <= 1_000) {
            return "`callsPerSecond` is 0.01 to 1,000"
        }
        if let maximumCalls, !(1...1_000_000).contains(maximumCalls) {
            return "`maximumCalls` is 1 to 1,000,000"
        }
        for (field, numbers) in [("numbers", numbers), ("verifiedNumbers", verifiedNumbers)]
        where !numbers.allSatisfy(PhoneDigits.isNumber) {
            return "`\(field)` has something that is no number"
        }
        if let codecs, codecs.isEmpty { return "`codecs` is empty" }
        if !(10...60).contains(packetMilliseconds) || packetMilliseconds % 10 != 0 {
            return "`packetMilliseconds` is 10, 20, 30, 40, 50 or 60"
        }
        if let mediaTimeout, mediaTimeout != .zero,
            mediaTimeout < .seconds(1) || mediaTimeout > .seconds(3_600)
        {
            return "`mediaTimeout` is 1 to 3,600 seconds, or 0 for none"
        }
        if usesSecureURIs, transport != .tls { return "`usesSecureURIs` needs the transport TLS" }
        if let fault = dialFormat.fault() { return "`dialFormat`: \(fault)" }
        if let fault = callerFormat.fault() { return "`callerFormat`: \(fault)" }
        return breaker.fault() ?? registration?.fault(of: self) ?? healthCheck?.fault()
    }
}

extension TrunkBreakerPolicy {
    func fault() -> String? {
        if !(1...1_000).contains(faultLimit) { return "`faultLimit` is 1 to 1,000" }
        if !(1...1_000).contains(refusalLimit) { return "`refusalLimit` is 1 to 1,000" }
        for (field, time) in [
            ("openTime", openTime), ("maximumOpenTime", maximumOpenTime), ("defaultRest", defaultRest),
            ("maximumRest", maximumRest),
        ] where time < .seconds(1) || time > .seconds(86_400) {
            return "`\(field)` is 1 to 86,400 seconds"
        }
        return nil
    }
}

extension TrunkRegistration {
    func fault(of trunk: Trunk) -> String? {
        if expires < .seconds(60) || expires > .seconds(86_400) { return "`expires` is 60 to 86,400 seconds" }
        if (user ?? trunk.credentials?.username ?? "").isEmpty {
            return "`registration` needs a `user` or credentials"
        }
        return nil
    }
}

extension TrunkHealthCheck {
    func fault() -> String? {
        if interval < .seconds(1) || interval > .seconds(3_600) { return "`interval` is 1 to 3,600 seconds" }
        if !(1...100).contains(failureLimit) { return "`failureLimit` is 1 to 100" }
        if !(1...100).contains(recoveryLimit) { return "`recoveryLimit` is 1 to 100" }
        return nil
    }
}

/// Numbers as people write them, for comparison.
enum PhoneDigits {
    /// Without visual separators (RFC 3966 §5.1.1).
    static func bare(_ number: String) -> String {
        String(decoding: number.utf8.filter { !" -.()".utf8.contains($0) }, as: UTF8.self)
    }

    /// An optional `+`, then 1 to 40 digits, `*` and `#`.
    static func isNumber(_ text: String) -> Bool {
        let bare = bare(text)
        let digits = bare.utf8.first == UInt8(ascii: "+") ? bare.dropFirst() : bare[...]
        return (1...40).contains(digits.utf8.count)
            && digits.utf8.allSatisfy { "0123456789*#".utf8.contains($0) }
    }
}

extension DialerConfiguration {
    /// - Throws: ``CallError/Code/invalidTrunk`` for a codec of the dialer or of a trunk that nobody provides.
    func validateCodecs(of trunks: [Trunk]) throws(CallError) {
        guard !codecs.isEmpty else { throw CallError(.invalidTrunk, "`codecs` of the dialer is empty") }
        let places: [(String, [AudioCodecKind])] =
            [("the dialer", codecs)] + trunks.enumerated().map { ("trunk \($0 + 1)", $1.codecs ?? []) }
        for (place, kinds) in places {
            for kind in kinds where !kind.isBuiltIn && !codecProviders.contains(where: { $0.kind == kind }) {
                throw CallError(
                    .invalidTrunk, "\(place): `codecs` names \(kind.rawValue), which needs a codec provider")
            }
        }
    }
}
