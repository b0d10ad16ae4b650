internal import SIPCore
internal import SansIO

/// The value of `Retry-After` (RFC 3261 §20.33): `18000 (I'm in a meeting);duration=3600`.
///
/// Comment and parameters are passed over. A date, as HTTP allows, is tolerated and counted from now.
enum RetryAfterHeader {
    /// No wait is taken to be longer: the grammar's own limit for a number of seconds (RFC 3261 §25.1).
    static let maximumSeconds = 2_147_483_647

    /// - Parameter now: `nil` when dates are not to be understood.
    /// - Returns: Seconds from now; `nil` without a value that can be read.
    static func seconds(in headers: [SIPHeaderField], at now: WallClockInstant?) -> Int? {
        guard let field = headers.first(where: { $0.name.lowercased() == "retry-after" }) else { return nil }
        let digits = field.value.prefix { $0.isASCII && $0.isNumber }
        if !digits.isEmpty {
            guard let seconds = Int(digits) else { return nil }
            return min(seconds, maximumSeconds)
        }
        guard let now, let date = HTTPDate.secondsSinceEpoch(field.value) else { return nil }
        let left = date - now.nanosecondsSinceEpoch / 1_000_000_000
        return Int(min(max(left, 0), Int64(maximumSeconds)))
    }
}

/// Dates of HTTP and SIP: `Sun, 06 Nov 1994 08:49:37 GMT`, and the two older forms of RFC 9110 §5.6.7.
enum HTTPDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// - Returns: `nil` for what is not such a date.
    static func secondsSinceEpoch(_ text: String) -> Int64? {
        guard text.utf8.count <= 64 else { return nil }
        var words = text.lowercased().split { $0 == " " || $0 == "," || $0 == "-" }
        guard words.count >= 5,
            ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].contains(words[0].prefix(3))
        else { return nil }
        words.removeFirst()
        // asctime puts the month first and the year last.
        if let month = months.firstIndex(of: String(words[0])) {
            guard words.count == 4 else { return nil }
            return seconds(day: words[1], month: month, year: words[3], time: words[2])
        }
        guard words.count == 5, words[4] == "gmt", let month = months.firstIndex(of: String(words[1])) else {
            return nil
        }
        return seconds(day: words[0], month: month, year: words[2], time: words[3])
    }

    private static func seconds(day: Substring, month: Int, year: Substring, time: Substring) -> Int64? {
        let parts = time.split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
        guard parts.count == 3, let hour = parts[0], let minute = parts[1], let second = parts[2],
            (0..<24).contains(hour), (0..<60).contains(minute), (0...60).contains(second),
            let day = Int64(day), (1...31).contains(day), var year = Int64(year), (0...9_999).contains(year)
        else { return nil }
        // Two digits lie within fifty years of now; this century is near enough for a date to come.
        if year < 100 { year += 2_000 }
        return days(year: year, month: Int64(month) + 1, day: day) * 86_400 + hour * 3_600 + minute * 60
            + second
    }

    /// Days since 1970-01-01 in the Gregorian calendar; its years are counted from March here.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
