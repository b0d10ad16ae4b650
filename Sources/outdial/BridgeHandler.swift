internal import RTPMedia
internal import SansIO
internal import Telephony

/// `--bridge-to NUMBER`: lets the agent talk first, if there is one, then calls somebody else and connects the two.
///
/// Meanwhile the callee hears ringback. When the other party does not answer, or has hung up, the first call is over too.
final class BridgeHandler: CallHandler {
    private let agent: (any CallHandler)?
    private let request: CallRequest
    // Guards the dialer, which is made after its handler.
    private let dialer = Locked<Dialer?>(nil)

    /// - Parameters:
    ///   - request: The call to the other party.
    ///   - agent: Who talks before; `nil`: nobody.
    init(to request: CallRequest, after agent: (any CallHandler)?) {
        self.request = request
        self.agent = agent
    }

    /// Before the call is placed.
    func use(_ dialer: Dialer) { self.dialer.withLock { $0 = dialer } }

    var audioRateHertz: Int? { agent?.audioRateHertz }

    func prepare(for request: CallRequest, id: CallID) async throws -> CallPerformance {
        let performance = try await agent?.prepare(for: request, id: id)
        return { call in
            if let performance {
                let result = try await performance(call)
                guard result.status == .done else { return result }
            } else {
                try await call.answered()
            }
            return try await self.connect(call)
        }
    }

    private func connect(_ call: Call) async throws -> AgentResult {
        guard let dialer = dialer.withLock({ $0 }) else {
            return AgentResult(status: .failed, note: "no dialer")
        }
        call.play(Self.ringback(rateHertz: call.audio.rateHertz), .repeated)
        let result = try await dialer.call(request) { other in
            try await other.answered()
            call.play([])
            try await call.bridge(with: other)
        }
        let outcome = result.outcome
        guard outcome.disposition == .answered else {
            return AgentResult(status: .failed, note: "the other party: \(outcome.disposition.rawValue)")
        }
        return AgentResult(status: .done, note: "bridged")
    }

    private static func ringback(rateHertz: Int) -> [Int16] {
        var generator = ToneGenerator(.ringback, rateHertz: rateHertz)
        var samples = [Int16](repeating: 0, count: 6 * rateHertz)
        var span = samples.mutableSpan
        generator.fill(&span)
        return samples
    }
}
