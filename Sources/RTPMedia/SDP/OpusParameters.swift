/// The format parameters of Opus (RFC 7587 §6.1): what a receiver wants, so the far end's are for our encoder.
///
/// Numbers outside their ranges are brought into them; what is missing has the RFC's default.
public struct OpusParameters: Hashable, Sendable {
    /// `maxplaybackrate` in hertz, 8,000...48,000: higher frequencies are of no use to the receiver.
    public var maximumPlaybackRateHertz = 48_000
    /// `maxaveragebitrate` in bits per second, 6,000...510,000; `nil`: what suits the rate.
    public var maximumAverageBitRate: Int?
    /// `stereo`: the receiver prefers two channels. We send one all the same, which every decoder takes.
    public var prefersStereo = false
    /// `cbr`: the receiver wants a constant bit rate.
    public var wantsConstantBitRate = false
    /// `useinbandfec`: the receiver can use forward error correction.
    public var usesForwardErrorCorrection = false
    /// `usedtx`: the receiver prefers that silence is not sent.
    public var usesDiscontinuousTransmission = false

    public init() {}

    /// Reads `useinbandfec=1; maxplaybackrate=16000`.
    ///
    /// Names are taken without regard to case; unknown ones and values that are no numbers are passed over, the first of
    /// two counts.
    public init(formatParameters text: some StringProtocol) {
        var seen: Set<String> = []
        for part in text.split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            let name = pair[0].trimmingSpaces.lowercased()
            let digits = pair[1].trimmingSpaces
            guard let value = Int(digits), seen.insert(name).inserted else { continue }
            switch name {
            case "maxplaybackrate": maximumPlaybackRateHertz = min(max(value, 8_000), 48_000)
            case "maxaveragebitrate": maximumAverageBitRate = min(max(value, 6_000), 510_000)
            case "stereo": prefersStereo = value == 1
            case "cbr": wantsConstantBitRate = value == 1
            case "useinbandfec": usesForwardErrorCorrection = value == 1
            case "usedtx": usesDiscontinuousTransmission = value == 1
            default: break
            }
        }
    }

    /// What differs from the defaults, as `a=fmtp` writes it; empty when nothing does.
    public var formatParameters: String {
        var parts: [String] = []
        if maximumPlaybackRateHertz != 48_000 { parts.append("maxplaybackrate=\(maximumPlaybackRateHertz)") }
        if let maximumAverageBitRate { parts.append("maxaveragebitrate=\(maximumAverageBitRate)") }
        if prefersStereo { parts.append("stereo=1") }
        if wantsConstantBitRate { parts.append("cbr=1") }
        if usesForwardErrorCorrection { parts.append("useinbandfec=1") }
        if usesDiscontinuousTransmission { parts.append("usedtx=1") }
        return parts.joined(separator: ";")
    }
}

extension StringProtocol {
    /// Without the spaces and tabs at both ends.
    fileprivate var trimmingSpaces: SubSequence {
        var rest = self[...]
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest
    }
}
