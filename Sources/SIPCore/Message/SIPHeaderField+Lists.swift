internal import SansIO

extension [SIPHeaderField] {
    /// The value of the first header field called `name`, long or compact, in any case.
    public func first(_ name: SIPHeaderName) -> String? {
        first { SIPHeaderName($0.name) == name }?.value
    }

    /// Every value of a header field whose grammar is a list, repeated fields and commas alike, in order.
    public func list(_ name: SIPHeaderName) -> [String] {
        var values: [String] = []
        for field in self where SIPHeaderName(field.name) == name {
            withUTF8(field.value) { (bytes: RawSpan) in
                var scanner = FieldScanner(bytes, SIPSlice(0, Swift.min(bytes.byteCount, 65_535)))
                while let value = scanner.nextListElement(bracketed: name != .via) {
                    values.append(bytes.string(value))
                }
            }
        }
        return values
    }

    /// A header field that starts with a number of seconds or a count; what follows it is passed over. Numbers beyond
    /// 32 bits become the largest.
    public func number(_ name: SIPHeaderName) -> UInt32? {
        first(name).flatMap { value in
            withUTF8(value) { (bytes: RawSpan) in
                var scanner = FieldScanner(bytes, SIPSlice(0, Swift.min(bytes.byteCount, 65_535)))
                scanner.skipWhitespace()
                return scanner.number().map { UInt32(clamping: $0) }
            }
        }
    }
}
