internal import SansIO

extension RetryPolicy: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case maximumAttempts, busyDelay, noAnswerDelay, voicemail, voicemailDelay, trunkFaultDelay,
            maximumDelay, droppedDelay, droppedTalkTime, blockedCallerRest
        case trunkFaultsBeforePause, refusalsBeforePause, maximumTrunkFaults
    }

    /// Fields left out keep their defaults; durations are seconds.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(besides: Key.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: Key.self)
        func number(_ key: Key, or standard: Int) throws -> Int {
            try container.decodeIfPresent(Int.self, forKey: key) ?? standard
        }
        func delay(_ key: Key, or standard: Duration) throws -> Duration {
            try container.decodeSecondsIfPresent(forKey: key) ?? standard
        }
        maximumAttempts = try number(.maximumAttempts, or: maximumAttempts)
        busyDelay = try delay(.busyDelay, or: busyDelay)
        noAnswerDelay = try delay(.noAnswerDelay, or: noAnswerDelay)
        voicemail = try container.decodeIfPresent(VoicemailRule.self, forKey: .voicemail) ?? voicemail
        voicemailDelay = try delay(.voicemailDelay, or: voicemailDelay)
        trunkFaultDelay = try delay(.trunkFaultDelay, or: trunkFaultDelay)
        droppedDelay = try delay(.droppedDelay, or: droppedDelay)
        droppedTalkTime = try delay(.droppedTalkTime, or: droppedTalkTime)
        blockedCallerRest = try delay(.blockedCallerRest, or: blockedCallerRest)
        maximumDelay = try delay(.maximumDelay, or: maximumDelay)
        trunkFaultsBeforePause = try number(.trunkFaultsBeforePause, or: trunkFaultsBeforePause)
        refusalsBeforePause = try number(.refusalsBeforePause, or: refusalsBeforePause)
        maximumTrunkFaults = try number(.maximumTrunkFaults, or: maximumTrunkFaults)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(maximumAttempts, forKey: .maximumAttempts)
        try container.encode(busyDelay.inSeconds, forKey: .busyDelay)
        try container.encode(noAnswerDelay.inSeconds, forKey: .noAnswerDelay)
        try container.encode(voicemail, forKey: .voicemail)
        try container.encode(voicemailDelay.inSeconds, forKey: .voicemailDelay)
        try container.encode(trunkFaultDelay.inSeconds, forKey: .trunkFaultDelay)
        try container.encode(droppedDelay.inSeconds, forKey: .droppedDelay)
        try container.encode(droppedTalkTime.inSeconds, forKey: .droppedTalkTime)
        try container.encode(blockedCallerRest.inSeconds, forKey: .blockedCallerRest)
        try container.encode(maximumDelay.inSeconds, forKey: .maximumDelay)
        try container.encode(trunkFaultsBeforePause, forKey: .trunkFaultsBeforePause)
        try container.encode(refusalsBeforePause, forKey: .refusalsBeforePause)
        try container.encode(maximumTrunkFaults, forKey: .maximumTrunkFaults)
    }
}
