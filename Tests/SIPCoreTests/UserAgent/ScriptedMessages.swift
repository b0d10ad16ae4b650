/// Messages of a far end that is not a user agent of ours, made from what ours sent.
enum Scripted {
    /// The value of the first header field of this name.
    static func header(_ name: String, of text: String) -> String? {
        text.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
            .map { String($0.dropFirst(name.count + 1)).trimmingSpaces }
    }

    static func parameter(_ name: String, of value: String?) -> String? {
        value?.split(separator: ";").first { $0.hasPrefix(name + "=") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }

    /// A response to `request` as the far end with `tag` would send it.
    static func response(
        _ status: Int, to request: String, tag: String? = "far", headers: [String] = [], body: String = ""
    ) -> String {
        var lines = ["SIP/2.0 \(status) Scripted"]
        for line in request.split(separator: "\r\n").map(String.init) {
            let name = line.prefix { $0 != ":" }
            guard ["Via", "From", "To", "Call-ID", "CSeq"].contains(name) else { continue }
            lines.append(
                name == "To" && tag != nil && !line.contains(";tag=") ? "\(line);tag=\(tag ?? "")" : line)
        }
        lines += headers
        if !body.isEmpty { lines.append("Content-Type: application/sdp") }
        lines.append("Content-Length: \(body.utf8.count)")
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// A request of a far end outside any dialog.
    static func request(
        _ method: String, branch: String = "z9hG4bKscripted1", uri: String = "sip:bob@192.0.2.2",
        cSeq: Int = 1,
        fromTag: String = "near", toTag: String? = nil, callID: String = "scripted@192.0.2.1",
        via: String? = nil, headers: [String] = [], body: String = ""
    ) -> String {
        var lines = [
            "\(method) \(uri) SIP/2.0", via ?? "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=\(branch);rport",
            "Max-Forwards: 70", "From: <sip:alice@192.0.2.1>;tag=\(fromTag)",
            "To: <sip:bob@192.0.2.2>" + (toTag.map { ";tag=\($0)" } ?? ""), "Call-ID: \(callID)",
            "CSeq: \(cSeq) \(method)", "Contact: <sip:alice@192.0.2.1:5060>",
        ]
        lines += headers
        if !body.isEmpty { lines.append("Content-Type: application/sdp") }
        lines.append("Content-Length: \(body.utf8.count)")
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
