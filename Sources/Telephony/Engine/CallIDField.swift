/// Finds the Call-ID of a SIP datagram without parsing the rest, for observers only: the user agent judges messages.
enum CallIDField {
    /// - Returns: The value of the first `Call-ID` (or `i`) header line, trimmed; `nil` when there is none.
    static func value(in message: Span<UInt8>) -> String? {
        var start = 0
        while start < message.count {
            var end = start
            while end < message.count, message[end] != UInt8(ascii: "\n") { end += 1 }
            if end == start || (end == start + 1 && message[start] == UInt8(ascii: "\r")) { return nil }
            if let value = value(in: message, from: start, to: end) { return value }
            start = end + 1
        }
        return nil
    }

    private static func value(in message: Span<UInt8>, from start: Int, to end: Int) -> String? {
        guard
            var index = nameEnd(in: message, from: start, to: end, "call-id")
                ?? nameEnd(in: message, from: start, to: end, "i")
        else { return nil }
        while index < end, isBlank(message[index]) { index += 1 }
        guard index < end, message[index] == UInt8(ascii: ":") else { return nil }
        index += 1
        while index < end, isBlank(message[index]) { index += 1 }
        var last = end
        while last > index, isBlank(message[last - 1]) || message[last - 1] == UInt8(ascii: "\r") {
            last -= 1
        }
        var value: [UInt8] = []
        for position in index..<last { value.append(message[position]) }
        return String(decoding: value, as: UTF8.self)
    }

    private static func nameEnd(
        in message: Span<UInt8>, from start: Int, to end: Int, _ name: StaticString
    ) -> Int? {
        let length = name.utf8CodeUnitCount
        guard end - start > length else { return nil }
        return name.withUTF8Buffer { letters in
            for offset in 0..<length {
                let byte = message[start + offset]
                // ASCII letters differ from their capitals in one bit; "-" has it set already.
                guard byte | 0x20 == letters[offset] else { return nil }
            }
            return start + length
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
