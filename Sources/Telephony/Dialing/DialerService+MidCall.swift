internal import SansIO

/// What agents ask of answered calls; a call that is over says so.
extension DialerService {
    private static var over: CallError { CallError(.ended, "the call is over") }

    func hold(
        _ id: CallID, _ isHeld: Bool, then: @escaping @Sendable (Result<Void, CallError>) -> Void
    ) {
        guard let job = registry.job(id) else { return then(.failure(Self.over)) }
        job.post { $0.hold(id, isHeld, then: then) }
    }

    func transfer(
        _ id: CallID, to target: TransferTarget,
        then: @escaping @Sendable (Result<TransferResult, CallError>) -> Void
    ) {
        guard let job = registry.job(id) else { return then(.failure(Self.over)) }
        job.post { $0.transfer(id, to: target, then: then) }
    }

    func sendInfo(
        _ id: CallID, contentType: String, body: [UInt8],
        then: @escaping @Sendable (Result<Int, CallError>) -> Void
    ) {
        guard let job = registry.job(id) else { return then(.failure(Self.over)) }
        job.post { $0.sendInfo(id, contentType: contentType, body: body, then: then) }
    }
}
