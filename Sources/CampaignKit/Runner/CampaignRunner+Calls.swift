internal import SansIO
internal import Telephony

/// One call from its start to its outcome.
extension CampaignRunner {
    /// The INVITE must not leave: the campaign stands otherwise by now, or the attempt could not be written.
    private struct Withdrawn: Error {}

    /// Places a call and hangs it up when its hang-up stream finishes.
    func place(_ planned: PlannedCall, hangUp: AsyncStream<Never>) async {
        let end = await withTaskGroup(of: CallRaceEnd.self) { race in
            race.addTask { .over(await self.dial(planned)) }
            race.addTask {
                for await _ in hangUp {}
                return .hangUp
            }
            var result: AttemptEnd?
            while let first = await race.next() {
                race.cancelAll()
                if case .over(let end) = first { result = end }
            }
            return result
        }
        hangUps[planned.id] = nil
        await close(planned, with: end)
    }

    private enum CallRaceEnd: Sendable {
        case over(AttemptEnd?)
        case hangUp
    }

    /// Errors after which no INVITE is out that could still ring.
    private static let undialed: Set<CallError.Code> = [
        .noRoute, .socket, .notSigned, .tooManyCalls, .invalidTrunk, .noCallerNumber,
    ]

    /// - Returns: `nil` when nothing was dialed and nothing is to be counted.
    private func dial(_ planned: PlannedCall) async -> AttemptEnd? {
        do {
            let outcome = try await placing.placeCall(planned.request, handler: handler) { sipCallID in
                try await self.willDial(planned, sipCallID: sipCallID)
            }
            return .outcome(outcome)
        } catch is Withdrawn {
            return session?.core.stranded(planned.id)
        } catch {
            return end(of: planned, after: error)
        }
    }

    private func end(of planned: PlannedCall, after error: any Error) -> AttemptEnd? {
        let isDialed = session?.core.isDialed(planned.id) ?? false
        let callError = error as? CallError
        guard isDialed else {
            if error is CancellationError { return nil }
            return callError.map { .refused($0) } ?? .fault("the call could not be placed")
        }
        // After any other error it may have rung.
        if let callError, Self.undialed.contains(callError.code) { return .refused(callError) }
        // The number was looked at before: what is wrong with the INVITE is wrong with the next one too.
        if let callError, callError.code == .invalidRequest { return .fault(callError.message) }
        return .outcome(
            CallOutcome(
                id: planned.id, disposition: .unknown,
                cause: CallCause(text: callError?.message ?? "the call was lost on our side"), endedBy: .us))
    }

    /// Makes the attempt durable. Called before the INVITE leaves; when it throws, nothing leaves.
    private func willDial(_ planned: PlannedCall, sipCallID: String) async throws {
        guard session?.core.dialing(planned.id, sipCallID: sipCallID, wall: driver.wallClock) == true else {
            throw Withdrawn()
        }
        guard await save() else {
            session?.core.undial(planned.id)
            throw Withdrawn()
        }
        if let attempt = session?.core.attempt(planned.id) { publish(.dialing(attempt)) }
    }

    private func close(_ planned: PlannedCall, with end: AttemptEnd?) async {
        guard let end else {
            session?.core.withdraw(planned.id, at: driver.wallClock)
            await save()
            return
        }
        guard let closed = session?.core.ended(planned.id, with: end, at: driver.wallClock) else { return }
        if closed.decision != nil { session?.statusVersion += 1 }
        await save()
        var outcome: CallOutcome?
        if case .outcome(let received) = end { outcome = received }
        publish(.ended(planned.id, closed.recipient, outcome))
        if let decision = closed.decision { publish(.decided(decision)) }
    }
}
