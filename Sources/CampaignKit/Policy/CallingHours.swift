/// When people may be called: windows of local time for each day of the week.
///
/// In JSON either `"always"` or an object from day to windows: `{"monday": ["09:00-12:00", "13:00-17:30"]}`; a day left out
/// is closed, `24:00` is the end of a day.
public struct CallingHours: Hashable, Sendable {
    /// In the order of ISO 8601.
    public enum Weekday: Int, Hashable, Sendable, CaseIterable, Comparable {
        case monday = 1
        case tuesday, wednesday, thursday, friday, saturday, sunday

        /// The English name in lower case.
        public var name: String {
            switch self {
            case .monday: "monday"
            case .tuesday: "tuesday"
            case .wednesday: "wednesday"
            case .thursday: "thursday"
            case .friday: "friday"
            case .saturday: "saturday"
            case .sunday: "sunday"
            }
        }

        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// A stretch of one local day, its end not included.
    public struct Window: Hashable, Sendable {
        /// Minutes since local midnight, `0..<1440`.
        public let startMinute: Int
        /// Minutes since local midnight, above ``startMinute`` and at most 1,440.
        public let endMinute: Int

        /// - Returns: `nil` when the window is empty or leaves the day; one over midnight is two windows.
        public init?(from startMinute: Int, to endMinute: Int) {
            guard startMinute >= 0, startMinute < endMinute, endMinute <= 1_440 else { return nil }
            self.startMinute = startMinute
            self.endMinute = endMinute
        }

        /// Reads `09:00-17:30`.
        public init?(_ text: String) {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, let start = Self.minute(parts[0]), let end = Self.minute(parts[1]) else {
                return nil
            }
            self.init(from: start, to: end)
        }

        private static func minute(_ text: Substring) -> Int? {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2,
                parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
                let hour = Int(parts[0]), let minute = Int(parts[1]), hour <= 24, minute < 60
            else { return nil }
            return hour * 60 + minute
        }

        public var text: String { "\(Self.clock(startMinute))-\(Self.clock(endMinute))" }

        private static func clock(_ minute: Int) -> String {
            func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
            return "\(two(minute / 60)):\(two(minute % 60))"
        }
    }

    /// For Monday first, the windows of each day, ascending.
    private let days: [[Window]]?

    /// Everybody may be called at any time.
    public static let always = Self(days: nil)

    private init(days: [[Window]]?) { self.days = days }

    public init(_ windows: [Weekday: [Window]]) {
        days = Weekday.allCases.map { day in
            (windows[day] ?? []).sorted { ($0.startMinute, $0.endMinute) < ($1.startMinute, $1.endMinute) }
        }
    }

    /// The same windows on every one of `days`.
    public init(_ windows: [Window], on days: some Sequence<Weekday>) {
        self.init(Dictionary(days.map { ($0, windows) }, uniquingKeysWith: { first, _ in first }))
    }

    public var isAlways: Bool { days == nil }

    /// The windows of a day, ascending; the whole day for ``always``.
    public func windows(on day: Weekday) -> [Window] {
        guard let days else { return Window(from: 0, to: 1_440).map { [$0] } ?? [] }
        return days[day.rawValue - 1]
    }

    func isOpen(onDay dayNumber: Int, minute: Int) -> Bool {
        windows(on: Self.weekday(ofDay: dayNumber)).contains {
            $0.startMinute <= minute && minute < $0.endMinute
        }
    }

    /// - Parameter dayNumber: Days since 1970-01-01, a Thursday.
    static func weekday(ofDay dayNumber: Int) -> Weekday {
        let index = ((dayNumber + 3) % 7 + 7) % 7
        return Weekday(rawValue: index + 1) ?? .monday
    }
}

extension CallingHours: Codable {
    public init(from decoder: any Decoder) throws {
        if let word = try? decoder.singleValueContainer().decode(String.self) {
            guard word == "always" else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: decoder.codingPath,
                        debugDescription: "calling hours are \"always\" or an object"))
            }
            self = .always
            return
        }
        try decoder.refuseUnknownKeys(besides: Weekday.allCases.map(\.name))
        let container = try decoder.container(keyedBy: AnyCodingKey.self)
        var windows: [Weekday: [Window]] = [:]
        for day in Weekday.allCases {
            let key = AnyCodingKey(day.name)
            windows[day] = try container.decodeIfPresent([String].self, forKey: key)?.map { text in
                guard let window = Window(text) else {
                    throw DecodingError.dataCorruptedError(
                        forKey: key, in: container,
                        debugDescription: "\(text) is not a window such as 09:00-17:30")
                }
                return window
            }
        }
        self.init(windows)
    }

    public func encode(to encoder: any Encoder) throws {
        guard let days else {
            var container = encoder.singleValueContainer()
            try container.encode("always")
            return
        }
        var container = encoder.container(keyedBy: AnyCodingKey.self)
        for (day, windows) in zip(Weekday.allCases, days) where !windows.isEmpty {
            try container.encode(windows.map(\.text), forKey: AnyCodingKey(day.name))
        }
    }
}
