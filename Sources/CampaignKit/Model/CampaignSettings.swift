private import Foundation
internal import SansIO
public import Telephony

/// The rules of one campaign.
///
/// In JSON every field may be left out; durations are seconds; a field that is not known is an error, so that a misspelt rule does not
/// pass for one that holds.
public struct CampaignSettings: Hashable, Sendable {
    /// Calls started per minute, evenly spaced: 1...60, or 1...6,000 with ``allowsHighRate``.
    public var callsPerMinute = 5
    /// Says that more than 60 calls per minute are meant.
    public var allowsHighRate = false
    /// Calls at once, 1...2,000.
    public var maximumConcurrency = 10
    public var retry = RetryPolicy()
    public var callingHours = CallingHours.always
    /// IANA name of the time zone of recipients who have none of their own.
    public var timeZone = "UTC"
    /// Time from the first INVITE until the call counts as not answered; `nil` for the dialer's.
    public var ringTimeout: Duration?
    /// Time from the answer until we hang up, 30...3,600 s; `nil` for the dialer's.
    public var maximumDuration: Duration?
    /// How answers are classified, `"answers": "app_amd,greeting=1200"` or an object; `nil` for the dialer's way.
    public var answers: AnswerSettings?
    /// `nil` for the dialer's policy.
    public var recording: RecordingPolicy?
    /// Caller number; `nil` takes the trunk's in turn.
    public var from: String?
    /// What is done about voicemails, screening assistants and other machines that answer; `nil` for the agent's own policy.
    public var answering: AnsweringPolicy?

    public init() {}

    /// Every rule that cannot hold, one sentence each; empty when all is well.
    public var problems: [String] {
        var found: [String] = []
        let highest = allowsHighRate ? 6_000 : 60
        if !(1...highest).contains(callsPerMinute) {
            let hint = allowsHighRate ? "" : "; more needs allowsHighRate"
            found.append("callsPerMinute is \(callsPerMinute), not 1...\(highest)\(hint)")
        }
        if !(1...2_000).contains(maximumConcurrency) {
            found.append("maximumConcurrency is \(maximumConcurrency), not 1...2000")
        }
        if TimeZone(identifier: timeZone) == nil {
            found.append("timeZone \(timeZone) is not an IANA time zone such as America/New_York")
        }
        if CallingHours.Weekday.allCases.allSatisfy({ callingHours.windows(on: $0).isEmpty }) {
            found.append("callingHours never open")
        }
        if let ringTimeout, !(1...300).contains(ringTimeout.inSeconds) {
            found.append("ringTimeout is \(ringTimeout.inSeconds) s, not 1...300 s")
        }
        if let maximumDuration, !(30...3_600).contains(maximumDuration.inSeconds) {
            found.append("maximumDuration is \(maximumDuration.inSeconds) s, not 30...3600 s")
        }
        return found + retry.problems
    }

    /// - Throws: ``CampaignSettingsError`` with ``problems`` unless there are none.
    public func validate() throws(CampaignSettingsError) {
        let found = problems
        if !found.isEmpty { throw CampaignSettingsError(problems: found) }
    }
}

/// Rules that cannot hold.
public struct CampaignSettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    public var problems: [String]

    public var description: String { problems.joined(separator: "; ") }
}

extension CampaignSettings: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case callsPerMinute, allowsHighRate, maximumConcurrency, retry, callingHours, timeZone, ringTimeout
        case maximumDuration, answers, recording, from, answering
    }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(besides: Key.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: Key.self)
        func value<Value: Decodable>(_ key: Key, or standard: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? standard
        }
        callsPerMinute = try value(.callsPerMinute, or: callsPerMinute)
        allowsHighRate = try value(.allowsHighRate, or: allowsHighRate)
        maximumConcurrency = try value(.maximumConcurrency, or: maximumConcurrency)
        retry = try value(.retry, or: retry)
        callingHours = try value(.callingHours, or: callingHours)
        timeZone = try value(.timeZone, or: timeZone)
        ringTimeout = try container.decodeSecondsIfPresent(forKey: .ringTimeout)
        maximumDuration = try container.decodeSecondsIfPresent(forKey: .maximumDuration)
        answers = try container.decodeIfPresent(AnswerSettings.self, forKey: .answers)
        recording = try container.decodeIfPresent(RecordingPolicy.self, forKey: .recording)
        from = try container.decodeIfPresent(String.self, forKey: .from)
        answering = try container.decodeIfPresent(AnsweringPolicy.self, forKey: .answering)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(callsPerMinute, forKey: .callsPerMinute)
        try container.encode(allowsHighRate, forKey: .allowsHighRate)
        try container.encode(maximumConcurrency, forKey: .maximumConcurrency)
        try container.encode(retry, forKey: .retry)
        try container.encode(callingHours, forKey: .callingHours)
        try container.encode(timeZone, forKey: .timeZone)
        try container.encodeIfPresent(ringTimeout?.inSeconds, forKey: .ringTimeout)
        try container.encodeIfPresent(maximumDuration?.inSeconds, forKey: .maximumDuration)
        try container.encodeIfPresent(answers, forKey: .answers)
        try container.encodeIfPresent(recording, forKey: .recording)
        try container.encodeIfPresent(from, forKey: .from)
        try container.encodeIfPresent(answering, forKey: .answering)
    }
}
