internal import SansIO

/// Replaces (RFC 3891 §6.1): the dialog that an INVITE takes the place of, seen from the INVITE's recipient.
public struct SIPReplaces: Hashable, Sendable {
    public var callID: String
    /// The recipient's own tag in that dialog.
    public var toTag: String
    /// The tag of the recipient's peer in that dialog.
    public var fromTag: String
    /// To be taken only while that dialog is early.
    public var isEarlyOnly: Bool

    public init(callID: String, toTag: String, fromTag: String, isEarlyOnly: Bool = false) {
        self.callID = callID
        self.toTag = toTag
        self.fromTag = fromTag
        self.isEarlyOnly = isEarlyOnly
    }

    /// Reads a value.
    ///
    /// - Returns: `nil` without exactly one to-tag and one from-tag, which RFC 3891 §3 answers with 400.
    public init?(_ value: String) {
        let read = withUTF8(value) { (bytes: RawSpan) -> Self? in
            guard bytes.byteCount <= 4_096 else { return nil }
            var scanner = FieldScanner(bytes, SIPSlice(0, bytes.byteCount))
            scanner.skipWhitespace()
            let start = scanner.position
            while !scanner.isAtEnd, scanner.current != ASCII.semicolon, scanner.current != ASCII.comma {
                guard scanner.current > ASCII.space, scanner.current < 0x7F else { break }
                scanner.advance()
            }
            let callID = bytes.rawString(SIPSlice(start, scanner.position))
            var (toTags, fromTags): ([String], [String]) = ([], [])
            var isEarlyOnly = false
            while true {
                switch scanner.nextParameter() {
                case .parameter(let parameter):
                    let text = parameter.value.map { bytes.rawString($0) } ?? ""
                    if bytes.matches(parameter.name, lowercase: "to-tag") { toTags.append(text) }
                    if bytes.matches(parameter.name, lowercase: "from-tag") { fromTags.append(text) }
                    if bytes.matches(parameter.name, lowercase: "early-only") { isEarlyOnly = true }
                    continue
                case .malformed:
                    return nil
                case .end:
                    break
                }
                break
            }
            guard scanner.isAtEnd, !callID.isEmpty, toTags.count == 1, fromTags.count == 1,
                Self.isToken(toTags[0]), Self.isToken(fromTags[0])
            else { return nil }
            return Self(callID: callID, toTag: toTags[0], fromTag: fromTags[0], isEarlyOnly: isEarlyOnly)
        }
        guard let read else { return nil }
        self = read
    }

    /// The value of the header field.
    public var headerValue: String {
        "\(callID);to-tag=\(toTag);from-tag=\(fromTag)" + (isEarlyOnly ? ";early-only" : "")
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { ByteSet.token.contains($0) }
    }
}
