import CampaignKit
import Foundation
import SansIO
import Testing

@Suite("Calling hours")
struct CallingHoursTests {
    private let weekdays = CallingHours(
        [.init("09:00-17:00")!], on: [.monday, .tuesday, .wednesday, .thursday, .friday])

    private func instant(_ text: String) throws -> WallClockInstant {
        WallClockInstant(
            secondsSinceEpoch: Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970))
    }

    @Test(
        "The next opening, across weekends and changes of the clock",
        arguments: [
            // Already open; the end does not belong to the window.
            ("America/New_York", "2026-11-20T14:00:00Z", "2026-11-20T14:00:00Z"),
            ("America/New_York", "2026-11-20T21:59:59Z", "2026-11-20T21:59:59Z"),
            ("America/New_York", "2026-11-20T22:00:00Z", "2026-11-23T14:00:00Z"),
            ("America/New_York", "2026-11-20T13:59:59Z", "2026-11-20T14:00:00Z"),
            // The clocks go forward on 8 March and back on 1 November 2026.
            ("America/New_York", "2026-03-06T22:30:00Z", "2026-03-09T13:00:00Z"),
            ("America/New_York", "2026-10-30T21:30:00Z", "2026-11-02T14:00:00Z"),
            // Where it is already tomorrow.
            ("Asia/Tokyo", "2026-11-19T23:30:00Z", "2026-11-20T00:00:00Z"),
            ("Asia/Kolkata", "2026-11-20T12:00:00Z", "2026-11-23T03:30:00Z"),
            ("Australia/Sydney", "2026-11-20T07:00:00Z", "2026-11-22T22:00:00Z"),
        ])
    func nextOpening(zone: String, now: String, expected: String) throws {
        let clock = try #require(LocalClock(zone))
        #expect(clock.nextOpening(of: weekdays, from: try instant(now)) == (try instant(expected)))
    }

    @Test("A window in the hour that summer time skips opens where the clock lands, or not at all that day")
    func gap() throws {
        let clock = try #require(LocalClock("Europe/Berlin"))
        // 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
        let reaching = CallingHours([.init("02:30-04:00")!], on: CallingHours.Weekday.allCases)
        #expect(
            clock.nextOpening(of: reaching, from: try instant("2026-03-29T00:00:00Z"))
                == (try instant("2026-03-29T01:00:00Z")))
        let swallowed = CallingHours([.init("02:15-02:45")!], on: [.sunday])
        #expect(
            clock.nextOpening(of: swallowed, from: try instant("2026-03-29T00:00:00Z"))
                == (try instant("2026-04-05T00:15:00Z")))
    }

    @Test("A window in the hour that is repeated opens twice")
    func overlap() throws {
        let clock = try #require(LocalClock("Europe/Berlin"))
        // 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
        let hours = CallingHours([.init("02:15-02:45")!], on: [.sunday])
        #expect(
            clock.nextOpening(of: hours, from: try instant("2026-10-25T00:00:00Z"))
                == (try instant("2026-10-25T00:15:00Z")))
        #expect(
            clock.nextOpening(of: hours, from: try instant("2026-10-25T00:50:00Z"))
                == (try instant("2026-10-25T01:15:00Z")))
        let early = CallingHours([.init("01:00-02:30")!], on: [.sunday])
        #expect(
            clock.nextOpening(of: early, from: try instant("2026-10-25T00:40:00Z"))
                == (try instant("2026-10-25T01:00:00Z")))
    }

    @Test(
        "An answer is open, never in the past, and nothing open lies before it",
        arguments: [
            "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia",
        ])
    func earliest(zone: String) throws {
        let clock = try #require(LocalClock(zone))
        let hours = CallingHours([
            .sunday: [.init("01:40-02:20")!], .monday: [.init("00:00-00:30")!, .init("23:30-24:00")!],
            .thursday: [.init("08:00-21:00")!],
        ])
        var generator = SeededGenerator(seed: 7, label: zone)
        for _ in 0..<300 {
            let now = WallClockInstant(
                secondsSinceEpoch: 1_760_000_000 + Int64.random(in: 0..<40_000_000, using: &generator))
            let opening = try #require(clock.nextOpening(of: hours, from: now))
            #expect(opening >= now && clock.isOpen(hours, at: opening))
            var probe = now
            while probe < opening {
                #expect(!clock.isOpen(hours, at: probe))
                probe = probe.advanced(by: .seconds(600))
            }
            if opening > now { #expect(!clock.isOpen(hours, at: opening.advanced(by: .seconds(-1)))) }
        }
    }

    @Test("Hours that never open say so, and always is always")
    func extremes() throws {
        let clock = try #require(LocalClock("UTC"))
        let now = try instant("2026-11-20T12:00:00Z")
        #expect(clock.nextOpening(of: CallingHours([:]), from: now) == nil)
        #expect(clock.nextOpening(of: .always, from: now) == now)
        #expect(LocalClock("Mars/Base") == nil)
    }

    @Test("JSON")
    func coding() throws {
        let text = #"{"monday":["09:00-12:00","13:00-24:00"],"sunday":["00:00-00:01"]}"#
        let hours = try JSONDecoder().decode(CallingHours.self, from: Data(text.utf8))
        #expect(hours.windows(on: .monday).map(\.text) == ["09:00-12:00", "13:00-24:00"])
        #expect(hours.windows(on: .tuesday).isEmpty)
        #expect(try JSONDecoder().decode(CallingHours.self, from: JSONEncoder().encode(hours)) == hours)
        #expect(try JSONDecoder().decode([CallingHours].self, from: Data(#"["always"]"#.utf8)) == [.always])
        for bad in [
            #"{"mon":[]}"#, #"{"monday":["9-17"]}"#, #"{"monday":["22:00-02:00"]}"#, #"["never"]"#,
            #"{"monday":["09:60-10:00"]}"#,
        ] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(CallingHours.self, from: Data(bad.utf8))
            }
        }
    }
}
