/// Which of our numbers are served, and by whom: a list of routes, the first that fits decides.
///
/// A call to a number that no route names is refused with 404.
public struct IncomingCallRouting: Sendable {
    /// What a route says of the called party.
    @nonexhaustive
    public enum Pattern: Hashable, Sendable {
        /// One number; visual separators and a leading `+` do not count on either side.
        case number(String)
        /// Every number that begins like this.
        case prefix(String)
        /// The Request-URI without its parameters, `sip:support@192.0.2.7`; case counts in the user part only.
        case uri(String)
        /// Whatever is called.
        case any

        func matches(_ call: IncomingCall) -> Bool {
            switch self {
            case .number(let number): Self.digits(number) == Self.digits(call.called)
            case .prefix(let prefix): Self.digits(call.called).hasPrefix(Self.digits(prefix))
            case .uri(let uri): Self.folded(uri) == Self.folded(call.calledURI)
            case .any: true
            }
        }

        /// A number without its decoration; any other user part as it stands.
        private static func digits(_ user: String) -> String {
            let bare = user.filter { !" -.()".contains($0) }
            let digits = bare.first == "+" ? bare.dropFirst() : bare[...]
            return digits.allSatisfy { $0.isASCII && ($0.isNumber || "*#".contains($0)) }
                ? String(digits) : user
        }

        private static func folded(_ uri: String) -> String {
            let bare = uri.prefix { $0 != ";" && $0 != "?" }
            guard let at = bare.lastIndex(of: "@"), let colon = bare.firstIndex(of: ":"), colon < at else {
                return bare.lowercased()
            }
            return bare[...colon].lowercased() + bare[bare.index(after: colon)..<at]
                + bare[at...].lowercased()
        }
    }

    /// Decides on one call.
    ///
    /// Called on the driver's task executor (the global pool live); what it says after
    /// ``InboundPolicy/decisionTimeout`` comes too late. Cancelled when the caller gives up.
    public typealias Decide = @Sendable (IncomingCall) async -> IncomingDecision

    public struct Route: Sendable {
        public var pattern: Pattern
        public var decide: Decide

        public init(_ pattern: Pattern, decide: @escaping Decide) {
            self.pattern = pattern
            self.decide = decide
        }

        /// Every call that fits is taken alike.
        public init(_ pattern: Pattern, accept acceptance: IncomingAcceptance) {
            self.init(pattern) { _ in .accept(acceptance) }
        }

        /// Every call that fits is answered by `handler` at once.
        public init(_ pattern: Pattern, handler: any CallHandler) {
            self.init(pattern, accept: IncomingAcceptance(handler))
        }
    }

    public var routes: [Route]

    public init(_ routes: [Route]) { self.routes = routes }

    /// These numbers, each answered by `handler` at once.
    public init(numbers: [String], handler: any CallHandler) {
        self.init(numbers.map { Route(.number($0), handler: handler) })
    }

    /// One closure for whatever is called; it has to reject what it does not serve.
    public init(_ decide: @escaping Decide) { self.init([Route(.any, decide: decide)]) }

    func route(for call: IncomingCall) -> Route? { routes.first { $0.pattern.matches(call) } }
}
