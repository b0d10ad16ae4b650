private import SansIO

/// What it takes to write a SIP message straight into a byte array, without text in between.
extension [UInt8] {
    mutating func append(_ text: StaticString) {
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { (buffer: UnsafeRawBufferPointer) in
            unsafe append(contentsOf: buffer)
        }
    }

    /// Text that the caller has checked.
    mutating func append(utf8 text: String) { append(contentsOf: text.utf8) }

    /// Text from the application: what could end the line becomes a space.
    mutating func append(line text: String) {
        for byte in text.utf8 {
            append(byte < 0x20 && byte != ASCII.tab || byte == 0x7F ? ASCII.space : byte)
        }
    }

    mutating func append(decimal number: some BinaryInteger) {
        var digits: InlineArray<20, UInt8> = InlineArray(repeating: 0)
        var rest = UInt64(clamping: number)
        var count = 0
        repeat {
            digits[count] = ASCII.zero + UInt8(rest % 10)
            rest /= 10
            count += 1
        } while rest > 0
        while count > 0 {
            count -= 1
            append(digits[count])
        }
    }

    /// Sixteen hexadecimal digits.
    mutating func append(hexadecimal number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) { append(Self.digit(number >> UInt64(shift))) }
    }

    mutating func endLine() { append("\r\n") }

    static func digit(_ number: UInt64) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: number & 15)
        return value < 10 ? ASCII.zero + value : UInt8(ascii: "a") + value - 10
    }

    init(hexadecimal number: UInt64) {
        self = []
        reserveCapacity(16)
        append(hexadecimal: number)
    }
}

extension SIPMessage {
    /// The value of the first field of this name as it stands.
    func rawValue(of name: SIPHeaderName) -> SIPSlice? {
        slots.first { $0.id == name }?.value
    }

    /// A copy of a slice's octets.
    func copy(_ slice: SIPSlice) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(Int(slice.length))
        copy.append(bytes(of: slice))
        return copy
    }

    /// Whether the method of the request line, or of a response's CSeq, is this registered one.
    func isMethod(_ code: SIPMethod.Code) -> Bool {
        isRequest ? fields.methodCode == code : fields.cSeq.methodCode == code
    }
}
