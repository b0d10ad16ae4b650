internal import AgentBridge
internal import CallSimulator
internal import SIPCore
internal import SansIO
internal import Telephony

/// One dialer and one peer on two hosts of a world.
struct PeerTestWorld {
    let world: World
    private let caller: SimulatedDriver
    let peer: LoopbackPeer
    let dialer: Dialer

    init(
        seed: UInt64 = 1, _ numbers: [String: CalleeScript] = [:], default standard: CalleeScript? = nil,
        network: NetworkModel = .perfect, credentials: (peer: String, caller: String)? = nil,
        observers: [any CallObserver] = [],
        configure: (inout DialerConfiguration, inout LoopbackPeer.Configuration) -> Void = { _, _ in }
    ) {
        var worldConfiguration = WorldConfiguration()
        worldConfiguration.network = network
        world = World(seed: seed, configuration: worldConfiguration)
        caller = world.makeDriver(host: "10.0.0.1")
        var dialing = DialerConfiguration()
        var hosting = LoopbackPeer.Configuration()
        hosting.address = SocketAddress(ipv4: 0x0A00_0002, port: 5_060)
        if let credentials {
            hosting.credentials = [SIPCredentials(username: "trunk", password: credentials.peer)]
        }
        configure(&dialing, &hosting)
        peer = LoopbackPeer(
            driver: world.makeDriver(host: "10.0.0.2"),
            directory: CalleeDirectory(numbers, default: standard), configuration: hosting)
        let trunk = Trunk(
            name: "test", host: "10.0.0.2", port: 5_060,
            credentials: credentials.map { SIPCredentials(username: "trunk", password: $0.caller) },
            numbers: ["+15550000"])
        dialer = Dialer(
            trunk: trunk, configuration: dialing, driver: caller, observers: observers)
    }

    /// Runs `body` while both serve, then stops both.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Dialer) async throws -> Value) throws -> Value {
        try world.serving(dialer, on: caller, calling: peer, body)
    }

    /// One call with the words of its callee in the transcript.
    func call(_ number: String, _ agent: some VoiceAgent, context: [String: String] = [:]) throws
        -> CallOutcome
    {
        let peer = peer
        return try run { dialer in
            try await dialer.call(
                CallRequest(to: number, context: context), agent: agent, transcriber: ScriptTranscriber(peer))
        }
    }
}

/// An agent that says one text and hangs up.
struct OneLiner: VoiceAgent {
    var text: String

    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        let spoken = try await session.sayTones(text)
        return AgentResult(status: .done, note: spoken.isCutOff ? "cut" : "whole")
    }
}

/// An agent made of a closure.
struct ClosureAgent: VoiceAgent {
    let body: @Sendable (AgentSession) async throws -> AgentResult

    init(_ body: @escaping @Sendable (AgentSession) async throws -> AgentResult) { self.body = body }

    func converse(_ session: AgentSession, prepared: Void) async throws -> AgentResult {
        try await body(session)
    }
}
