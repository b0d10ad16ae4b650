/// The Date header field's time (RFC 3261 §20.17): `Sat, 13 Nov 2010 23:29:00 GMT`.
public enum SIPDate {
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    /// 9999-12-31T23:59:59Z.
    private static let latest: Int64 = 253_402_300_799

    /// - Parameter seconds: Since 1970-01-01T00:00:00Z; held within 0 and the end of the year 9999.
    public static func text(_ seconds: Int64) -> String {
        let seconds = min(max(0, seconds), latest)
        let day = seconds / 86_400
        let second = seconds % 86_400
        let (year, month, date) = civil(day)
        // 1970-01-01 was a Thursday.
        return "\(days[Int((day + 3) % 7)]), \(two(date)) \(months[month - 1]) \(four(year)) "
            + "\(two(Int(second / 3_600))):\(two(Int(second / 60 % 60))):\(two(Int(second % 60))) GMT"
    }

    /// Seconds since 1970-01-01T00:00:00Z; `nil` for what is not a date in GMT, or lies before 1970.
    ///
    /// The name of the day is not held against the date.
    public static func seconds(_ text: some StringProtocol) -> Int64? {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "\t" })
        guard parts.count == 6, days.contains(where: { same($0, parts[0]) }),
            let date = number(parts[1], 1...31),
            let month = months.firstIndex(where: { same($0, parts[2]) }).map({ $0 + 1 }),
            parts[3].utf8.count == 4, let year = number(parts[3], 1970...9_999), same("GMT", parts[5])
        else { return nil }
        let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = number(clock[0], 0...23), let minute = number(clock[1], 0...59),
            let second = number(clock[2], 0...60)
        else { return nil }
        let day = self.day(year, month, date)
        guard civil(day) == (year, month, date) else { return nil }
        return day * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
    }

    private static func same(_ left: String, _ right: some StringProtocol) -> Bool {
        left.lowercased() == right.lowercased()
    }

    private static func number(_ text: some StringProtocol, _ range: ClosedRange<Int>) -> Int? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ ASCII.isDigit($0) }),
            let number = Int(text), range.contains(number)
        else { return nil }
        return number
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func four(_ number: Int) -> String {
        String(repeating: "0", count: max(0, 4 - String(number).count)) + String(number)
    }

    /// The Gregorian date of a day counted from 1970-01-01. Years begin in March, so that leap days come last.
    private static func civil(_ day: Int64) -> (year: Int, month: Int, date: Int) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let date = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), Int(month), Int(date))
    }

    private static func day(_ year: Int, _ month: Int, _ date: Int) -> Int64 {
        let shifted = Int64(year) - (month <= 2 ? 1 : 0)
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * Int64(month > 2 ? month - 3 : month + 9) + 2) / 5 + Int64(date) - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
