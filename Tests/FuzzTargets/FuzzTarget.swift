/// What is fuzzed: each takes any bytes and traps when a promise of the library is broken.
///
/// `script/fuzz` runs them under libFuzzer; the tests replay every kept input.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// One datagram: parsed, read through every accessor, written again and parsed again.
    case message
    /// A byte stream: cut into messages alike, whatever the pieces it comes in.
    case stream
    /// Values of Identity, P-Asserted-Identity and the like.
    case identity
    /// A session description.
    case description
    /// Values of WWW-Authenticate, and a request with such an Authorization.
    case challenge
    /// Datagrams of any kind, STUN and TLS look-alikes among them, at a user agent that is in a call.
    case port
    /// A list of operations over two user agents and the network between them.
    case calls
    /// An answer of a name server.
    case names
    /// RTP, RTCP and telephone events of one datagram.
    case media
    /// RTCP of one datagram, extended reports among it: parsed, written again and parsed again.
    case reports
    /// Telephone events one after another.
    case event
    /// RTP and RTCP of all kinds, in and out of order, at a leg that plays and reports.
    case leg
    /// A WAV file.
    case recording

    /// Longest input that makes sense, in bytes.
    public var maximumLength: Int {
        switch self {
        case .message, .stream, .identity, .description, .challenge, .names: 4_096
        case .port, .calls: 2_048
        case .media, .reports: 1_500
        case .event: 600
        case .leg: 4_096
        case .recording: 8_192
        }
    }

    public func run(_ bytes: [UInt8]) {
        switch self {
        case .message: MessageFuzz.run(bytes)
        case .stream: StreamFuzz.run(bytes)
        case .identity: IdentityFuzz.run(bytes)
        case .description: DescriptionFuzz.run(bytes)
        case .challenge: ChallengeFuzz.run(bytes)
        case .port: PortFuzz.run(bytes)
        case .calls:
            var calls = CallFuzz(bytes)
            calls.run()
        case .names: NameFuzz.run(bytes)
        case .media: MediaFuzz.run(bytes)
        case .reports: ReportFuzz.run(bytes)
        case .event: EventFuzz.run(bytes)
        case .leg: LegFuzz.run(bytes)
        case .recording: RecordingFuzz.run(bytes)
        }
    }
}

/// The promise that was broken, for the crash report. Unlike `assert` it holds in release builds.
func promise(_ holds: Bool, _ text: @autoclosure () -> String) {
    if !holds { fatalError("broken promise: \(text())") }
}
