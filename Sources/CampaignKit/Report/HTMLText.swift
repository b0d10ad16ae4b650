private import Foundation
internal import SansIO

/// Turns values into text that is safe inside a page.
enum HTMLText {
    /// For text and quoted attributes. Control characters, which no page may hold, become the replacement character.
    static func escape(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 32 || (127...159).contains(scalar.value): result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A relative path as a reference: nothing in it can become a scheme, a host or a script.
    static func reference(_ path: String) -> String {
        var result = ""
        for byte in path.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "/") where !result.isEmpty && !result.hasSuffix("/"): result += "/"
            default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }

    /// `2026-11-20 15:00:00`, in UTC.
    static func dateTime(_ instant: WallClockInstant) -> String {
        let text = Date(timeIntervalSince1970: Double(instant.wholeSeconds)).formatted(.iso8601)
        return text.replacing("T", with: " ").replacing("Z", with: "")
    }

    /// `15:00:00`, in UTC.
    static func time(_ instant: WallClockInstant) -> String { String(dateTime(instant).suffix(8)) }

    /// `0:42`, `12:05`, `1:02:03`.
    static func clock(_ seconds: Double) -> String {
        let whole = Int(max(0, min(seconds, 8_640_000)).rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (hours, minutes) = (whole / 3_600, whole / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
    }

    /// One decimal, whatever the locale.
    static func decimal(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
