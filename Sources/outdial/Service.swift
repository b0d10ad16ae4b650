internal import Foundation
internal import SansIO
internal import Telephony

/// Runs a dialer for as long as one piece of work needs it.
enum Service {
    /// Runs `body` while `dialer.run()` serves, then shuts the dialer down.
    ///
    /// Cancelling the task (^C) hangs up every call by protocol and still returns what `body` makes of it.
    static func run<Value: Sendable>(
        _ dialer: Dialer, body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await dialer.run()
                return nil
            }
            group.addTask {
                let result = await Result { () async throws -> Value in try await body() }
                await dialer.shutDown()
                return try result.get()
            }
            var value: Value?
            while let finished = try await group.next() { value = finished ?? value }
            guard let value else {
                throw CallError(.shuttingDown, "the dialer stopped before the work was done")
            }
            return value
        }
    }
}

extension Result where Failure == any Error {
    /// What `body` returns or throws.
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

/// Cancels the tool's work on ^C and on termination, so that calls are hung up by protocol.
///
/// Made before the work begins, so that an early signal does not end the process in the midst of a call.
final class Interruption: Sendable {
    private struct State {
        var work: Task<ExitCode, Never>?
        var hasCome = false
        var sources: [any DispatchSourceSignal] = []
    }

    // Guards the work and whether it is to be cancelled; signals come on a queue of their own.
    private let state = Locked(State())

    init() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in self?.come() }
            source.activate()
            state.withLock { $0.sources.append(source) }
        }
    }

    private func come() {
        let work = state.withLock { state in
            state.hasCome = true
            return state.work
        }
        work?.cancel()
    }

    /// Cancels `work` when a signal comes; at once when one has come already.
    func cancels(_ work: Task<ExitCode, Never>) {
        let hasCome = state.withLock { state in
            state.work = work
            return state.hasCome
        }
        if hasCome { work.cancel() }
    }
}
