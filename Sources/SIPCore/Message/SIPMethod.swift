/// A SIP method: one of the registered ones or an extension token (RFC 3261 §7.1). Case matters.
public struct SIPMethod: Hashable, Sendable, CustomStringConvertible {
    /// The registered methods, by number so that a message in a buffer can name its method without text.
    enum Code: UInt8, Sendable {
        case other, invite, ack, bye, cancel, options, register, prack, update, info, message, notify,
            subscribe
        case refer, publish
    }

    let code: Code
    /// Text of a method that is not registered; empty otherwise.
    private let token: String

    private init(_ code: Code) {
        self.code = code
        token = ""
    }

    init(code: Code, token: @autoclosure () -> String) {
        self.code = code
        self.token = code == .other ? token() : ""
    }

    /// The method that a token names; `nil` when `text` is not a token.
    public init?(_ text: String) {
        guard
            let method = withUTF8(
                text,
                { (bytes: RawSpan) -> SIPMethod? in
                    guard bytes.byteCount > 0, bytes.byteCount <= 256 else { return nil }
                    for index in 0..<bytes.byteCount where !ByteSet.token.contains(bytes.byte(index)) {
                        return nil
                    }
                    return SIPMethod(code: Code(bytes, SIPSlice(0, bytes.byteCount)), token: text)
                })
        else { return nil }
        self = method
    }

    public static let invite = Self(.invite)
    public static let ack = Self(.ack)
    public static let bye = Self(.bye)
    public static let cancel = Self(.cancel)
    public static let options = Self(.options)
    public static let register = Self(.register)
    /// RFC 3262.
    public static let prack = Self(.prack)
    /// RFC 3311.
    public static let update = Self(.update)
    /// RFC 6086.
    public static let info = Self(.info)
    /// RFC 3428.
    public static let message = Self(.message)
    /// RFC 6665.
    public static let notify = Self(.notify)
    /// RFC 6665.
    public static let subscribe = Self(.subscribe)
    /// RFC 3515.
    public static let refer = Self(.refer)
    /// RFC 3903.
    public static let publish = Self(.publish)

    /// The token as it stands on the wire.
    public var description: String {
        switch code {
        case .other: token
        case .invite: "INVITE"
        case .ack: "ACK"
        case .bye: "BYE"
        case .cancel: "CANCEL"
        case .options: "OPTIONS"
        case .register: "REGISTER"
        case .prack: "PRACK"
        case .update: "UPDATE"
        case .info: "INFO"
        case .message: "MESSAGE"
        case .notify: "NOTIFY"
        case .subscribe: "SUBSCRIBE"
        case .refer: "REFER"
        case .publish: "PUBLISH"
        }
    }
}

extension SIPMethod.Code {
    /// INVITE and the two methods whose requests name an INVITE transaction.
    var belongsToInvite: Bool { self == .invite || self == .ack || self == .cancel }

    /// The registered method that a token names, or `.other`.
    init(_ bytes: RawSpan, _ slice: SIPSlice) {
        let length = Int(slice.length)
        guard (3...9).contains(length) else {
            self = .other
            return
        }
        let candidate: Self
        let name: StaticString
        switch (length, bytes.byte(slice.start)) {
        case (3, UInt8(ascii: "A")): (candidate, name) = (.ack, "ACK")
        case (3, _): (candidate, name) = (.bye, "BYE")
        case (4, _): (candidate, name) = (.info, "INFO")
        case (5, UInt8(ascii: "P")): (candidate, name) = (.prack, "PRACK")
        case (5, _): (candidate, name) = (.refer, "REFER")
        case (6, UInt8(ascii: "I")): (candidate, name) = (.invite, "INVITE")
        case (6, UInt8(ascii: "C")): (candidate, name) = (.cancel, "CANCEL")
        case (6, UInt8(ascii: "N")): (candidate, name) = (.notify, "NOTIFY")
        case (6, _): (candidate, name) = (.update, "UPDATE")
        case (7, UInt8(ascii: "O")): (candidate, name) = (.options, "OPTIONS")
        case (7, UInt8(ascii: "M")): (candidate, name) = (.message, "MESSAGE")
        case (7, _): (candidate, name) = (.publish, "PUBLISH")
        case (8, _): (candidate, name) = (.register, "REGISTER")
        default: (candidate, name) = (.subscribe, "SUBSCRIBE")
        }
        self = bytes.equals(slice, name) ? candidate : .other
    }
}
