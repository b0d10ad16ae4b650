extension SIPMessage {
    /// A copy of a slice's octets.
    func copy(_ slice: SIPSlice) -> [UInt8] {
        let part = bytes(of: slice)
        return unsafe part.withUnsafeBytes { (buffer: UnsafeRawBufferPointer) in unsafe Array(buffer) }
    }

    /// Whether the method of the request line, or of a response's CSeq, is this registered one.
    func isMethod(_ code: SIPMethod.Code) -> Bool {
        isRequest ? fields.methodCode == code : fields.cSeq.methodCode == code
    }
}
