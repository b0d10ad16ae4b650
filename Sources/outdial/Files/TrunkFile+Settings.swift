internal import Foundation
internal import SIPCore
internal import SansIO
internal import Telephony

/// The parts of a trunk that have several fields.
extension TrunkFile {
    /// `{ "international": "plus" | "bare" | "00", "countryCode": "44", "trunkPrefix": "0", "prefix": "1234#",
    /// "userPhone": true }`
    struct Format: Decodable {
        var international: String?
        var countryCode: String?
        var trunkPrefix: String?
        var prefix: String?
        var userPhone: Bool?

        func value(at place: String) throws -> DialFormat {
            var format = DialFormat()
            switch international {
            case nil, "plus": break
            case "bare": format.international = .bare
            case let code?: format.international = .prefix(code)
            }
            if let countryCode {
                format.home = DialFormat.Home(countryCode: countryCode, trunkPrefix: trunkPrefix ?? "")
            } else if trunkPrefix != nil {
                throw FileError("\(place): trunkPrefix needs a countryCode")
            }
            format.prefix = prefix ?? ""
            format.marksPhoneNumbers = userPhone ?? false
            return format
        }
    }

    /// `{ "header": "none" | "asserted" | "preferred", "form": "sip" | "tel" | "both", "privacy": "id;user" }`
    struct CallerIdentity: Decodable {
        var header: String?
        var form: String?
        var privacy: String?

        func value(at place: String) throws -> IdentityPolicy {
            func word<Word: RawRepresentable & CaseIterable>(_ field: String, _ text: String?) throws -> Word?
            where Word.RawValue == String {
                guard let text else { return nil }
                guard let word = Word(rawValue: text) else {
                    let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
                    throw FileError("\(place): \(field) is one of \(known), not '\(text)'")
                }
                return word
            }
            var policy = IdentityPolicy.fromOnly
            policy.header = try word("header", header) ?? policy.header
            policy.form = try word("form", form) ?? policy.form
            for part in (privacy ?? "").split(separator: ";") {
                let name = part.trimmingCharacters(in: .whitespaces)
                let value = SIPPrivacy(name)
                guard !value.isEmpty else {
                    throw FileError(
                        "\(place): privacy is of header, session, user, id, history, critical and none, not '\(name)'"
                    )
                }
                policy.privacy.formUnion(value)
            }
            return policy
        }
    }

    /// `{ "faultLimit": 5, "openTime": 30, "maximumOpenTime": 600, "refusalLimit": 5 }`
    struct Breaker: Decodable {
        var faultLimit: Int?
        var openTime: Int?
        var maximumOpenTime: Int?
        var refusalLimit: Int?

        func apply(to policy: inout TrunkBreakerPolicy) {
            policy.faultLimit = faultLimit ?? policy.faultLimit
            policy.openTime = openTime.map { .seconds($0) } ?? policy.openTime
            policy.maximumOpenTime = maximumOpenTime.map { .seconds($0) } ?? policy.maximumOpenTime
            policy.refusalLimit = refusalLimit ?? policy.refusalLimit
        }
    }

    /// `true`, or `{ "user": "alice", "expires": 3600, "required": true }`
    enum Register: Decodable {
        case plain(Bool)
        case settings(Settings)

        struct Settings: Decodable {
            var user: String?
            var expires: Int?
            var required: Bool?
        }

        init(from decoder: any Decoder) throws {
            if let plain = try? decoder.singleValueContainer().decode(Bool.self) {
                self = .plain(plain)
            } else {
                self = .settings(try Settings(from: decoder))
            }
        }

        var value: TrunkRegistration? {
            var registration = TrunkRegistration()
            switch self {
            case .plain(let isWanted): return isWanted ? registration : nil
            case .settings(let settings):
                registration.user = settings.user
                registration.expires = settings.expires.map { .seconds($0) } ?? registration.expires
                registration.isRequired = settings.required ?? true
                return registration
            }
        }
    }

    /// `{ "interval": 30, "failureLimit": 3, "recoveryLimit": 1 }`
    struct Health: Decodable {
        var interval: Double?
        var failureLimit: Int?
        var recoveryLimit: Int?

        var value: TrunkHealthCheck {
            var check = TrunkHealthCheck()
            check.interval =
                interval.map { .milliseconds(Int(min(max($0, 0), 86_400) * 1_000)) } ?? check.interval
            check.failureLimit = failureLimit ?? check.failureLimit
            check.recoveryLimit = recoveryLimit ?? check.recoveryLimit
            return check
        }
    }
}
