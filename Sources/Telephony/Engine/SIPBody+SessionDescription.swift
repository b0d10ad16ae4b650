internal import SIPCore

extension SIPBody {
    /// The body when it is a session description; `nil` for any other type.
    var sessionDescription: [UInt8]? {
        let type = contentType.prefix { $0 != ";" && $0 != " " }
        return type.lowercased() == "application/sdp" ? bytes : nil
    }
}
