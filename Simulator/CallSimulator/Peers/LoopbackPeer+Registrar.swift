internal import SIPCore
internal import SansIO

/// The peer as a registrar (RFC 3261 §10.3): one binding for each Contact.
extension LoopbackPeer {
    /// Bindings that hold now.
    public var liveBindings: Int { bindings.values.count { $0 > driver.now } }

    /// REGISTER requests that were granted, those that took a binding back included.
    public var grantedRegistrations: Int { registerCount }

    func register(_ request: ReceivedRequest, _ id: SIPRequestID, at now: MonotonicInstant) {
        guard request.method == "REGISTER", let limit = configuration.registrationLimit else {
            return userAgent.respond(toRequest: id, status: 501, at: now, into: &effects)
        }
        func value(_ name: String) -> String? {
            request.headers.first { $0.name.lowercased() == name }?.value
        }
        guard let contact = value("contact"), let asked = value("expires").flatMap({ Int64($0) }) else {
            return userAgent.respond(toRequest: id, status: 400, at: now, into: &effects)
        }
        let uri = String(contact.prefix { $0 != ">" }.drop { $0 != "<" }.dropFirst())
        let granted = min(Duration.seconds(asked), limit)
        bindings[uri] = granted > .zero ? now.advanced(by: granted) : nil
        registerCount += 1
        var headers = [SIPHeaderField(name: "Expires", value: "\(granted.components.seconds)")]
        if granted > .zero {
            headers.append(
                SIPHeaderField(name: "Contact", value: "<\(uri)>;expires=\(granted.components.seconds)"))
        }
        headers += configuration.serviceRoutes.map { SIPHeaderField(name: "Service-Route", value: $0) }
        userAgent.respond(toRequest: id, status: 200, headers: headers, at: now, into: &effects)
    }
}
