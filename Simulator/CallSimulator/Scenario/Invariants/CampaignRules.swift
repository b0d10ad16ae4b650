internal import CampaignKit
private import Foundation
internal import SansIO
internal import Telephony

/// What a campaign has to keep to, besides its settings.
struct CampaignTerms: Sendable {
    var settings: CampaignSettings
    /// Time zones of recipients who have one of their own, by digits of the number.
    var timeZones: [String: String] = [:]
    /// Digits of the numbers that must not be called.
    var doNotCall: Set<String> = []
}

/// No more at once, and none faster, than allowed.
struct PaceRule {
    let callsPerMinute: Int
    let maximumConcurrency: Int
    private var running = 0
    private var starts: [MonotonicInstant] = []

    init(callsPerMinute: Int, maximumConcurrency: Int) {
        self.callsPerMinute = callsPerMinute
        self.maximumConcurrency = maximumConcurrency
    }

    mutating func started(at now: MonotonicInstant, into ledger: inout InvariantLedger) {
        running += 1
        ledger.check(.concurrency, running <= maximumConcurrency, at: now, "\(running) calls at once")
        starts.removeAll { $0.duration(to: now) >= .seconds(60) }
        starts.append(now)
        ledger.check(.rate, starts.count <= callsPerMinute, at: now, "\(starts.count) calls in a minute")
    }

    mutating func ended() { running -= 1 }
}

/// Nobody outside their hours, by Foundation's calendar and not by the campaign's own clock.
struct HoursRule {
    private let hours: CallingHours
    private let standard: String
    private var calendars: [String: Calendar] = [:]

    init(hours: CallingHours, timeZone: String) {
        self.hours = hours
        standard = timeZone
    }

    mutating func started(
        in timeZone: String?, at wall: WallClockInstant, _ now: MonotonicInstant,
        into ledger: inout InvariantLedger
    ) {
        guard !hours.isAlways else { return ledger.check(.callingHours, true, at: now, "") }
        let name = timeZone ?? standard
        if calendars[name] == nil, let zone = TimeZone(identifier: name) {
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = zone
            calendars[name] = calendar
        }
        let date = Date(timeIntervalSince1970: Double(wall.nanosecondsSinceEpoch / 1_000_000) / 1_000)
        guard let parts = calendars[name]?.dateComponents([.weekday, .hour, .minute], from: date),
            let weekday = parts.weekday, let hour = parts.hour, let minute = parts.minute,
            // Foundation counts from Sunday, ISO 8601 from Monday.
            let day = CallingHours.Weekday(rawValue: (weekday + 5) % 7 + 1)
        else { return ledger.check(.callingHours, false, at: now, "no such time zone: \(name)") }
        let minutes = hour * 60 + minute
        let isOpen = hours.windows(on: day).contains { $0.startMinute <= minutes && minutes < $0.endMinute }
        ledger.check(.callingHours, isOpen, at: now, "a call on \(day.name) at minute \(minutes), \(name)")
    }
}

/// Nobody too often, twice at once, or against their will.
struct RecipientRule {
    private struct Recipient {
        var running = 0
        /// Calls that count against the cap.
        var counted = 0
    }

    private let maximumAttempts: Int
    private let doNotCall: Set<String>
    private var recipients: [String: Recipient] = [:]

    init(maximumAttempts: Int, doNotCall: Set<String>) {
        self.maximumAttempts = maximumAttempts
        self.doNotCall = doNotCall
    }

    mutating func started(_ digits: String, at now: MonotonicInstant, into ledger: inout InvariantLedger) {
        var recipient = recipients[digits] ?? Recipient()
        ledger.check(.doNotCall, !doNotCall.contains(digits), at: now, "a call to a number on the list")
        ledger.check(.twiceAtOnce, recipient.running == 0, at: now, "a second call beside a running one")
        ledger.check(
            .attemptCap, recipient.counted < maximumAttempts, at: now,
            "a call after \(recipient.counted) attempts")
        recipient.running += 1
        recipients[digits] = recipient
    }

    mutating func ended(_ digits: String, _ disposition: CallDisposition) {
        recipients[digits]?.running -= 1
        switch disposition {
        // The trunk or our own side failed: that costs the recipient nothing.
        case .trunkFault, .forbidden, .noTrunk, .failed, .notPrepared: break
        default: recipients[digits]?.counted += 1
        }
    }
}

/// The rules of a campaign, by what the wire shows: a call starts when an INVITE with a new Call-ID leaves.
struct CampaignRules {
    private var pace: PaceRule
    private var hours: HoursRule
    private var recipients: RecipientRule
    private let timeZones: [String: String]
    /// Digits by SIP Call-ID.
    private var calls: [String: String] = [:]
    private var ended: Set<String> = []

    init(_ terms: CampaignTerms) {
        let settings = terms.settings
        pace = PaceRule(
            callsPerMinute: settings.callsPerMinute, maximumConcurrency: settings.maximumConcurrency)
        hours = HoursRule(hours: settings.callingHours, timeZone: settings.timeZone)
        recipients = RecipientRule(
            maximumAttempts: settings.retry.maximumAttempts, doNotCall: terms.doNotCall)
        timeZones = terms.timeZones
    }

    mutating func see(_ sighting: SIPSighting, wall: WallClockInstant, into ledger: inout InvariantLedger) {
        let message = sighting.message
        guard sighting.moment == .sent, message.isRequest, message.method == "INVITE",
            message.toTag.isEmpty, calls[message.callID] == nil
        else { return }
        let digits = CalleeDirectory.digits(of: message.user)
        calls[message.callID] = digits
        pace.started(at: sighting.time, into: &ledger)
        hours.started(in: timeZones[digits], at: wall, sighting.time, into: &ledger)
        recipients.started(digits, at: sighting.time, into: &ledger)
    }

    mutating func see(_ record: CallRecord) {
        guard let digits = calls[record.sipCallID], ended.insert(record.sipCallID).inserted else { return }
        pace.ended()
        recipients.ended(digits, record.outcome.disposition)
    }
}
