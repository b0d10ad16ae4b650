#if Secure
    /// A key or certificate cannot be used: which, and why. Never its content.
    public struct CredentialError: Error, Hashable, Sendable, CustomStringConvertible {
        public var message: String

        public init(_ message: String) { self.message = message }

        public var description: String { message }
    }
#endif
