/// What looking at a trunk has shown, step by step.
public struct TrunkCheckReport: Hashable, Sendable, Codable {
    /// One step: what was tried, how long it took, what came of it.
    public struct Step: Hashable, Sendable, Codable {
        @nonexhaustive
        public enum Kind: String, Hashable, Sendable, Codable {
            /// A question to the DNS, or with the servers as its findings the end of them.
            case resolve
            /// OPTIONS, to one server; over TCP and TLS the connection is part of it.
            case options
            /// REGISTER, and taking the binding back.
            case register
        }

        public var kind: Kind
        /// What it was about: a question (`SRV _sip._udp.carrier.example`), or a server (`udp 192.0.2.1:5060`).
        public var subject: String
        /// Milliseconds from its beginning to its end.
        public var milliseconds: Double
        /// What was found, a line each; no credentials.
        public var findings: [String]
        /// What is wrong; `nil` when all is well.
        public var fault: String?

        public init(
            kind: Kind, subject: String, milliseconds: Double, findings: [String] = [], fault: String? = nil
        ) {
            self.kind = kind
            self.subject = subject
            self.milliseconds = milliseconds
            self.findings = findings
            self.fault = fault
        }
    }

    /// The trunk's name.
    public var trunk: String
    public var steps: [Step]
    /// Whether calls can be placed: some server answers, and we are registered where that was asked for. Faults of other
    /// servers are in ``steps``.
    public var isUsable: Bool

    public init(trunk: String, steps: [Step] = [], isUsable: Bool = false) {
        self.trunk = trunk
        self.steps = steps
        self.isUsable = isUsable
    }
}
